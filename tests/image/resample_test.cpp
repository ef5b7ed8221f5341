// SPDX-License-Identifier: Apache-2.0
#include "shotfix/image/resample.h"

#include "support/test.h"

#include "shotfix/core/error.h"
#include "shotfix/image/analysis.h"
#include "shotfix/image/edit.h"
#include "support/synthetic.h"

namespace shotfix::image {

TEST_CASE("a whole-pixel offset is a shift, edges are clamped", "[image]") {
  const at::Tensor picture = at::arange(20, at::kFloat).view({1, 4, 5});
  at::Tensor offset = at::zeros({2, 4, 5});
  offset[0].fill_(1);
  for (const Filter filter : {Filter::kBilinear, Filter::kBicubic}) {
    const at::Tensor moved = SampleAtOffset(picture, offset, filter);
    CHECK(at::allclose(moved.narrow(2, 0, 3), picture.narrow(2, 1, 3), 1e-4, 1e-4));
    CHECK(moved[0][2][4].item<float>() == Approx(picture[0][2][4].item<float>()).margin(0.2));
  }
}

TEST_CASE("inside mask ends where the picture ends", "[image]") {
  at::Tensor offset = at::zeros({2, 3, 4});
  offset[0].fill_(2);
  const at::Tensor mask = InsideMask(offset, 3, 4);
  CHECK(mask.sum().item<float>() == 6);
}

TEST_CASE("dilate and erode are dual and square", "[image]") {
  at::Tensor picture = at::zeros({1, 9, 9});
  picture[0][4][4] = 1;
  CHECK(Dilate(picture, 2).sum().item<float>() == 25);
  CHECK(at::equal(Erode(Dilate(picture, 2), 2), picture));
}

TEST_CASE("blur keeps the mean and flat pictures", "[image]") {
  const at::Tensor flat = at::full({3, 20, 30}, 0.4);
  CHECK(at::allclose(GaussianBlur(flat, 3), flat, 1e-5, 1e-5));
  CHECK(at::equal(GaussianBlur(flat, 0), flat));
}

TEST_CASE("guided upsampling follows the guide's edge", "[image]") {
  at::Tensor guide = at::zeros({3, 64, 64});
  guide.narrow(2, 29, 35).fill_(1);
  const at::Tensor wanted = guide[0].unsqueeze(0);
  const at::Tensor plain = Resize(Resize(wanted, 16, 16), 64, 64);
  const at::Tensor guided = GuidedUpsample(guide, Resize(wanted, 16, 16), 2, 1e-4);
  CHECK((guided - wanted).abs().mean().item<float>() < 0.3F * (plain - wanted).abs().mean().item<float>());
}

TEST_CASE("scaling an offset field scales its values", "[image]") {
  const at::Tensor offset = at::ones({2, 10, 20});
  const at::Tensor large = ResizeOffset(offset, 30, 40);
  CHECK(large[0].mean().item<float>() == Approx(2));
  CHECK(large[1].mean().item<float>() == Approx(3));
}

TEST_CASE("analysis sizes are even and keep the aspect", "[image]") {
  CHECK(ChooseAnalysisSize(1080, 1920, 640) == AnalysisSize{360, 640});
  CHECK(ChooseAnalysisSize(360, 640, 960) == AnalysisSize{360, 640});
}

TEST_CASE("an edit with parts but no support is a broken contract", "[image]") {
  Edit edit;
  CHECK_NOTHROW(CheckEdit(edit, 4, 4));
  edit.gain = at::zeros({3, 4, 4});
  CHECK_THROWS_AS(CheckEdit(edit, 4, 4), Error);
  edit.support = at::ones({1, 4, 5});
  CHECK_THROWS_AS(CheckEdit(edit, 4, 4), Error);
}

TEST_CASE("a box mean is the mean of what lies inside", "[image]") {
  at::manual_seed(2);
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const at::Tensor picture = at::rand({2, 23, 31}, type);
    for (const int64_t radius : {1, 3, 14, 40}) {
      at::Tensor wanted = at::empty_like(picture);
      for (int64_t y = 0; y < 23; ++y) {
        for (int64_t x = 0; x < 31; ++x) {
          const int64_t top = std::max<int64_t>(0, y - radius), left = std::max<int64_t>(0, x - radius);
          const at::Tensor square = picture.slice(1, top, y + radius + 1).slice(2, left, x + radius + 1);
          wanted.select(2, x).select(1, y).copy_(square.mean(at::IntArrayRef{1, 2}));
        }
      }
      CHECK((BoxMean(picture, radius) - wanted).abs().max().item<double>() < 1e-5);
    }
  }
}

}  // namespace shotfix::image
