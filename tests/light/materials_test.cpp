// SPDX-License-Identifier: Apache-2.0
// A painted ball of two materials, half of it in the shade.
#include "support/test.h"

#include "shotfix/core/error.h"
#include "shotfix/light/materials.h"
#include "shotfix/light/relief.h"
#include "support/ball.h"

namespace shotfix::light {
namespace {

using testing::Ball;
using testing::MakeBall;

constexpr double kAmbientShare = 0.08;
const Angles kFrom{60, 15};
const Rgb kUpper{0.55, 0.36, 0.27};  // as skin
const Rgb kLower{0.05, 0.1, 0.32};   // as a blue shirt

struct TwoMaterials {
  Ball ball = MakeBall();
  at::Tensor upper;  // [1,h,w]
  at::Tensor albedo;
  ShadedPicture frame;

  TwoMaterials() {
    const int64_t height = ball.mask.size(1);
    upper = (at::arange(height).view({1, height, 1}) < height / 2).to(at::kFloat).expand_as(ball.mask);
    albedo = AsColumn(kUpper) * upper + AsColumn(kLower) * (1 - upper);
    const SceneLight light{{{DirectionOf(kFrom), {1, 1, 1}, 8}}, {kAmbientShare, kAmbientShare, kAmbientShare}};
    frame.picture = (albedo * Shade(ball.normals, light, {}) * ball.mask).contiguous();
    frame.mask = ball.mask;
    frame.key = Shade(ball.normals, {{{DirectionOf(kFrom), {1, 1, 1}, 8}}, {0, 0, 0}}, {}).slice(0, 0, 1).contiguous();
  }
  // Mean of one channel of `picture` where the subject is one material and lit as said.
  double Mean(const at::Tensor& picture, int64_t channel, bool above, bool lit) const {
    const at::Tensor half = above ? upper : 1 - upper;
    const at::Tensor light = lit ? frame.key > 0.5 : frame.key < 0.02;
    const at::Tensor where = half * light * (ball.mask > 0.99);
    return (picture.narrow(0, channel, 1) * where).sum().item<double>() / where.sum().item<double>();
  }
};

}  // namespace

TEST_CASE("a subject's materials are told apart, and each stays itself in the shade", "[light]") {
  const TwoMaterials scene;
  const Materials materials = Materials::Find({scene.frame});
  CHECK(materials.count() >= 2);
  const at::Tensor albedo = materials.AlbedoOf(scene.frame);
  for (int64_t channel = 0; channel < 3; ++channel) {
    const auto c = static_cast<size_t>(channel);
    const double ratio = scene.Mean(albedo, channel, true, true) / scene.Mean(albedo, channel, false, true);
    CHECK(ratio == Approx(kUpper[c] / kLower[c]).epsilon(0.2));  // a quarter of a stop
    for (const bool above : {true, false})
      CHECK(scene.Mean(albedo, channel, above, false) == Approx(scene.Mean(albedo, channel, above, true)).epsilon(0.1));
  }
}

TEST_CASE("materials found under a warm light are divided by it once its colour is said", "[light]") {
  TwoMaterials scene;
  const at::Tensor white = Materials::Find({scene.frame}).AlbedoOf(scene.frame);
  const Rgb warm{1.3, 0.95, 0.6};
  scene.frame.picture = scene.frame.picture * AsColumn(warm);
  const Materials found = Materials::Find({scene.frame});
  const at::Tensor divided = found.Under(warm).AlbedoOf(scene.frame);
  for (int64_t channel = 0; channel < 3; ++channel)
    CHECK(scene.Mean(divided, channel, true, true) == Approx(scene.Mean(white, channel, true, true)).epsilon(0.05));
}

TEST_CASE("a light of one colour alone leaves albedos that are numbers", "[light]") {
  const TwoMaterials scene;
  const Materials found = Materials::Find({scene.frame});
  CHECK(at::isfinite(found.Under({2, 0.5, 0.05}).AlbedoOf(scene.frame)).all().item<bool>());
  CHECK_THROWS(found.Under({2, 0.5, 0}));
}

TEST_CASE("materials come back as they were stored", "[light]") {
  const TwoMaterials scene;
  const Materials found = Materials::Find({scene.frame});
  const Materials again = Materials::From(found.parts().clone(), found.albedos().clone(), found.ambient());
  CHECK(at::equal(again.AlbedoOf(scene.frame), found.AlbedoOf(scene.frame)));
  CHECK(at::equal(Materials::Find({scene.frame}).parts(), found.parts()));  // the same bits each time
}

TEST_CASE("a shape that is only guessed still tells how strong key and ambient light are", "[light]") {
  TwoMaterials scene;
  at::manual_seed(5);
  // As a guess is wrong: by some 25 degrees, differently in each place.
  const at::Tensor noise = at::randn({1, scene.frame.key.size(1) / 8, scene.frame.key.size(2) / 8});
  const at::Tensor rough =
      at::upsample_bilinear2d(noise.unsqueeze(0), {scene.frame.key.size(1), scene.frame.key.size(2)}, false)[0];
  const at::Tensor guessed = (scene.frame.key + 0.25 * rough * (scene.frame.key > 0)).clamp(0, 1);
  const ShadedPicture frame{scene.frame.picture, scene.frame.mask, guessed};
  const LightFit fit = FitLightBySpread({frame}, {scene.albedo}, DirectionOf(kFrom));
  const double stops = std::log2(LuminanceOf(fit.light.keys[0].rgb) / LuminanceOf(fit.light.ambient));
  CHECK(stops == Approx(std::log2(1 / kAmbientShare)).margin(0.6));
}

TEST_CASE("under a soft sky hair stays hair", "[light]") {
  // Hair of a tenth of the skin's albedo and of like hue, all of it on the lit side: its darkness is no shade.
  const Ball ball = MakeBall();
  const int64_t width = ball.mask.size(2);
  const at::Tensor hair = (at::arange(width).view({1, 1, width}) > 0.6 * static_cast<double>(width)).to(at::kFloat);
  const at::Tensor albedo = AsColumn(kUpper) * (1 - 0.88 * hair);
  const SceneLight sky{{{DirectionOf({0, 60}), {1, 1, 1}, 40}}, {0.5, 0.5, 0.5}};
  ShadedPicture frame;
  frame.picture = (albedo * Shade(ball.normals, sky, {}) * ball.mask).contiguous();
  frame.mask = ball.mask;
  frame.key = Shade(ball.normals, {{{DirectionOf({0, 60}), {1, 1, 1}, 40}}, {0, 0, 0}}, {}).slice(0, 0, 1).contiguous();
  const at::Tensor skin = ball.mask * (1 - hair);
  const std::optional<double> ambient = AmbientBySpread({{frame.picture, skin, frame.key}});
  REQUIRE(ambient.has_value());
  CHECK(*ambient == Approx(0.5).epsilon(0.25));
  const at::Tensor found = Materials::Find({frame}, *ambient).AlbedoOf(frame).mean(0, true);
  const auto mean = [&](const at::Tensor& where) { return (found * where).sum() / where.sum(); };
  const double stops = (mean(skin) / mean(ball.mask * hair)).log2().item<double>();
  CHECK(stops == Approx(std::log2(1 / 0.12)).margin(0.5));
  CHECK_FALSE(AmbientBySpread({}).has_value());
  CHECK_FALSE(AmbientBySpread({{frame.picture, skin, at::zeros_like(frame.key)}}).has_value());  // a key from behind
  // Its ratio to the key is kept where it is known.
  const LightFit fit =
      FitLightBySpread({frame}, {albedo.expand_as(frame.picture).contiguous()}, DirectionOf({0, 60}), *ambient);
  CHECK(LuminanceOf(fit.light.ambient) == Approx(*ambient * LuminanceOf(fit.light.keys[0].rgb)));
}

TEST_CASE("where no subject is, no material is found", "[light]") {
  TwoMaterials scene;
  scene.frame.mask = at::zeros_like(scene.frame.mask);
  CHECK_THROWS_AS(Materials::Find({scene.frame}), Error);
  // The actor has left the picture on one frame of the shot.
  const TwoMaterials whole;
  const at::Tensor none = Materials::Find({whole.frame}).AlbedoOf(scene.frame);
  CHECK(at::isfinite(none).all().item<bool>());
  // A key from behind reaches nothing that is seen.
  ShadedPicture behind = whole.frame;
  behind.key = at::zeros_like(behind.key);
  CHECK_THROWS_AS(FitLightBySpread({behind}, {whole.albedo}, DirectionOf({180, 0})), Error);
}

}  // namespace shotfix::light
