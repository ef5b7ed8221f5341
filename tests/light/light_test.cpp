// SPDX-License-Identifier: Apache-2.0
// A painted ball under known lights: everything about it can be written down.
#include "support/test.h"

#include "shotfix/core/error.h"
#include "shotfix/image/resample.h"
#include "shotfix/light/light_fit.h"
#include "shotfix/light/photometric_stereo.h"
#include "shotfix/light/registration.h"
#include "shotfix/light/relief.h"
#include "support/ball.h"

namespace shotfix::light {
namespace {

using testing::Ball;
using testing::DegreesApart;
using testing::MakeBall;

constexpr int64_t kWidth = testing::kBallWidth;

SceneLight OneKey(Angles from, const Rgb& ambient = {0, 0, 0}) {
  return {{{DirectionOf(from), {1.0, 0.9, 0.7}, 0.1}}, ambient};
}

std::vector<Angles> RingOfLights() {
  std::vector<Angles> lights;
  for (int k = 0; k < 16; ++k) lights.push_back({55 * std::cos(k * 0.3927), 15 + 30 * std::sin(k * 0.3927)});
  return lights;
}

// A light-reference take of it.
struct Take {
  std::vector<at::Tensor> pictures;
  std::vector<Vector> directions;
};

Take TakeOf(const Ball& ball) {
  Take take;
  for (const Angles& from : RingOfLights()) {
    take.pictures.push_back(ball.albedo * Shade(ball.normals, OneKey(from), {}));
    take.directions.push_back(DirectionOf(from));
  }
  return take;
}

}  // namespace

TEST_CASE("lights are read as an editor writes them", "[light]") {
  const KeyRequest key = ParseKey("45,30,3200,-0.5");
  CHECK(key.from.azimuth_deg == 45);
  CHECK(key.from.elevation_deg == 30);
  CHECK(key.stops == -0.5);
  CHECK((*key.colour)[0] > (*key.colour)[2] * 1.5);  // warm
  CHECK(LuminanceOf(*key.colour) == Approx(1));
  CHECK_FALSE(ParseKey("-20,0").colour.has_value());
  CHECK((*ParseKey("0,0,1:2:4").colour)[2] == Approx(4 * (*ParseKey("0,0,1:2:4").colour)[0]));
  for (const char* wrong :
       {"45", "a,b", "45,30,hot", "45,30,3200,9", "200,0", "0,0,100", "1,2,3:4", "1,2,0:0:0", "1,2,,,"})
    CHECK_THROWS_AS(ParseKey(wrong), Error);
}

TEST_CASE("azimuth is from the lens to picture right, elevation upwards", "[light]") {
  CHECK(DirectionOf({0, 0})[2] == Approx(1));
  CHECK(DirectionOf({90, 0})[0] == Approx(1));
  CHECK(DirectionOf({0, 90})[1] == Approx(1));
  CHECK(DirectionOf({180, 0})[2] == Approx(-1));
  const Angles back = AnglesOf(DirectionOf({-135, 20}));
  CHECK(back.azimuth_deg == Approx(-135));
  CHECK(back.elevation_deg == Approx(20));
}

TEST_CASE("6500 K is white, less is red, more is blue", "[light]") {
  for (const double value : ColourOf(6500)) CHECK(value == Approx(1));
  CHECK(ColourOf(2800)[0] > 1.5);
  CHECK(ColourOf(12000)[2] > 1.3);
  CHECK_THROWS_AS(ColourOf(500), Error);
}

TEST_CASE("a moving light tells shape and albedo", "[light]") {
  const Ball ball = MakeBall();
  auto [pictures, directions] = TakeOf(ball);
  const Surface surface = SolveSurface(pictures, directions);
  const at::Tensor facing = ball.mask * (ball.normals.narrow(0, 2, 1) > 0.6);
  CHECK(DegreesApart(surface.normals, ball.normals, facing) < 1.5);
  CHECK(((surface.albedo[1] - ball.albedo[1] * 0.9).abs() * facing[0]).max().item<double>() < 0.05);
  CHECK_THROWS_AS(SolveSurface({pictures[0], pictures[1]}, {directions[0], directions[1]}), Error);
  const std::vector<at::Tensor> five(pictures.begin(), pictures.begin() + 5);
  CHECK_THROWS_WITH(SolveSurface(five, std::vector<Vector>(5, directions[0])), Catch::Contains("one plane"));
}

TEST_CASE("neither another's shadow nor a highlight counts as a cosine", "[light]") {
  const Ball ball = MakeBall();
  auto [pictures, directions] = TakeOf(ball);
  const at::Tensor facing = ball.mask * (ball.normals.narrow(0, 2, 1) > 0.6);
  // An arm before three of the lamps, and the glint of two others.
  for (const size_t k : {1, 6, 11}) pictures[k] = pictures[k] * 0.1;
  for (const size_t k : {3, 9}) pictures[k] = pictures[k] + 0.4;
  const Surface surface = SolveSurface(pictures, directions);
  CHECK(DegreesApart(surface.normals, ball.normals, facing) < 2.5);
}

TEST_CASE("heights come back from normals, and a disc inflates to a ball", "[light]") {
  const Ball ball = MakeBall();
  const at::Tensor inner = ball.mask * (ball.normals.narrow(0, 2, 1) > 0.35);
  const at::Tensor heights = IntegrateNormals(ball.normals, inner);
  const auto centred = [&](const at::Tensor& z) { return (z - (z * inner).sum() / inner.sum()) * inner; };
  CHECK((centred(heights) - centred(ball.heights)).abs().max().item<double>() < 1.0);
  const at::Tensor round = InflateOutline(ball.mask);
  CHECK(((round - ball.heights).abs() * inner).max().item<double>() < 2.0);
  CHECK(DegreesApart(NormalsOf(round, ball.mask), ball.normals, inner) < 3);
}

TEST_CASE("a wall casts its shadow away from the light, and only as long as it is high", "[light]") {
  at::Tensor heights = at::zeros({1, 60, 100});
  heights.slice(2, 48, 52).fill_(10);
  const at::Tensor mask = at::ones_like(heights);
  const at::Tensor seen = CastShadow(heights, mask, {DirectionOf({45, 0}), {1, 1, 1}, 1});
  CHECK(seen[0][30][45].item<double>() < 0.1);  // left of the wall, the light is at the right
  CHECK(seen[0][30][60].item<double>() > 0.9);  // on its side
  CHECK(seen[0][30][30].item<double>() > 0.9);  // 18 px away: a wall of 10 px at 45 degrees does not reach
  CHECK(seen[0][30][50].item<double>() > 0.9);  // the wall itself
}

TEST_CASE("the light of a picture is found where shape and albedo are known", "[light]") {
  const Ball ball = MakeBall();
  const SceneLight truth = OneKey({-50, 35}, {0.1, 0.12, 0.15});
  const at::Tensor picture = ball.albedo * Shade(ball.normals, truth, {});
  const LightFit fit = FitLight({{picture, ball.normals, ball.albedo, ball.mask}}, std::nullopt);
  CHECK(DegreesBetween(fit.light.keys[0].direction, truth.keys[0].direction) < 1);
  CHECK(fit.uncertainty_deg < 2);
  CHECK(fit.explained > 0.99);
  for (size_t k = 0; k < 3; ++k) {
    CHECK(fit.light.keys[0].rgb[k] == Approx(truth.keys[0].rgb[k]).epsilon(0.03));
    CHECK(fit.light.ambient[k] == Approx(truth.ambient[k]).epsilon(0.1));
  }
  CHECK_THROWS_AS(FitLight({{picture, ball.normals, ball.albedo, ball.mask * 0}}, std::nullopt), Error);
}

TEST_CASE("a take is found again in a moved, turned and otherwise lit picture", "[light]") {
  const Ball take = MakeBall();
  const Ball moved = MakeBall(kWidth / 2.0 + 6, 12);
  const SceneLight here = OneKey({30, 20}, {0.2, 0.2, 0.2});
  const SceneLight there = OneKey({-30, 10}, {0.2, 0.2, 0.2});
  const at::Tensor a = LocalContrast(moved.albedo * Shade(moved.normals, here, {}), moved.mask);
  const at::Tensor b = LocalContrast(take.albedo * Shade(take.normals, there, {}), take.mask);
  const std::unique_ptr<temporal::FlowEstimator> flow = temporal::MakeDisFlow();
  const Registration registration = RegisterTake(*flow, a, moved.mask, b, take.mask);
  CHECK(registration.likeness > 0.6);
  const SeenSurface seen = SeeSurface({take.normals, take.albedo, take.heights, take.mask}, registration);
  const at::Tensor inner = moved.mask * registration.known * (moved.normals.narrow(0, 2, 1) > 0.6);
  CHECK(DegreesApart(seen.normals, moved.normals, inner) < 10);
  const at::Tensor unturned =
      image::SampleAtOffset(take.normals, registration.take_from_frame, image::Filter::kBilinear);
  CHECK(DegreesApart(seen.normals, moved.normals, inner) < 0.85 * DegreesApart(unturned, moved.normals, inner));
}

}  // namespace shotfix::light
