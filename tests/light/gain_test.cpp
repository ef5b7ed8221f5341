// SPDX-License-Identifier: Apache-2.0
// From one light to another on shapes that are known.
#include "support/test.h"

#include "passes/relight/confidence.h"
#include "passes/relight/gain.h"
#include "shotfix/light/environment.h"
#include "support/ball.h"

namespace shotfix::passes::relight {
namespace {

using testing::Ball;
using testing::MakeBall;

const light::SceneLight kFound{{light::Key{light::DirectionOf({0, 60})}}, {0.2, 0.2, 0.2}};

// What stands there is lit more brightly than was found: guessed shapes and soft skies make it so.
MeteredFrame Shown(const Ball& ball) {
  MeteredFrame frame;
  frame.surface.normals = ball.normals;
  frame.surface.known = ball.mask;
  frame.surface.albedo = 0.4 * ball.mask.expand({3, -1, -1});
  frame.surface.heights = at::zeros_like(ball.mask);
  frame.linear = 1.3 * light::Shade(ball.normals, kFound, {}) * frame.surface.albedo;
  return frame;
}

TEST_CASE("a level is held as the picture has it, whatever was found of its light", "[relight]") {
  const Ball ball = MakeBall();
  light::SceneLight wanted = kFound;
  wanted.keys.front().direction = light::DirectionOf({0, 10});
  wanted = light::Scaled(wanted, 3);
  MeteredFrame frame = Shown(ball);
  RelightOptions options;
  options.shadows = false;
  options.most_stops = GENERATE(0.5, 4.0);  // how much of a light is used has no say in how strong it is
  const auto tier = GENERATE(GeometryTier::kLightReference, GeometryTier::kOutline, GeometryTier::kFaceRelief);
  if (tier == GeometryTier::kFaceRelief) frame.surface.head = ball.mask;
  const double factor = FactorToHold({frame}, {kFound, wanted, tier, {}}, options);
  const light::SceneLight held = light::Scaled(wanted, factor);
  options.most_stops = 4;
  const at::Tensor gain = GainBetween(frame.surface, frame.linear, {kFound, held, tier, {}}, options);
  const double before = frame.linear.sum().item<double>();
  const double after = (frame.linear * gain.exp2()).sum().item<double>();
  CHECK(factor < 0.5);
  CHECK(after > 0.99 * before);
  CHECK(after < 1.01 * before);
}

TEST_CASE("a light that does not reach the face cannot hold its level", "[relight]") {
  const MeteredFrame frame = Shown(MakeBall());
  light::SceneLight wanted = light::Scaled(kFound, 1e-4);
  CHECK_THROWS_WITH(FactorToHold({frame}, {kFound, wanted, GeometryTier::kOutline, {}}, {}),
                    Catch::Matchers::Contains("hardly reaches"));
}

TEST_CASE("the mean face's terminator is drawn softer than its normals turn, and its level stays", "[relight]") {
  const Ball ball = MakeBall();
  MeteredFrame frame = Shown(ball);
  const light::SceneLight wanted{{light::Key{light::DirectionOf({90, 0})}}, {0.2, 0.2, 0.2}};
  RelightOptions options;
  options.shadows = false;
  // A crease: left half turned to the light, right half away from it.
  const int64_t width = ball.mask.size(2);
  const at::Tensor right = (at::arange(width, at::kFloat) >= width / 2.0).to(at::kFloat).view({1, 1, width});
  frame.surface.normals = at::cat({1 - 2 * right, at::zeros_like(right), at::full_like(right, 1.0)}, 0)
                              .expand({3, ball.mask.size(1), width}) /
                          std::sqrt(2.0);
  frame.linear = light::Shade(frame.surface.normals.contiguous(), kFound, {}) * frame.surface.albedo;
  const auto steepest = [&](GeometryTier tier) {
    const at::Tensor gain = GainBetween(frame.surface, frame.linear, {kFound, wanted, tier, {}}, options);
    const at::Tensor row = gain[0][ball.mask.size(1) / 2].slice(0, width / 4, 3 * width / 4);
    return row.diff().abs().max().item<double>() / (row.max() - row.min()).item<double>();
  };
  frame.surface.head = at::zeros_like(ball.mask);
  const double sharp = steepest(GeometryTier::kFaceRelief);
  frame.surface.head = ball.mask;
  CHECK(steepest(GeometryTier::kFaceRelief) < 0.5 * sharp);
}

TEST_CASE("what is much darker than most of a head is no skin", "[relight]") {
  const Ball ball = MakeBall();
  MeteredFrame frame = Shown(ball);
  frame.surface.head = ball.mask;
  const int64_t half = ball.mask.size(1) / 2;
  at::Tensor fringe = at::zeros_like(ball.mask);
  fringe.slice(1, 0, half - ball.mask.size(1) / 6).fill_(1);
  frame.surface.albedo = frame.surface.albedo * (1 - 0.8 * fringe);
  const at::Tensor skin = SkinWithin(frame.surface);
  const int64_t middle = ball.mask.size(2) / 2;
  CHECK(skin[0][half][middle].item<double>() > 0.95);
  const int64_t lowest = (ball.mask[0].select(1, middle) > 0.5).nonzero().max().item<int64_t>();
  CHECK(skin[0][lowest][middle].item<double>() > 0.95);  // no hair begins where the head ends
  CHECK(skin[0][half - ball.mask.size(1) / 4][middle].item<double>() < 0.1);
  CHECK((skin * (1 - ball.mask)).max().item<double>() == 0);
}

}  // namespace
}  // namespace shotfix::passes::relight
