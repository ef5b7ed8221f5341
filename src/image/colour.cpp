// SPDX-License-Identifier: Apache-2.0
#include "shotfix/image/colour.h"

#include <array>
#include <utility>

#include "shotfix/core/error.h"

namespace shotfix::image {
namespace {

struct NamedSpace {
  std::string_view name;
  Primaries primaries;
  Transfer transfer;
};

constexpr std::array kSpaces = {
    NamedSpace{"bt709", Primaries::kBt709, Transfer::kBt709},
    NamedSpace{"srgb", Primaries::kBt709, Transfer::kSrgb},
    NamedSpace{"linear", Primaries::kBt709, Transfer::kLinear},
    NamedSpace{"bt601", Primaries::kSmpte170m, Transfer::kSmpte170m},
    NamedSpace{"bt2020", Primaries::kBt2020, Transfer::kBt2020Ten},
    NamedSpace{"pq", Primaries::kBt2020, Transfer::kPq},
    NamedSpace{"hlg", Primaries::kBt2020, Transfer::kHlg},
    NamedSpace{"p3-d65", Primaries::kP3D65, Transfer::kSrgb},
};

using Matrix3 = std::array<double, 9>;

Matrix3 Inverse(const Matrix3& m) {
  const double a = m[4] * m[8] - m[5] * m[7];
  const double b = m[5] * m[6] - m[3] * m[8];
  const double c = m[3] * m[7] - m[4] * m[6];
  const double det = m[0] * a + m[1] * b + m[2] * c;
  return {a / det, (m[2] * m[7] - m[1] * m[8]) / det, (m[1] * m[5] - m[2] * m[4]) / det,
          b / det, (m[0] * m[8] - m[2] * m[6]) / det, (m[2] * m[3] - m[0] * m[5]) / det,
          c / det, (m[1] * m[6] - m[0] * m[7]) / det, (m[0] * m[4] - m[1] * m[3]) / det};
}

Matrix3 Multiply(const Matrix3& a, const Matrix3& b) {
  Matrix3 result{};
  for (size_t row = 0; row < 3; ++row) {
    for (size_t column = 0; column < 3; ++column) {
      for (size_t k = 0; k < 3; ++k) result[row * 3 + column] += a[row * 3 + k] * b[k * 3 + column];
    }
  }
  return result;
}

// xy chromaticities of red, green, blue (H.273 table 2).
std::array<double, 6> Chromaticities(Primaries primaries) {
  switch (primaries) {
    case Primaries::kBt470bg: return {0.64, 0.33, 0.29, 0.60, 0.15, 0.06};
    case Primaries::kSmpte170m: return {0.630, 0.340, 0.310, 0.595, 0.155, 0.070};
    case Primaries::kBt2020: return {0.708, 0.292, 0.170, 0.797, 0.131, 0.046};
    case Primaries::kP3D65: return {0.680, 0.320, 0.265, 0.690, 0.150, 0.060};
    case Primaries::kBt709:
    case Primaries::kUnknown: break;
  }
  return {0.64, 0.33, 0.30, 0.60, 0.15, 0.06};
}

Matrix3 XyzFromRgb(Primaries primaries) {
  const std::array<double, 6> xy = Chromaticities(primaries);
  Matrix3 columns{};
  for (size_t k = 0; k < 3; ++k) {
    columns[k] = xy[2 * k] / xy[2 * k + 1];
    columns[3 + k] = 1.0;
    columns[6 + k] = (1.0 - xy[2 * k] - xy[2 * k + 1]) / xy[2 * k + 1];
  }
  constexpr std::array<double, 3> kD65 = {0.3127 / 0.3290, 1.0, (1.0 - 0.3127 - 0.3290) / 0.3290};
  const Matrix3 inverse = Inverse(columns);
  for (size_t k = 0; k < 3; ++k) {
    const double scale = inverse[k * 3] * kD65[0] + inverse[k * 3 + 1] * kD65[1] + inverse[k * 3 + 2] * kD65[2];
    for (size_t row = 0; row < 3; ++row) columns[row * 3 + k] *= scale;
  }
  return columns;
}

std::string TransferName(Transfer transfer) {
  switch (transfer) {
    case Transfer::kBt709: return "bt709";
    case Transfer::kGamma22: return "gamma2.2";
    case Transfer::kGamma28: return "gamma2.8";
    case Transfer::kSmpte170m: return "smpte170m";
    case Transfer::kLinear: return "linear";
    case Transfer::kSrgb: return "srgb";
    case Transfer::kBt2020Ten:
    case Transfer::kBt2020Twelve: return "bt2020";
    case Transfer::kPq: return "pq";
    case Transfer::kHlg: return "hlg";
    case Transfer::kUnknown: break;
  }
  return "unknown";
}

std::string PrimariesName(Primaries primaries) {
  switch (primaries) {
    case Primaries::kBt709: return "bt709";
    case Primaries::kBt470bg: return "bt470bg";
    case Primaries::kSmpte170m: return "smpte170m";
    case Primaries::kBt2020: return "bt2020";
    case Primaries::kP3D65: return "p3-d65";
    case Primaries::kUnknown: break;
  }
  return "unknown";
}

std::string MatrixName(Matrix matrix) {
  switch (matrix) {
    case Matrix::kRgb: return "rgb";
    case Matrix::kBt709: return "bt709";
    case Matrix::kBt470bg: return "bt470bg";
    case Matrix::kSmpte170m: return "smpte170m";
    case Matrix::kBt2020: return "bt2020";
    case Matrix::kUnknown: break;
  }
  return "unknown";
}

}  // namespace

std::string ColourSpace::ToString() const {
  const char* range_name = range == Range::kFull ? "full" : range == Range::kLimited ? "limited" : "unknown";
  return fmt::format("{}/{}/{}/{}", PrimariesName(primaries), TransferName(transfer), MatrixName(matrix), range_name);
}

std::string ColourSpaceNames() {
  std::string names;
  for (const NamedSpace& space : kSpaces) names += (names.empty() ? "" : ", ") + std::string(space.name);
  return names;
}

ColourSpace ParseColourSpace(std::string_view name) {
  for (const NamedSpace& space : kSpaces) {
    if (space.name == name) return {space.primaries, space.transfer, Matrix::kUnknown, Range::kUnknown};
  }
  Throw(ErrorCode::kUsage, "colour space \"{}\" is not known; use one of {}", name, ColourSpaceNames());
}

std::array<float, 3> LumaWeights(Matrix matrix) {
  switch (matrix) {
    case Matrix::kBt470bg:
    case Matrix::kSmpte170m: return {0.299F, 0.587F, 0.114F};
    case Matrix::kBt2020: return {0.2627F, 0.6780F, 0.0593F};
    case Matrix::kRgb:
    case Matrix::kBt709:
    case Matrix::kUnknown: break;
  }
  return {0.2126F, 0.7152F, 0.0722F};
}

std::array<float, 9> RgbFromRgb(Primaries to, Primaries from) {
  std::array<float, 9> result{1, 0, 0, 0, 1, 0, 0, 0, 1};
  if (to == from) return result;
  const Matrix3 matrix = Multiply(Inverse(XyzFromRgb(to)), XyzFromRgb(from));
  for (size_t k = 0; k < matrix.size(); ++k) result[k] = static_cast<float>(matrix[k]);
  return result;
}

}  // namespace shotfix::image
