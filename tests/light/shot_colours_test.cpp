// SPDX-License-Identifier: Apache-2.0
// A ball of two colours under two lights, graded from one to the other.
#include "shotfix/light/shot_colours.h"

#include "shotfix/core/error.h"
#include "support/ball.h"
#include "support/test.h"

namespace shotfix::light {
namespace {

using testing::Ball;
using testing::MakeBall;

const SceneLight kWarm{{{DirectionOf({-40, 20}), {0.9, 0.6, 0.35}, 8}}, {0.2, 0.2, 0.25}};
const SceneLight kCool{{{DirectionOf({50, 20}), {0.3, 0.4, 0.6}, 8}}, {0.1, 0.1, 0.12}};

ColouredFrame Shown(const Ball& ball, const SceneLight& light) {
  return {testing::BallUnder(ball, light).clamp_min(0.005), ball.normals, ball.mask};
}

ShotColours Colours(const ColouredFrame& frame) { return ColoursOf({frame}, LitSide({frame})); }

// Mean of the absolute difference in stops.
double Apart(const at::Tensor& a, const at::Tensor& b, const at::Tensor& mask) {
  return ((a.log2() - b.log2()).abs() * mask).sum().item<double>() / (3 * mask.sum().item<double>());
}

}  // namespace

TEST_CASE("colours of one shot are brought to another's, the brighter side with them", "[light]") {
  const Ball ball = MakeBall();
  const ColouredFrame warm = Shown(ball, kWarm);
  const ColouredFrame cool = Shown(ball, kCool);
  const ShotColours from = Colours(warm);
  const ShotColours to = Colours(cool);
  CHECK(from.side[0] < -0.3);
  CHECK(to.side[0] > 0.3);
  const at::Tensor graded = warm.linear * ColourTransfer(from, to).Stops(warm.linear, ball.normals).exp2();
  const double before = Apart(warm.linear, cool.linear, ball.mask);
  CHECK(Apart(graded, cool.linear, ball.mask) < 0.5 * before);
  // Mean and side are the wanted ones, whatever the map does to the rest.
  const ShotColours after = Colours({graded, ball.normals, ball.mask});
  for (size_t c = 0; c < 3; ++c) CHECK(after.mean[c] == Approx(to.mean[c]).margin(0.1));
  CHECK(after.side[0] == Approx(to.side[0]).margin(0.25));
}

TEST_CASE("a shot matched to itself stays", "[light]") {
  const Ball ball = MakeBall();
  const ColouredFrame warm = Shown(ball, kWarm);
  const ShotColours own = Colours(warm);
  CHECK(ColourTransfer(own, own).Stops(warm.linear, ball.normals).abs().max().item<double>() < 1e-3);
  const ShotColours read = ShotColoursFrom(ToJson(own));
  CHECK(read.mean == own.mean);
  CHECK(read.covariance == own.covariance);
}

TEST_CASE("contrast changes 1.4-fold at most, and what is hardly seen tells nothing", "[light]") {
  const Ball ball = MakeBall();
  ShotColours flat = Colours(Shown(ball, kWarm));
  ShotColours wild = flat;
  for (double& value : flat.covariance) value = 0;
  for (size_t c = 0; c < 3; ++c) wild.covariance[4 * c] = 25;
  const at::Tensor grey = at::full({3, 1, 2}, 0.1);
  grey.select(2, 1).fill_(0.2);
  const at::Tensor facing = at::tensor({0.0F, 0.0F, 1.0F}).view({3, 1, 1}).expand({3, 1, 2});
  const at::Tensor stops = ColourTransfer(flat, wild).Stops(grey, facing);
  CHECK((stops[0][0][1] - stops[0][0][0]).item<double>() ==
        Approx(0.4).margin(0.01));  // 1.4 stops apart, where one was
  CHECK_THROWS_AS(LitSide({{grey, facing, at::ones({1, 1, 2})}}), Error);
  CHECK_THROWS_AS(LitSide({}), Error);
}

}  // namespace shotfix::light
