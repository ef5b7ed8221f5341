// SPDX-License-Identifier: Apache-2.0
#include "shotfix/image/colour.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "image/colour_names.h"
#include "shotfix/core/error.h"

namespace shotfix::image {
namespace {

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

// xy of red, green, blue and white: H.273 table 2, SMPTE ST 2065-1, and the makers' papers.
struct ChromaticityRow {
  Primaries primaries;
  std::array<double, 8> xy;
};
constexpr std::array kChromaticities = {
    ChromaticityRow{Primaries::kBt709, {0.640, 0.330, 0.300, 0.600, 0.150, 0.060, 0.3127, 0.3290}},
    ChromaticityRow{Primaries::kBt470bg, {0.640, 0.330, 0.290, 0.600, 0.150, 0.060, 0.3127, 0.3290}},
    ChromaticityRow{Primaries::kSmpte170m, {0.630, 0.340, 0.310, 0.595, 0.155, 0.070, 0.3127, 0.3290}},
    ChromaticityRow{Primaries::kBt2020, {0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290}},
    ChromaticityRow{Primaries::kP3D65, {0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290}},
    ChromaticityRow{Primaries::kAcesAp0, {0.7347, 0.2653, 0, 1, 0.0001, -0.0770, 0.32168, 0.33767}},
    ChromaticityRow{Primaries::kAcesAp1, {0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767}},
    ChromaticityRow{Primaries::kArriWideGamut3, {0.6840, 0.3130, 0.2210, 0.8480, 0.0861, -0.1020, 0.3127, 0.3290}},
    ChromaticityRow{Primaries::kArriWideGamut4, {0.7347, 0.2653, 0.1424, 0.8576, 0.0991, -0.0308, 0.3127, 0.3290}},
    ChromaticityRow{Primaries::kSGamut3, {0.730, 0.280, 0.140, 0.855, 0.100, -0.050, 0.3127, 0.3290}},
    ChromaticityRow{Primaries::kSGamut3Cine, {0.766, 0.275, 0.225, 0.800, 0.089, -0.087, 0.3127, 0.3290}},
    ChromaticityRow{Primaries::kVGamut, {0.730, 0.280, 0.165, 0.840, 0.100, -0.030, 0.3127, 0.3290}},
    ChromaticityRow{Primaries::kRedWideGamut,
                    {0.780308, 0.304253, 0.121595, 1.493994, 0.095612, -0.084589, 0.3127, 0.3290}},
    ChromaticityRow{Primaries::kCinemaGamut, {0.740, 0.270, 0.170, 1.140, 0.080, -0.100, 0.3127, 0.3290}},
};

// BT.709's when the primaries say nothing.
const std::array<double, 8>* RowOf(Primaries primaries) {
  if (primaries == Primaries::kUnknown) primaries = Primaries::kBt709;
  for (const ChromaticityRow& row : kChromaticities) {
    if (row.primaries == primaries) return &row.xy;
  }
  return nullptr;
}

Matrix3 XyzFromRgb(Primaries primaries) {
  const std::array<double, 8>& xy = *RowOf(primaries);
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

Matrix3 Ap0FromRgb(Primaries primaries) {
  if (const std::shared_ptr<const ConfigSpace> config = ConfigOf(primaries)) return config->ap0_from_rgb();
  const Matrix3 bt709_from_rgb = Multiply(Inverse(XyzFromRgb(Primaries::kBt709)), XyzFromRgb(primaries));
  return Multiply(FindShippedSpace("linear")->ap0_from_rgb(), bt709_from_rgb);
}

}  // namespace

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
  // Between D65 primaries adaptation cancels out; others meet in ACES2065-1.
  const bool plain = HasTag(to) && HasTag(from);
  const Matrix3 matrix =
      plain ? Multiply(Inverse(XyzFromRgb(to)), XyzFromRgb(from)) : Multiply(Inverse(Ap0FromRgb(to)), Ap0FromRgb(from));
  for (size_t k = 0; k < matrix.size(); ++k) result[k] = static_cast<float>(matrix[k]);
  return result;
}

std::array<float, 8> ChromaticitiesOf(Primaries primaries) {
  const std::array<double, 8>* row = RowOf(primaries);
  if (row == nullptr) {
    Throw(ErrorCode::kData,
          "the primaries of a space of the configuration in OCIO have no chromaticities; convert the "
          "footage to one of {}",
          ColourSpaceNames());
  }
  std::array<float, 8> result{};
  std::transform(row->begin(), row->end(), result.begin(), [](double value) { return static_cast<float>(value); });
  return result;
}

Primaries PrimariesWith(const std::array<float, 8>& chromaticities) {
  for (const ChromaticityRow& row : kChromaticities) {
    double worst = 0;
    for (size_t k = 0; k < 8; ++k)
      worst = std::max(worst, std::fabs(static_cast<double>(chromaticities[k]) - row.xy[k]));
    if (worst < 1e-3) return row.primaries;
  }
  return Primaries::kUnknown;
}

}  // namespace shotfix::image
