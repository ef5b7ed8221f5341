// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stage.h"

#include "support/test.h"

#include "shotfix/image/convert.h"

namespace shotfix::pipeline {
namespace {

// One stop brighter, everywhere.
class Brighter final : public passes::Proposer {
 public:
  image::Edit Propose(const passes::FrameWindow& window) const override {
    const image::Frame& frame = window.current();
    image::Edit edit;
    edit.gain = at::ones({3, frame.height() / 8, frame.width() / 8});
    edit.support = at::ones({1, frame.height(), frame.width()});
    return edit;
  }
};

RenderPass BrighterPass() {
  RenderPass pass;
  pass.traits.name = pass.label = "brighter";
  pass.proposer = std::make_unique<Brighter>();
  pass.stabiliser.gain_radius = pass.stabiliser.warp_radius = pass.stabiliser.alpha_radius = 1;
  return pass;
}

WorkFrame GreyFrame(int64_t index, int width, int height) {
  const image::PixelLayout layout{.width = width, .height = height, .bit_depth = 10, .is_rgb = true};
  const image::ColourSpace space = image::ParseColourSpace("bt709");
  auto source = std::make_shared<image::PixelPlanes>(image::PixelPlanes::Allocate(layout));
  for (image::Plane& plane : source->planes)
    std::fill(plane.codes.begin(), plane.codes.end(), static_cast<uint16_t>(300 + 10 * index));
  WorkFrame work;
  work.frame.index = index;
  work.frame.source = source;
  work.frame.space = space;
  work.frame.rgb = work.source_rgb = image::LinearFromPlanes(*source, space);
  return work;
}

}  // namespace

// Large pictures are let go while they wait, and come back from the source's samples: never from under another pass.
TEST_CASE("the second of two passes sees the first one's picture, at HD and beyond", "[pipeline]") {
  for (const auto& [width, height] : {std::pair{64, 48}, {2304, 1296}}) {
    INFO(width);
    std::map<std::string, double> seconds;
    const RenderPass pass = BrighterPass();
    PassStage first(pass, false, seconds);
    PassStage second(pass, false, seconds);
    std::vector<WorkFrame> done;
    const auto advance = [&] {
      while (auto work = first.Pop()) second.Push(std::move(*work));
    };
    for (int64_t k = 0; k < 5; ++k) {
      first.Push(GreyFrame(k, width, height));
      advance();
      while (auto work = second.Pop()) done.push_back(std::move(*work));
    }
    first.Finish();
    advance();
    second.Finish();
    while (auto work = second.Pop()) done.push_back(std::move(*work));
    REQUIRE(done.size() == 5);
    for (size_t k = 0; k < done.size(); ++k) {
      CHECK(done[k].frame.index == static_cast<int64_t>(k));
      const double ratio = (done[k].frame.rgb.mean() / done[k].source_rgb.mean()).item<double>();
      CHECK(ratio == Approx(4).epsilon(1e-3));
    }
  }
}

}  // namespace shotfix::pipeline
