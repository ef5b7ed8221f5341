// SPDX-License-Identifier: Apache-2.0
// A ball whose guessed shape is too flat, under a light that is known.
#include "support/test.h"

#include "shotfix/light/refine_normals.h"
#include "shotfix/light/relief.h"
#include "support/ball.h"

namespace shotfix::light {
namespace {

using testing::Ball;
using testing::MakeBall;

constexpr double kAmbient = 0.1;

at::Tensor Flattened(const at::Tensor& normals) {
  constexpr double kFlatter = 0.6;
  return OfLengthOne(at::cat({normals.slice(0, 0, 2) * kFlatter, normals.narrow(0, 2, 1)}));
}

// The ball under a key, over an albedo that is taken for `factor` times what it is.
ShadingView ViewUnder(const Ball& ball, Angles from, double factor = 1) {
  const SceneLight light{{{DirectionOf(from), {1, 1, 1}, 1}}, {kAmbient, kAmbient, kAmbient}};
  return {Shade(ball.normals, light, {}).narrow(0, 0, 1) / factor, ball.mask.clone(), DirectionOf(from), kAmbient};
}

NormalSpread SpreadOn(const Ball& ball, double albedo) {
  NormalSpread spread{at::full_like(ball.mask, 15), at::full_like(ball.mask, albedo)};
  spread.view = 0.1;
  return spread;
}

// Mean degrees where the ball does not lean away from the lens.
double DegreesOff(const at::Tensor& normals, const Ball& ball) {
  const at::Tensor where = ball.mask * (ball.normals.narrow(0, 2, 1) > 0.4);
  return testing::DegreesApart(normals, ball.normals, where);
}

}  // namespace

TEST_CASE("views in which the light has gone round mend a guess, whatever its albedo", "[light]") {
  const Ball ball = MakeBall();
  const at::Tensor guess = Flattened(ball.normals);
  std::vector<ShadingView> views;
  for (const double azimuth : {-50.0, -20.0, 10.0, 40.0}) views.push_back(ViewUnder(ball, {azimuth, 25}, 1.4));
  const double refined = DegreesOff(RefineNormals(guess, views, SpreadOn(ball, 1)), ball);
  CHECK(DegreesOff(guess, ball) > 9);
  CHECK(refined < 0.6 * DegreesOff(guess, ball));
}

TEST_CASE("one view tells how far a place leans from its light, where its albedo is known", "[light]") {
  const Ball ball = MakeBall();
  const at::Tensor guess = Flattened(ball.normals);
  const std::vector<ShadingView> one = {ViewUnder(ball, {-45, 30})};
  const double known = DegreesOff(RefineNormals(guess, one, SpreadOn(ball, 0.1)), ball);
  CHECK(known < 0.8 * DegreesOff(guess, ball));
  // Of an albedo that nobody knows it tells less.
  CHECK(DegreesOff(RefineNormals(guess, one, SpreadOn(ball, 1)), ball) > known);
}

TEST_CASE("where nothing is seen a guess stays", "[light]") {
  const Ball ball = MakeBall();
  const at::Tensor guess = Flattened(ball.normals);
  CHECK(at::equal(RefineNormals(guess, {}, SpreadOn(ball, 0.3)), guess));
  ShadingView half = ViewUnder(ball, {-45, 30});
  const int64_t middle = testing::kBallWidth / 2;
  half.weight.narrow(2, middle, middle).zero_();
  const at::Tensor moved = (RefineNormals(guess, {half}, SpreadOn(ball, 0.3)) - guess).abs().amax(0) * ball.mask[0];
  CHECK(moved.narrow(1, middle, middle).max().item<double>() < 1e-5);
  CHECK(moved.narrow(1, 0, middle).max().item<double>() > 0.05);
}

TEST_CASE("of several views one that lies is outvoted", "[light]") {
  const Ball ball = MakeBall();
  const at::Tensor guess = Flattened(ball.normals);
  std::vector<ShadingView> views;
  for (const double azimuth : {-50.0, -20.0, 10.0, 40.0}) views.push_back(ViewUnder(ball, {azimuth, 25}));
  const double honest = DegreesOff(RefineNormals(guess, views, SpreadOn(ball, 0.3)), ball);
  views.push_back(ViewUnder(ball, {20, 0}));
  views.back().shading = views.back().shading * 0.05;  // an arm's shadow
  CHECK(DegreesOff(RefineNormals(guess, views, SpreadOn(ball, 0.3)), ball) < 1.15 * honest);
}

}  // namespace shotfix::light
