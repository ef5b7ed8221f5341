// SPDX-License-Identifier: Apache-2.0
// Colour spaces: those that ITU-T H.273 has code points for, camera logs and working spaces that it has not, and any
// space of the user's OpenColorIO configuration that is a curve and a matrix.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace shotfix::image {

// Note [Colour]: OpenColorIO decides, tensors execute. What a space means is written in src/image/studio.ocio, which
// names OpenColorIO's built-in transforms; $OCIO adds spaces of a studio's own. A space becomes a curve (code to light)
// and a matrix (its RGB to ACES2065-1), both read from OpenColorIO's processor once, and whatever is not of that form
// is refused. Spaces with an H.273 code point have their published formula here as well, so that decoding common
// footage does not wait for OpenColorIO; a test holds every space against OpenColorIO to 1/4096.
// Linear 1.0 is diffuse white: 203 nits in PQ, 75 % of the signal in HLG (ITU-R BT.2408).

// Below 256: H.273 code points, so that container tags map one to one. From 256 on: what no tag can say. From 1000 on:
// spaces of $OCIO, numbered as they are met.
enum class Primaries {
  kBt709 = 1,
  kUnknown = 2,
  kBt470bg = 5,
  kSmpte170m = 6,
  kBt2020 = 9,
  kP3D65 = 12,
  kAcesAp0 = 256,
  kAcesAp1,
  kArriWideGamut3,
  kArriWideGamut4,
  kSGamut3,
  kSGamut3Cine,
  kVGamut,
  kRedWideGamut,
  kCinemaGamut
};
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
  kHlg = 18,
  kGamma26 = 256,
  kAcescct,
  kLogC3,
  kLogC4,
  kSLog3,
  kVLog,
  kLog3G10,
  kCLog2,
  kCLog3
};
enum class Matrix { kRgb = 0, kBt709 = 1, kUnknown = 2, kBt470bg = 5, kSmpte170m = 6, kBt2020 = 9 };
enum class Range { kUnknown = 0, kLimited = 1, kFull = 2 };
// Where subsampled chroma sits (H.273 8.7, plus 1). Unknown is read as left, what H.264, HEVC, ProRes and DNxHR mean by
// silence; 4:2:0 of JPEG and MPEG-1 says centre, of DV and BT.2100 top left.
enum class ChromaSite { kUnknown = 0, kLeft = 1, kCentre = 2, kTopLeft = 3 };

struct ColourSpace {
  Primaries primaries = Primaries::kUnknown;
  Transfer transfer = Transfer::kUnknown;
  Matrix matrix = Matrix::kUnknown;
  Range range = Range::kUnknown;
  ChromaSite chroma_site = ChromaSite::kUnknown;

  bool operator==(const ColourSpace&) const = default;
  std::string ToString() const;  // "bt709/srgb/bt709/limited", with the site when it is neither left nor unknown
};

// True for what H.273 has a code point for, so that a file can be tagged with it.
inline bool HasTag(Primaries primaries) { return static_cast<int>(primaries) < 256; }
inline bool HasTag(Transfer transfer) { return static_cast<int>(transfer) < 256; }

// A space by the name that `--in-space` takes: one of ours, else one of $OCIO. Matrix and range are left unknown: they
// belong to the file. Throws kUsage, with the names, when nobody knows it or it is no curve and matrix; kConfig when
// $OCIO does not load.
ColourSpace ParseColourSpace(std::string_view name);
std::string ColourSpaceNames();  // ours: "aces2065-1, acescg, ..."

// One channel, by the published formula where there is one, else by the baked curve. Odd about 0 in display spaces; not
// clipped above 1.
float LinearFromCode(Transfer transfer, float code);
float CodeFromLinear(Transfer transfer, float linear);

// Luma weights (Kr, Kg, Kb) of a matrix.
std::array<float, 3> LumaWeights(Matrix matrix);
// Row-major 3x3: linear RGB in `to` primaries from linear RGB in `from`. Whites map to each other: SMPTE RP 177 between
// D65 primaries, the adaptation of OpenColorIO's transforms between others.
std::array<float, 9> RgbFromRgb(Primaries to, Primaries from);
// xy of red, green, blue, white, as OpenEXR's `chromaticities` wants them. Throws kData for spaces of $OCIO, which say
// a matrix only.
std::array<float, 8> ChromaticitiesOf(Primaries primaries);
// The primaries with these chromaticities (within 0.001); kUnknown when there are none.
Primaries PrimariesWith(const std::array<float, 8>& chromaticities);

}  // namespace shotfix::image
