// SPDX-License-Identifier: Apache-2.0
#include "shotfix/image/convert.h"

#include <random>
#include "support/test.h"

#include "shotfix/core/error.h"
#include "shotfix/image/curve.h"

namespace shotfix::image {
namespace {

PixelPlanes RandomPlanes(const PixelLayout& layout, int low, int high) {
  std::mt19937 rng(3);
  PixelPlanes planes = PixelPlanes::Allocate(layout);
  for (Plane& plane : planes.planes) {
    for (uint16_t& code : plane.codes)
      code = static_cast<uint16_t>(low + static_cast<int>(rng() % static_cast<unsigned>(high - low)));
  }
  return planes;
}

}  // namespace

TEST_CASE("transfer curves are each other's inverse", "[image]") {
  for (const Transfer transfer :
       {Transfer::kBt709, Transfer::kSrgb, Transfer::kGamma22, Transfer::kPq, Transfer::kHlg, Transfer::kLinear}) {
    for (int k = 0; k <= 100; ++k) {
      const float code = static_cast<float>(k) / 100;
      CHECK(CodeFromLinear(transfer, LinearFromCode(transfer, code)) == Approx(code).margin(2e-4));
    }
  }
}

TEST_CASE("transfer curves hit published values", "[image]") {
  CHECK(LinearFromCode(Transfer::kSrgb, 0.5F) == Approx(0.21404F).margin(1e-4));
  CHECK(LinearFromCode(Transfer::kBt709, 0.5F) == Approx(0.25972F).margin(1e-5));  // constants of H.273, unrounded
  // PQ 0.58069 is 203 nits (ITU-R BT.2408).
  CHECK(LinearFromCode(Transfer::kPq, 0.58069F) == Approx(1.0F).margin(2e-3));
}

TEST_CASE("tables follow their functions", "[image]") {
  const Curve& curve = Curve::Get(Transfer::kSrgb, Curve::Direction::kCodeFromLinear);
  double worst = 0;
  for (int k = -2000; k < 3000; ++k) {
    const float x = static_cast<float>(k) / 2000;
    worst = std::max(
        worst, std::fabs(static_cast<double>(curve(x)) - static_cast<double>(CodeFromLinear(Transfer::kSrgb, x))));
  }
  CHECK(worst < 1e-5);
}

TEST_CASE("4:4:4 codes survive the way to light and back", "[image]") {
  const PixelLayout layout{.width = 33, .height = 17, .bit_depth = 10};
  const ColourSpace space{Primaries::kBt709, Transfer::kSrgb, Matrix::kBt709, Range::kLimited};
  const PixelPlanes planes = RandomPlanes(layout, 300, 700);
  CHECK(PlanesFromLinear(LinearFromPlanes(planes, space), layout, space) == planes);
}

TEST_CASE("flat chroma survives subsampling", "[image]") {
  for (const auto& [x, y] : {std::pair{1, 0}, {1, 1}, {2, 0}}) {
    const PixelLayout layout{.width = 37, .height = 19, .bit_depth = 12, .chroma_shift_x = x, .chroma_shift_y = y};
    const ColourSpace space{Primaries::kBt2020, Transfer::kBt2020Ten, Matrix::kBt2020, Range::kLimited};
    PixelPlanes planes = PixelPlanes::Allocate(layout);
    for (uint16_t& code : planes.planes[0].codes) code = 1800;
    for (uint16_t& code : planes.planes[1].codes) code = 2100;
    for (uint16_t& code : planes.planes[2].codes) code = 1990;
    CHECK(PlanesFromLinear(LinearFromPlanes(planes, space), layout, space) == planes);
  }
}

TEST_CASE("white and black of limited range are 1 and 0", "[image]") {
  const PixelLayout layout{.width = 2, .height = 1, .bit_depth = 8};
  const ColourSpace space{Primaries::kBt709, Transfer::kBt709, Matrix::kBt709, Range::kLimited};
  PixelPlanes planes = PixelPlanes::Allocate(layout);
  planes.planes[0].codes = {16, 235};
  planes.planes[1].codes = planes.planes[2].codes = {128, 128};
  const at::Tensor rgb = LinearFromPlanes(planes, space);
  CHECK(rgb[1][0][0].item<float>() == Approx(0).margin(1e-5));
  CHECK(rgb[1][0][1].item<float>() == Approx(1).margin(1e-4));
}

TEST_CASE("chroma is read at its site", "[image]") {
  // A ramp in chroma: the value at a luma sample tells where chroma was taken to sit.
  const PixelLayout layout{.width = 16, .height = 8, .bit_depth = 10, .chroma_shift_x = 1, .chroma_shift_y = 1};
  PixelPlanes planes = PixelPlanes::Allocate(layout);
  for (uint16_t& code : planes.planes[0].codes) code = 502;
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 8; ++x) {
      planes.planes[1].codes[static_cast<size_t>(y * 8 + x)] = static_cast<uint16_t>(400 + 16 * x);
      planes.planes[2].codes[static_cast<size_t>(y * 8 + x)] = static_cast<uint16_t>(400 + 16 * y);
    }
  }
  const auto blue_code_at = [&](ChromaSite site, int y, int x) {
    const ColourSpace space{Primaries::kBt709, Transfer::kLinear, Matrix::kBt709, Range::kLimited, site};
    const at::Tensor rgb = LinearFromPlanes(planes, space);
    const double luma = (502.0 - 64) / 876;
    const double cb = (rgb[2][y][x].item<double>() - luma) / (2 * (1 - 0.0722));
    const double cr = (rgb[0][y][x].item<double>() - luma) / (2 * (1 - 0.2126));
    return std::pair{cb * 896 + 512, cr * 896 + 512};
  };
  // Column 6 belongs to chroma column 3 (448), row 4 to chroma row 2 (432).
  CHECK(blue_code_at(ChromaSite::kUnknown, 4, 6).first == Approx(448).margin(0.01));
  CHECK(blue_code_at(ChromaSite::kLeft, 4, 6).first == Approx(448).margin(0.01));
  CHECK(blue_code_at(ChromaSite::kLeft, 4, 7).first == Approx(456).margin(0.01));
  CHECK(blue_code_at(ChromaSite::kLeft, 4, 6).second == Approx(428).margin(0.01));
  CHECK(blue_code_at(ChromaSite::kCentre, 4, 6).first == Approx(444).margin(0.01));
  CHECK(blue_code_at(ChromaSite::kCentre, 4, 7).first == Approx(452).margin(0.01));
  CHECK(blue_code_at(ChromaSite::kTopLeft, 4, 6).second == Approx(432).margin(0.01));
  CHECK(blue_code_at(ChromaSite::kTopLeft, 5, 6).second == Approx(440).margin(0.01));
}

TEST_CASE("a smooth picture goes to chroma of any site and back", "[image]") {
  const at::Tensor x = at::linspace(0.2, 0.6, 64).view({1, 1, 64}).expand({1, 32, 64});
  const at::Tensor y = at::linspace(0.3, 0.5, 32).view({1, 32, 1}).expand({1, 32, 64});
  const at::Tensor picture = at::cat({x, y, 0.9 - x}).contiguous();
  for (const auto& [shift_x, shift_y] : {std::pair{1, 0}, {1, 1}, {2, 0}, {0, 1}}) {
    for (const ChromaSite site : {ChromaSite::kLeft, ChromaSite::kCentre, ChromaSite::kTopLeft}) {
      INFO(shift_x << shift_y << " site " << static_cast<int>(site));
      const PixelLayout layout{
          .width = 64, .height = 32, .bit_depth = 16, .chroma_shift_x = shift_x, .chroma_shift_y = shift_y};
      const ColourSpace space{Primaries::kBt709, Transfer::kLinear, Matrix::kBt709, Range::kLimited, site};
      const at::Tensor back = LinearFromPlanes(PlanesFromLinear(picture, layout, space), space);
      const at::Tensor inner = (back - picture).abs().narrow(1, 4, 24).narrow(2, 8, 48);
      CHECK(inner.max().item<double>() < 2e-4);  // a wrong site is off by half a sample, 3e-3 here
    }
  }
}

TEST_CASE("untagged colour is an error that names the choice", "[image]") {
  const PixelPlanes planes = PixelPlanes::Allocate({.width = 4, .height = 4});
  try {
    LinearFromPlanes(planes, {});
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::kData);
    CHECK(std::string(error.what()).find("--in-space") != std::string::npos);
  }
}

TEST_CASE("primaries change white into white", "[image]") {
  const at::Tensor white = at::ones({3, 2, 2});
  const at::Tensor moved = ApplyMatrix(white, RgbFromRgb(Primaries::kBt2020, Primaries::kBt709));
  CHECK(at::allclose(moved, white, 1e-4, 1e-4));
  const auto matrix = RgbFromRgb(Primaries::kBt2020, Primaries::kBt709);
  CHECK(matrix[0] == Approx(0.6274).margin(1e-3));  // ITU-R BT.2087
  CHECK(matrix[1] == Approx(0.3293).margin(1e-3));
}

}  // namespace shotfix::image
