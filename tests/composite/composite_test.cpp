// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>
#include <random>
#include "support/test.h"

#include "shotfix/composite/apply_edit.h"
#include "shotfix/composite/foreground.h"
#include "shotfix/composite/grain.h"
#include "shotfix/composite/light_wrap.h"
#include "shotfix/image/convert.h"
#include "shotfix/image/resample.h"
#include "shotfix/temporal/measures.h"
#include "support/synthetic.h"

namespace shotfix::composite {
namespace {

image::Frame RandomFrame(const image::PixelLayout& layout) {
  std::mt19937 rng(11);
  auto planes = std::make_shared<image::PixelPlanes>(image::PixelPlanes::Allocate(layout));
  for (image::Plane& plane : planes->planes) {
    for (uint16_t& code : plane.codes) code = static_cast<uint16_t>(rng() % (1U << layout.bit_depth));
    for (float& value : plane.values) value = static_cast<float>(rng() % 1000) / 500.0F;
  }
  image::Frame frame;
  frame.space = {image::Primaries::kBt709, image::Transfer::kBt709,
                 layout.is_rgb ? image::Matrix::kRgb : image::Matrix::kBt709, image::Range::kLimited};
  if (layout.is_float) frame.space.transfer = image::Transfer::kLinear;
  frame.rgb = image::LinearFromPlanes(*planes, frame.space);
  frame.source = planes;
  frame.index = 5;
  return frame;
}

std::vector<image::PixelLayout> Layouts() {
  std::vector<image::PixelLayout> layouts;
  for (const int bits : {8, 10, 12, 16}) {
    layouts.push_back({.width = 22, .height = 14, .bit_depth = bits});
    layouts.push_back({.width = 22, .height = 14, .bit_depth = bits, .chroma_shift_x = 1});
    layouts.push_back({.width = 22, .height = 14, .bit_depth = bits, .chroma_shift_x = 1, .chroma_shift_y = 1});
    layouts.push_back({.width = 22, .height = 14, .bit_depth = bits, .is_rgb = true});
  }
  layouts.push_back({.width = 22, .height = 14, .bit_depth = 32, .is_float = true, .is_rgb = true});
  return layouts;
}

}  // namespace

TEST_CASE("an edit that changes nothing returns the source's samples, in every layout", "[composite]") {
  for (const image::PixelLayout& layout : Layouts()) {
    INFO(layout.ToString());
    const image::Frame frame = RandomFrame(layout);
    image::Edit edit;
    edit.support = at::ones({1, 14, 22});
    edit.gain = at::zeros({3, 2, 2});
    CHECK(ApplyEdit(frame, edit, ApplyEditLinear(frame, edit)) == *frame.source);
  }
}

TEST_CASE("floats that mean nothing to arithmetic stay what they are", "[composite]") {
  image::Frame frame = RandomFrame({.width = 22, .height = 14, .bit_depth = 16, .is_float = true, .is_rgb = true});
  auto planes = std::make_shared<image::PixelPlanes>(*frame.source);
  planes->planes[0].values[3] = -0.0F;
  planes->planes[1].values[5] = std::numeric_limits<float>::quiet_NaN();
  planes->planes[2].values[7] = std::numeric_limits<float>::infinity();
  frame.source = planes;
  frame.rgb = image::LinearFromPlanes(*planes, frame.space);
  image::Edit edit;
  edit.support = at::ones({1, 14, 22});
  edit.gain = at::zeros({3, 1, 1});
  const image::PixelPlanes result = ApplyEdit(frame, edit, ApplyEditLinear(frame, edit));
  CHECK(std::signbit(result.planes[0].values[3]));
  CHECK(std::isnan(result.planes[1].values[5]));
  CHECK(std::isinf(result.planes[2].values[7]));
}

TEST_CASE("a ramp that is graded shows no bands", "[composite]") {
  // A dark, slow ramp, lifted by a third of a stop: without dither it becomes steps many samples wide. What the eye
  // sees is the local mean; it must follow the true value far closer than one code.
  constexpr int64_t kWidth = 1024;
  constexpr int64_t kHeight = 64;
  for (const int bits : {8, 10}) {
    INFO(bits << " bit");
    const image::PixelLayout layout{.width = kWidth, .height = kHeight, .bit_depth = bits};
    const image::ColourSpace space{image::Primaries::kBt709, image::Transfer::kBt709, image::Matrix::kBt709,
                                   image::Range::kLimited};
    const at::Tensor ramp =
        at::linspace(0.02, bits == 8 ? 0.03 : 0.022, kWidth).view({1, 1, kWidth}).expand({3, kHeight, kWidth});
    image::Frame frame;
    frame.space = space;
    frame.index = 3;
    frame.source = std::make_shared<image::PixelPlanes>(image::PlanesFromLinear(ramp.contiguous(), layout, space));
    frame.rgb = image::LinearFromPlanes(*frame.source, space);
    image::Edit edit;
    edit.support = at::ones({1, kHeight, kWidth});
    edit.alpha = at::ones({1, kHeight, kWidth});
    edit.fill = ramp.contiguous() * 1.26;
    const image::PixelPlanes result = ApplyEdit(frame, edit, ApplyEditLinear(frame, edit));
    const std::vector<image::CodePlane> wanted = image::CodesFromLinear(edit.fill, layout, space);
    const at::Tensor got =
        at::from_blob(const_cast<uint16_t*>(result.planes[0].codes.data()), {kHeight, kWidth}, at::kShort)
            .to(at::kFloat);
    const at::Tensor truth = at::from_blob(const_cast<float*>(wanted[0].codes.data()), {kHeight, kWidth}, at::kFloat);
    const at::Tensor error = image::BoxMean((got - truth).unsqueeze(0), 8);
    CHECK(error.abs().max().item<double>() < 0.15);
    // Rounded without dither the same measure is half a code: the check can fail.
    const at::Tensor bands = image::BoxMean((truth.round() - truth).unsqueeze(0), 8);
    CHECK(bands.abs().max().item<double>() > 0.4);
    // No step is wider than the eye's patch: columns of one value do not occur.
    CHECK((got.amax(0) == got.amin(0)).to(at::kFloat).mean().item<double>() < 0.05);
  }
}

TEST_CASE("outside the support no sample changes, in every layout", "[composite]") {
  for (const image::PixelLayout& layout : Layouts()) {
    INFO(layout.ToString());
    const image::Frame frame = RandomFrame(layout);
    image::Edit edit;
    edit.support = at::zeros({1, 14, 22});
    edit.support.narrow(1, 4, 4).narrow(2, 8, 6).fill_(1);  // even bounds: chroma cells lie inside or outside
    edit.alpha = at::ones({1, 14, 22});
    edit.fill = at::full({3, 14, 22}, 0.18);
    const image::PixelPlanes result = ApplyEdit(frame, edit, ApplyEditLinear(frame, edit));
    int changed = 0;
    for (size_t index = 0; index < result.planes.size(); ++index) {
      const image::Plane& plane = result.planes[index];
      const int shift_x = index > 0 && !layout.is_rgb ? layout.chroma_shift_x : 0;
      const int shift_y = index > 0 && !layout.is_rgb ? layout.chroma_shift_y : 0;
      for (int y = 0; y < plane.height; ++y) {
        for (int x = 0; x < plane.width; ++x) {
          const auto k = static_cast<size_t>(y * plane.width + x);
          const bool same = layout.is_float ? plane.values[k] == frame.source->planes[index].values[k]
                                            : plane.codes[k] == frame.source->planes[index].codes[k];
          const bool inside = (x << shift_x) >= 8 && (x << shift_x) < 14 && (y << shift_y) >= 4 && (y << shift_y) < 8;
          if (!inside) REQUIRE(same);
          changed += same ? 0 : 1;
        }
      }
    }
    CHECK(changed > 20);
  }
}

TEST_CASE("a full replacement is the fill within one code, whatever was there", "[composite]") {
  const image::PixelLayout layout{.width = 22, .height = 14, .bit_depth = 10, .chroma_shift_x = 1, .chroma_shift_y = 1};
  const image::Frame frame = RandomFrame(layout);
  image::Edit edit;
  edit.support = at::ones({1, 14, 22});
  edit.alpha = at::ones({1, 14, 22});
  edit.fill = at::full({3, 14, 22}, 0.3);
  const image::PixelPlanes result = ApplyEdit(frame, edit, ApplyEditLinear(frame, edit));
  const image::PixelPlanes wanted = image::PlanesFromLinear(edit.fill, layout, frame.space);
  for (size_t index = 0; index < 3; ++index) {
    for (size_t k = 0; k < wanted.planes[index].codes.size(); ++k) {
      REQUIRE(std::abs(int(result.planes[index].codes[k]) - int(wanted.planes[index].codes[k])) <= 1);
    }
  }
}

TEST_CASE("gain is in stops", "[composite]") {
  const image::Frame frame = RandomFrame({.width = 22, .height = 14, .bit_depth = 10});
  image::Edit edit;
  edit.support = at::ones({1, 14, 22});
  edit.gain = at::ones({3, 7, 11});
  CHECK(at::allclose(ApplyEditLinear(frame, edit), frame.rgb * 2, 1e-4, 1e-5));
}

TEST_CASE("with the plate the actor's own colours come back", "[composite]") {
  const testing::SyntheticShot shot = testing::MakeShot({.frames = 3});
  const at::Tensor& matte = shot.mattes[1];
  const at::Tensor colours = at::full_like(shot.walls[1], 0.8);
  const at::Tensor picture = matte * colours + (1 - matte) * shot.walls[1];
  const at::Tensor valid = at::ones_like(matte);
  const at::Tensor with_plate = EstimateForeground(picture, matte, shot.walls[1], valid);
  at::Tensor blinding = picture.clone();
  blinding.narrow(1, 0, 1).narrow(2, 0, 1).fill_(std::numeric_limits<float>::infinity());
  const at::Tensor far = EstimateForeground(blinding, matte, shot.walls[1], at::zeros_like(matte));
  CHECK(far.narrow(1, far.size(1) / 2, 1).isfinite().all().item<bool>());
  const at::Tensor without = EstimateForeground(picture, matte, shot.walls[1], at::zeros_like(matte));
  const at::Tensor band = ((matte > 0.1) & (matte < 0.95)).to(at::kFloat);
  const auto error = [&](const at::Tensor& estimate) {
    return ((estimate - colours).abs() * band).sum().item<double>() / (3 * band.sum().item<double>());
  };
  CHECK(error(with_plate) < 0.02);
  CHECK(error(without) < 0.06);
  CHECK(error(picture) > 0.1);  // the spill that it takes out
}

TEST_CASE("where the matte does not fit, no pixel leaves its surroundings", "[composite]") {
  // Dark hair before a bright wall, the matte's edge one pixel off: solved there, colours would be black or the wall's.
  const at::Tensor column = at::arange(512, at::kFloat).view({1, 1, 512}).expand({1, 96, 512});
  const at::Tensor true_matte = ((256 - column) / 2).clamp(0, 1);
  const at::Tensor plate = at::full({3, 96, 512}, 0.5);
  const at::Tensor picture = true_matte * 0.02 + (1 - true_matte) * plate;
  const at::Tensor valid = at::ones_like(true_matte);
  for (const double off : {-1.0, 1.0}) {
    INFO(off);
    const at::Tensor matte = ((256 + off - column) / 2).clamp(0, 1);
    const at::Tensor estimate = EstimateForeground(picture, matte, plate, valid);
    const at::Tensor edge = ((matte > 0.05) & (matte < 0.95)).expand({3, 96, 512});
    CHECK(estimate.masked_select(edge).min().item<double>() > 0.005);
    CHECK(estimate.masked_select(edge).max().item<double>() < 0.25);
  }
}

TEST_CASE("grain is measured and put back as measured", "[composite]") {
  const testing::SyntheticShot clean = testing::MakeShot({.height = 240, .width = 320, .frames = 1, .speed_px = 0});
  GrainModel wanted;
  for (auto& row : wanted.sigma) row.fill(0.02F);
  wanted.correlation_px = 0.6F;
  const at::Tensor smooth = image::GaussianBlur(clean.pictures[0], 6);
  GrainMeter meter;
  for (int64_t k = 0; k < 4; ++k)
    meter.Add(AddGrain(smooth, wanted, k, 1), AddGrain(smooth, wanted, k + 100, 1), at::ones({1, 240, 320}));
  const GrainModel model = meter.Model();
  CHECK(model.MeanSigma() == Approx(0.02).margin(0.004));
  CHECK(model.correlation_px == Approx(0.6).margin(0.15));
  CHECK(at::equal(AddGrain(smooth, model, 7, 1), AddGrain(smooth, model, 7, 1)));
  CHECK_FALSE(at::equal(AddGrain(smooth, model, 7, 1), AddGrain(smooth, model, 8, 1)));
}

TEST_CASE("edge blur is found within a third of a pixel", "[composite]") {
  at::Tensor steps = at::zeros({3, 200, 300});
  for (int64_t x = 20; x < 300; x += 40) steps.narrow(2, x, 20).fill_(0.8);
  for (const double sigma : {1.0, 2.0}) {
    const auto found = EdgeBlurSigma(image::GaussianBlur(steps, sigma), {});
    REQUIRE(found.has_value());
    CHECK(*found == Approx(sigma).margin(0.35));
  }
  CHECK_FALSE(EdgeBlurSigma(at::full({3, 100, 100}, 0.5), {}).has_value());
}

TEST_CASE("light wrap comes from behind and ends inside the actor", "[composite]") {
  at::Tensor matte = at::zeros({1, 60, 100});
  matte.narrow(2, 50, 50).fill_(1);
  const at::Tensor wrap = LightWrap(at::ones({3, 60, 100}), matte, 3, 0.5);
  CHECK(wrap[0][30][52].item<float>() > 0.05);
  CHECK(wrap[0][30][80].item<float>() == Approx(0).margin(1e-6));
  CHECK(wrap[0][30][20].item<float>() == 0);
}

}  // namespace shotfix::composite
