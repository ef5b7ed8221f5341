// SPDX-License-Identifier: Apache-2.0
// Colour spaces by their ITU-T H.273 code points, and the transfer curves between code values and scene-linear light.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace shotfix::image {

// Values are H.273 code points, so that container tags map one to one.
enum class Primaries { kBt709 = 1, kUnknown = 2, kBt470bg = 5, kSmpte170m = 6, kBt2020 = 9, kP3D65 = 12 };
enum class Transfer {
  kBt709 = 1,
  kUnknown = 2,
  kGamma22 = 4,
  kGamma28 = 5,
  kSmpte170m = 6,
  kLinear = 8,
  kSrgb = 13,
  kBt2020Ten = 14,
  kBt2020Twelve = 15,
  kPq = 16,
  kHlg = 18
};
enum class Matrix { kRgb = 0, kBt709 = 1, kUnknown = 2, kBt470bg = 5, kSmpte170m = 6, kBt2020 = 9 };
enum class Range { kUnknown = 0, kLimited = 1, kFull = 2 };

struct ColourSpace {
  Primaries primaries = Primaries::kUnknown;
  Transfer transfer = Transfer::kUnknown;
  Matrix matrix = Matrix::kUnknown;
  Range range = Range::kUnknown;

  bool operator==(const ColourSpace&) const = default;
  std::string ToString() const;  // "bt709/srgb/bt709/limited"
};

// Named spaces of `--in-space`. Throws kUsage and lists the names. The matrix and range are left unknown: they
// belong to the file.
ColourSpace ParseColourSpace(std::string_view name);
std::string ColourSpaceNames();  // "bt709, srgb, ..."

// Scene-linear light from a code value in [0,1] and back. Odd about 0; no clipping above 1 (PQ: 1.0 is 10,000 nits
// and is scaled so that 203 nits, BT.2408 reference white, is 1.0 linear).
float LinearFromCode(Transfer transfer, float code);
float CodeFromLinear(Transfer transfer, float linear);

// A curve by table with linear interpolation, within 1e-5 of the function; falls back to it outside [-1.25, 1.25]
// and for PQ and HLG, which are too steep near black for a table.
class Curve {
 public:
  enum class Direction { kLinearFromCode, kCodeFromLinear };
  static const Curve& Get(Transfer transfer, Direction direction);
  float operator()(float x) const;

 private:
  Curve(Transfer transfer, Direction direction);
  static constexpr int kSize = 1 << 16;
  static constexpr float kLimit = 1.25F;
  Transfer transfer_;
  Direction direction_;
  std::vector<float> table_;  // kSize + 2 values over [0, kLimit]
};

// Luma weights (Kr, Kg, Kb) of a matrix.
std::array<float, 3> LumaWeights(Matrix matrix);
// Row-major 3x3: linear RGB in `to` primaries from linear RGB in `from` (SMPTE RP 177; D65 on both sides).
std::array<float, 9> RgbFromRgb(Primaries to, Primaries from);

}  // namespace shotfix::image
