// SPDX-License-Identifier: Apache-2.0
// From one light to another on shapes that are known.
#include "support/test.h"

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
  const auto tier = GENERATE(GeometryTier::kLightReference, GeometryTier::kOutline, GeometryTier::kFaceRelief);
  if (tier == GeometryTier::kFaceRelief) frame.surface.head = ball.mask;
  const double factor = FactorToHold({frame}, {kFound, wanted, tier, {}}, options);
  const light::SceneLight held = light::Scaled(wanted, factor);
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

}  // namespace
}  // namespace shotfix::passes::relight
