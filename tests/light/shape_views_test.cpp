// SPDX-License-Identifier: Apache-2.0
// A painted ball that turns under a light that stands.
#include "passes/relight/shape_views.h"

#include <cmath>
#include <numbers>

#include "shotfix/light/registration.h"
#include "shotfix/light/relief.h"
#include "support/ball.h"
#include "support/test.h"

namespace shotfix::passes::relight {
namespace {

using testing::Ball;
using testing::MakeBall;

constexpr double kTurnDeg = 12;

// As a subject sees a light that stands, once it has turned about the upright axis.
light::Vector SeenAfterTurn(const light::Vector& key, double turn_deg) {
  const double turn = turn_deg * std::numbers::pi / 180;
  return {key[0] * std::cos(turn) - key[2] * std::sin(turn), key[1], key[0] * std::sin(turn) + key[2] * std::cos(turn)};
}

}  // namespace

TEST_CASE("a key goes round a head the other way than it turns", "[light]") {
  const light::SceneLight light{{{light::DirectionOf({20, 30}), {0.8, 0.7, 0.5}, 8}}, {0.1, 0.1, 0.1}};
  const Ball ball = MakeBall();
  const Ball after = MakeBall(testing::kBallWidth / 2.0, kTurnDeg);
  const Sample own{0, testing::BallUnder(ball, light), ball.mask};
  const Sample turned{8, testing::BallUnder(after, light), after.mask};
  const light::TakeSurface surface{ball.normals, ball.albedo, ball.heights, ball.mask, ball.mask};
  const at::Tensor contrast = light::LocalContrast(own.linear, ball.mask);

  const std::vector<light::ShadingView> views =
      ViewsOf({surface, contrast, ball.albedo.clamp_min(0.01), own}, {&turned}, light);
  REQUIRE(views.size() == 2);
  const light::Vector& key = light.keys.front().direction;
  CHECK(light::DegreesBetween(views[0].key, key) < 1e-3);
  CHECK(light::DegreesBetween(views[1].key, SeenAfterTurn(key, kTurnDeg)) < 4);
  CHECK(light::DegreesBetween(views[1].key, SeenAfterTurn(key, -kTurnDeg)) > 12);
  // In the middle of the ball both show the light that there is.
  for (const light::ShadingView& view : views) {
    const double wanted = view.key[2] + view.ambient;
    CHECK(view.shading[0][testing::kBallHeight / 2][testing::kBallWidth / 2].item<double>() ==
          Approx(wanted).epsilon(0.12));
  }

  // Of a ball that nobody calls a head its own frame tells alone.
  const light::TakeSurface thing{ball.normals, ball.albedo, ball.heights, ball.mask};
  CHECK(ViewsOf({thing, contrast, ball.albedo.clamp_min(0.01), own}, {&turned}, light).size() == 1);
}

TEST_CASE("another take shows the same shape under its own key, however strong its lamp was", "[light]") {
  const light::SceneLight light{{{light::DirectionOf({-30, 30}), {0.8, 0.7, 0.5}, 8}}, {0.1, 0.1, 0.1}};
  light::SceneLight other{{{light::DirectionOf({40, 10}), {0.8, 0.7, 0.5}, 8}}, {0.1, 0.1, 0.1}};
  const Ball ball = MakeBall();
  const Sample own{0, testing::BallUnder(ball, light), ball.mask};
  const light::TakeSurface surface{ball.normals, ball.albedo, ball.heights, ball.mask};
  const at::Tensor contrast = light::LocalContrast(own.linear, ball.mask);
  const at::Tensor albedo = ball.albedo.clamp_min(0.01);
  const GuessedShape guess{surface, contrast, albedo, own};
  // Twice as bright as its own analysis says, in units of this shot's albedo.
  const OtherTake take{"other", other, {{2 * testing::BallUnder(ball, other), ball.mask}}};
  const OtherViews seen = ViewsIn(take, guess, light);
  CHECK(seen.likeness > 0.5);
  REQUIRE(seen.views.size() == 1);
  const light::ShadingView& view = seen.views.front();
  CHECK(light::DegreesBetween(view.key, other.keys.front().direction) < 1e-3);
  const double wanted = view.key[2] + view.ambient;
  CHECK(view.shading[0][testing::kBallHeight / 2][testing::kBallWidth / 2].item<double>() ==
        Approx(wanted).epsilon(0.12));

  // A guess that is flatter than the ball comes nearer to it.
  const at::Tensor flat = light::OfLengthOne(at::cat({0.6 * ball.normals.slice(0, 0, 2), ball.normals.slice(0, 2, 3)}));
  const light::TakeSurface flat_surface{flat, ball.albedo, 0.6 * ball.heights, ball.mask};
  const GuessedShape flat_guess{flat_surface, contrast, albedo, own};
  const auto off = [&](const at::Tensor& normals) {
    const at::Tensor cosine = (normals * ball.normals).sum(0, true).clamp(-1, 1);
    return (cosine.acos() * ball.mask).sum().item<double>() / ball.mask.sum().item<double>();
  };
  std::vector<light::ShadingView> views = ViewsOf(flat_guess, {}, light);
  const double alone = off(light::RefineNormals(flat, views, SpreadOf(flat_surface)));
  const OtherViews more = ViewsIn(take, flat_guess, light);
  views.insert(views.end(), more.views.begin(), more.views.end());
  const double beside = off(light::RefineNormals(flat, views, SpreadOf(flat_surface)));
  CHECK(beside < 0.95 * alone);
  CHECK(alone < off(flat));
}

}  // namespace shotfix::passes::relight
