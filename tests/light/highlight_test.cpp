// SPDX-License-Identifier: Apache-2.0
// A ball of skin with a shiny place and a set of teeth.
#include "support/test.h"

#include "passes/relight/highlight.h"
#include "shotfix/light/environment.h"
#include "support/ball.h"

namespace shotfix::passes::relight {
namespace {

using testing::Ball;
using testing::MakeBall;

const light::SceneLight kLight{{{light::DirectionOf({0, 30}), {0.8, 0.8, 0.8}, 8}}, {0.25, 0.25, 0.25}};
const light::Rgb kSkin{0.55, 0.34, 0.26};
constexpr int64_t kReachPx = 1;

// [1,h,w]: ones in a square around a place, in shares of the ball's radius from its middle.
at::Tensor Patch(const Ball& ball, double across, double down) {
  const int64_t height = ball.mask.size(1);
  const int64_t width = ball.mask.size(2);
  const double radius = std::sqrt(ball.mask.sum().item<double>() / 3.14159);
  const at::Tensor x =
      at::arange(width, at::kFloat).view({1, 1, width}) - (static_cast<double>(width) / 2 + across * radius);
  const at::Tensor y =
      at::arange(height, at::kFloat).view({1, height, 1}) - (static_cast<double>(height) / 2 + down * radius);
  return ((x.abs() < 0.15 * radius).logical_and(y.abs() < 0.15 * radius)).to(at::kFloat) * ball.mask;
}

struct ShinyBall {
  Ball ball = MakeBall();
  at::Tensor shiny = Patch(ball, 0, -0.3);
  at::Tensor teeth = Patch(ball, 0, 0.45);
  FrameSurface surface;
  at::Tensor matt;
  at::Tensor linear;

  explicit ShinyBall(const light::Rgb& skin) {
    surface.normals = ball.normals;
    surface.known = ball.mask;
    surface.head = ball.mask;
    surface.albedo = light::AsColumn(skin) * ball.mask;
    const at::Tensor white = light::AsColumn({0.34, 0.33, 0.3});
    matt = light::Shade(ball.normals, kLight, {}) * (surface.albedo * (1 - teeth) + white * teeth) * ball.mask;
    linear = matt + 0.2 * shiny;
  }
  static double MeanIn(const at::Tensor& values, const at::Tensor& patch) {
    return (values.mean(0, true) * patch).sum().item<double>() / patch.sum().item<double>();
  }
};

TEST_CASE("sheen is what is paler and brighter than skin; teeth are none", "[relight]") {
  const ShinyBall shown(kSkin);
  const Highlights found = SeparateHighlights(shown.surface, shown.linear, kLight, kReachPx);
  CHECK(ShinyBall::MeanIn(found.sheen, shown.shiny) > 0.1);
  CHECK(ShinyBall::MeanIn(found.sheen, shown.shiny) < 0.22);
  CHECK(ShinyBall::MeanIn(found.share, shown.teeth) < 0.05);
  const at::Tensor cleaned = shown.linear * WithoutSheen(found, 1);
  const double before = ShinyBall::MeanIn((shown.linear - shown.matt).abs(), shown.shiny);
  CHECK(ShinyBall::MeanIn((cleaned - shown.matt).abs(), shown.shiny) < 0.6 * before);
  const auto paleness = [&](const at::Tensor& picture) {
    return ShinyBall::MeanIn(picture.narrow(0, 2, 1), shown.shiny) /
           ShinyBall::MeanIn(picture.narrow(0, 0, 1), shown.shiny);
  };
  CHECK(paleness(shown.linear) > paleness(shown.matt) + 0.1);
  CHECK(paleness(cleaned) == Approx(paleness(shown.matt)).margin(0.04));
  CHECK(at::equal(WithoutSheen(found, 0), at::ones_like(shown.linear)));
}

TEST_CASE("the new light's sheen lies where that light is mirrored", "[relight]") {
  const ShinyBall shown(kSkin);
  const Highlights found = SeparateHighlights(shown.surface, shown.linear, kLight, kReachPx);
  light::SceneLight wanted = kLight;
  wanted.keys.front().direction = light::DirectionOf({60, 0});
  const at::Tensor sheen = SheenUnder(found, shown.surface, kLight, wanted, {});
  CHECK(ShinyBall::MeanIn(sheen, Patch(shown.ball, 0.5, 0)) > 4 * ShinyBall::MeanIn(sheen, Patch(shown.ball, -0.5, 0)));
  CHECK((sheen * (1 - shown.ball.mask)).abs().max().item<double>() == 0);
}

TEST_CASE("sheen stays where the new light is mirrored too, and leaves where it is not", "[relight]") {
  const ShinyBall shown(kSkin);
  const Highlights found = SeparateHighlights(shown.surface, shown.linear, kLight, kReachPx);
  const auto under = [&](const light::Angles& from) {
    light::SceneLight wanted = kLight;
    wanted.keys.front().direction = light::DirectionOf(from);
    return ShinyBall::MeanIn(SheenUnder(found, shown.surface, kLight, wanted, {}), shown.shiny);
  };
  const double own = ShinyBall::MeanIn(SheenUnder(found, shown.surface, kLight, kLight, {}), shown.shiny);
  CHECK(own > 0.8 * ShinyBall::MeanIn(found.sheen * found.bare, shown.shiny));
  const light::Angles there = light::AnglesOf(kLight.keys.front().direction);
  CHECK(under({there.azimuth_deg + 10, there.elevation_deg}) > 0.6 * own);
  // Dimmed with all of its light, and there where no lamp is mirrored at all.
  const auto sheen_under = [&](const light::SceneLight& wanted) {
    return ShinyBall::MeanIn(SheenUnder(found, shown.surface, kLight, wanted, {}), shown.shiny);
  };
  CHECK(sheen_under(light::Scaled(kLight, 0.125)) == Approx(0.125 * own).epsilon(0.02));
  CHECK(sheen_under({{}, {0.6, 0.6, 0.6}}) > 0);
  CHECK(under({there.azimuth_deg + 120, there.elevation_deg}) < 0.35 * own);
}

TEST_CASE("no sheen is found on what is grey, and none where no head is known", "[relight]") {
  const ShinyBall grey({0.36, 0.36, 0.36});
  CHECK(SeparateHighlights(grey.surface, grey.linear, kLight, kReachPx).share.max().item<double>() == 0);
  ShinyBall headless(kSkin);
  headless.surface.head = at::Tensor();
  CHECK(SeparateHighlights(headless.surface, headless.linear, kLight, kReachPx).share.max().item<double>() == 0);
}

TEST_CASE("without a head nothing changes, whatever colour the lamp has", "[relight]") {
  ShinyBall shown(kSkin);
  shown.surface.head = at::zeros_like(shown.surface.known);
  for (int kelvin = 1800; kelvin < 12000; kelvin += 300) {
    light::SceneLight lamp = kLight;
    lamp.keys.front().rgb = light::ColourOf(kelvin);
    lamp.ambient = {lamp.keys.front().rgb[0] * 0.2, lamp.keys.front().rgb[1] * 0.2, lamp.keys.front().rgb[2] * 0.2};
    const Highlights found = SeparateHighlights(shown.surface, shown.linear, lamp, kReachPx);
    CHECK(at::equal(WithoutSheen(found, 0.8), at::ones_like(shown.linear)));
    CHECK(SheenUnder(found, shown.surface, lamp, kLight, {}).abs().max().item<double>() == 0);
    CHECK(at::equal(found.albedo, shown.surface.albedo));
  }
}

}  // namespace
}  // namespace shotfix::passes::relight
