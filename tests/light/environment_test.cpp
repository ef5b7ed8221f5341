// SPDX-License-Identifier: Apache-2.0
// Panoramas, plates and gobos whose light can be written down.
#include "support/test.h"

#include "shotfix/core/error.h"
#include "shotfix/light/environment.h"
#include "shotfix/light/gobo.h"
#include "support/ball.h"

namespace shotfix::light {
namespace {

constexpr int64_t kHigh = 128;
constexpr double kPi = 3.14159265358979;

// What the camera sees behind the subject lies in the middle.
std::pair<int64_t, int64_t> PlaceOf(Angles from) {
  const double column = 0.5 + (180 - from.azimuth_deg) / 360;
  return {static_cast<int64_t>((0.5 - from.elevation_deg / 180) * kHigh),
          static_cast<int64_t>((column - std::floor(column)) * 2 * kHigh)};
}

at::Tensor Grey(double level) { return at::full({3, kHigh, 2 * kHigh}, level); }

// A square lamp of some 6 degrees.
void PutLamp(at::Tensor& panorama, Angles from, const Rgb& rgb) {
  const auto [row, column] = PlaceOf(from);
  for (int64_t c = 0; c < 3; ++c)
    panorama[c].slice(0, row - 2, row + 2).slice(1, column - 2, column + 2).fill_(rgb[static_cast<size_t>(c)]);
}

// What a white surface reflects: the sum over the whole panorama, as the definition says.
at::Tensor Reflected(const at::Tensor& panorama, const Vector& normal) {
  at::Tensor sum = at::zeros({3}, at::kDouble);
  const double step = kPi / kHigh;
  for (int64_t row = 0; row < kHigh; ++row) {
    const double elevation = (0.5 - (row + 0.5) / kHigh) * kPi;
    for (int64_t column = 0; column < 2 * kHigh; ++column) {
      const double azimuth = kPi - ((column + 0.5) / (2 * kHigh) - 0.5) * 2 * kPi;
      const double cosine = std::sin(azimuth) * std::cos(elevation) * normal[0] + std::sin(elevation) * normal[1] +
                            std::cos(azimuth) * std::cos(elevation) * normal[2];
      if (cosine > 0)
        sum += panorama.select(1, row).select(1, column).to(at::kDouble) *
               (cosine * std::cos(elevation) * step * step / kPi);
    }
  }
  return sum;
}

at::Tensor ShadeOf(const Vector& normal, const SceneLight& light) {
  const at::Tensor one =
      at::tensor({static_cast<float>(normal[0]), static_cast<float>(normal[1]), static_cast<float>(normal[2])})
          .view({3, 1, 1});
  return Shade(one, light, {}).view({3}).to(at::kDouble);
}

}  // namespace

TEST_CASE("a lamp in a panorama becomes a key, where it stands and as strong as it is", "[light]") {
  for (const Angles from : {Angles{60, 20}, Angles{-40, 45}, Angles{150, 5}}) {
    at::Tensor panorama = Grey(0.2);
    PutLamp(panorama, from, {300, 200, 100});
    const SceneLight light = LightOfEnvironment(panorama, 0);
    REQUIRE(light.keys.size() == 1);
    CHECK(DegreesBetween(light.keys[0].direction, DirectionOf(from)) < 4);
    CHECK(light.keys[0].radius_deg < 10);
    CHECK(light.keys[0].rgb[0] == Approx(3 * light.keys[0].rgb[2]).epsilon(0.05));
    CHECK(LuminanceOf(light.ambient) == Approx(0.2).epsilon(0.05));
    for (const Angles facing : {from, Angles{0, 0}, Angles{90, -30}}) {
      const at::Tensor truth = Reflected(panorama, DirectionOf(facing));
      CHECK((ShadeOf(DirectionOf(facing), light) - truth).abs().max().item<double>() <
            0.06 * truth.max().item<double>() + 0.01);
    }
  }
}

TEST_CASE("a panorama turns to picture right", "[light]") {
  at::Tensor panorama = Grey(0.1);
  PutLamp(panorama, {90, 10}, {200, 200, 200});
  const SceneLight turned = LightOfEnvironment(panorama, 30);  // seen from above it goes on behind the lens
  REQUIRE(turned.keys.size() == 1);
  CHECK(DegreesBetween(turned.keys[0].direction, DirectionOf({60, 10})) < 4);
}

TEST_CASE("a soft sky has no key, and its light is all but exact", "[light]") {
  // Bright and blue above, brown below, a little warmer on one side.
  at::Tensor panorama = Grey(0);
  const at::Tensor up = (0.5 - (at::arange(kHigh) + 0.5) / static_cast<double>(kHigh)).view({kHigh, 1});
  const at::Tensor right = (at::arange(2 * kHigh) / static_cast<double>(kHigh)).view({1, 2 * kHigh});
  panorama[0].copy_(0.4 + 0.3 * up + 0.1 * right);
  panorama[1].copy_((0.5 + 0.5 * up).expand({kHigh, 2 * kHigh}));
  panorama[2].copy_((0.6 + 0.9 * up).expand({kHigh, 2 * kHigh}));
  const SceneLight light = LightOfEnvironment(panorama, 0);
  CHECK(light.keys.empty());
  for (const Angles facing : {Angles{0, 0}, Angles{0, 80}, Angles{-90, 0}, Angles{120, -60}}) {
    const at::Tensor truth = Reflected(panorama, DirectionOf(facing));
    CHECK((ShadeOf(DirectionOf(facing), light) - truth).abs().max().item<double>() < 0.03);
  }
  const SceneLight again = SceneLightFrom(ToJson(light));
  CHECK(at::equal(ShadeOf({0, 1, 0}, again), ShadeOf({0, 1, 0}, light)));
}

TEST_CASE("what is no panorama is told", "[light]") {
  CHECK_THROWS_WITH(LightOfEnvironment(at::ones({3, 64, 64}), 0), Catch::Contains("twice as wide"));
  CHECK_THROWS_WITH(LightOfEnvironment(at::zeros({3, 64, 128}), 0), Catch::Contains("black"));
  at::Tensor sun = Grey(0.1);
  sun[0][40][40] = std::numeric_limits<float>::infinity();
  CHECK(std::isfinite(LuminanceOf(LightOfEnvironment(sun, 0).ambient)));
}

TEST_CASE("a plate lights from the side on which it is bright", "[light]") {
  at::Tensor plate = at::full({3, 90, 160}, 0.2);
  plate[0].slice(1, 0, 60).fill_(1.0);  // red at picture left
  const SceneLight light = AmbientOfPlate(plate);
  CHECK(light.keys.empty());
  const at::Tensor left = ShadeOf(DirectionOf({-90, 0}), light);
  const at::Tensor right = ShadeOf(DirectionOf({90, 0}), light);
  CHECK(left[0].item<double>() > 2 * right[0].item<double>());
  CHECK(left[2].item<double>() == Approx(right[2].item<double>()).epsilon(0.02));
  // Alike in front and behind.
  CHECK(at::allclose(ShadeOf({0, 0, 1}, light), ShadeOf({0, 0, -1}, light), 1e-3, 1e-4));
}

TEST_CASE("a light's strength is its mean over what faces the camera", "[light]") {
  CHECK(FrontalLuminance({{}, {0.3, 0.3, 0.3}}) == Approx(0.3).epsilon(1e-3));
  const SceneLight key{{{{0, 0, 1}, {1, 1, 1}, 0.5}}, {0, 0, 0}};
  CHECK(FrontalLuminance(key) == Approx(2.0 / 3).epsilon(0.01));  // the mean of the cosine over a disc
  CHECK(FrontalLuminance(Scaled(key, 3)) == Approx(2).epsilon(0.01));
}

TEST_CASE("a gobo lies across its beam, upright as seen from the lamp", "[light]") {
  at::Tensor gobo = at::zeros({3, 40, 40});
  gobo.slice(2, 0, 20).fill_(1);     // its left half lets light through
  gobo[1].slice(0, 0, 20).fill_(1);  // and all of green above
  const at::Tensor flat = at::zeros({1, 60, 80});
  const at::Tensor from_lens = GoboOn(gobo, flat, {{0, 0, 1}, {1, 1, 1}, 8}, 1);
  CHECK(from_lens[0][50][20].item<float>() == Approx(1));
  CHECK(from_lens[0][50][60].item<float>() == Approx(0));
  CHECK(from_lens[1][10][60].item<float>() == Approx(1));
  // From the side the pattern is drawn out over a wall, and what lies nearer to the camera takes another place in it.
  at::Tensor stripes = at::zeros({3, 40, 40});
  stripes.slice(2, 20, 24).fill_(1);
  const Key aside{DirectionOf({60, 0}), {1, 1, 1}, 8};
  const double straight = GoboOn(stripes, flat, {{0, 0, 1}, {1, 1, 1}, 8}, 1)[0][30].sum().item<double>();
  const double drawn_out = GoboOn(stripes, flat, aside, 1)[0][30].sum().item<double>();
  CHECK(drawn_out == Approx(2 * straight).epsilon(0.15));
  const at::Tensor nearer = GoboOn(stripes, flat + 10, aside, 1);
  const auto middle = [](const at::Tensor& row) {
    return (row * at::arange(80)).sum().item<double>() / row.sum().item<double>();
  };
  CHECK(middle(nearer[0][30]) - middle(GoboOn(stripes, flat, aside, 1)[0][30]) ==
        Approx(10 * std::tan(60 * kPi / 180)).margin(1));
}

}  // namespace shotfix::light
