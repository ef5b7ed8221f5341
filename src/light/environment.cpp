// SPDX-License-Identifier: Apache-2.0
#include "shotfix/light/environment.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "light/ambient_shape.h"
#include "shotfix/core/error.h"
#include "shotfix/image/check.h"
#include "shotfix/image/resample.h"

namespace shotfix::light {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kRadians = kPi / 180;
constexpr int64_t kRows = 64;  // of the panorama as it is worked on: 2.8 degrees each

// A panorama's pixels as rows: where they are, how much of the sphere they cover, what comes from there.
struct Sphere {
  at::Tensor directions;  // [P,3] double, of length 1, from the subject
  at::Tensor solid;       // [P] steradian
  at::Tensor radiance;    // [P,3] double

  at::Tensor Luminance() const { return radiance.mv(at::tensor({0.2126, 0.7152, 0.0722}, at::kDouble)); }
};

// Directions of an equirectangular picture's pixels, [P,3], and their solid angles.
Sphere EmptySphere(double turn_deg) {
  const int64_t columns = 2 * kRows;
  const auto angles = [](int64_t count, double span) {
    return (at::arange(count, at::kDouble) + 0.5) * (span / static_cast<double>(count)) - span / 2;
  };
  const at::Tensor elevation = -angles(kRows, kPi).view({kRows, 1}).expand({kRows, columns}).reshape({-1});
  // The middle is at azimuth 180, and what lies right of it in the picture is at picture right.
  const at::Tensor right = (angles(columns, 2 * kPi) + turn_deg * kRadians).view({1, columns});
  const at::Tensor azimuth = kPi - right.expand({kRows, columns}).reshape({-1});
  Sphere sphere;
  sphere.directions = at::stack({azimuth.sin() * elevation.cos(), elevation.sin(), azimuth.cos() * elevation.cos()}, 1);
  sphere.solid = elevation.cos();
  sphere.solid = sphere.solid * (4 * kPi / sphere.solid.sum());
  return sphere;
}

Rgb RgbOf(const at::Tensor& values) {
  return {values[0].item<double>(), values[1].item<double>(), values[2].item<double>()};
}

// The brightest lamp, taken out of the sphere; nothing where none stands out.
std::optional<Key> TakeKey(Sphere& sphere) {
  constexpr double kReach = 25 * kRadians;  // of a lamp and of what surrounds it
  constexpr double kCore = 12 * kRadians;
  constexpr double kLeastShare = 0.08;  // of all light
  constexpr double kStandsOut = 4;      // times as bright as what surrounds it
  const at::Tensor luminance = sphere.Luminance();
  const at::Tensor at_peak = sphere.directions[luminance.argmax().item<int64_t>()];
  const at::Tensor away = sphere.directions.mv(at_peak).clamp(-1, 1).acos();
  const at::Tensor ring = (away > kCore).logical_and(away < kReach).to(at::kDouble) * sphere.solid;
  const at::Tensor around = (sphere.radiance * ring.unsqueeze(1)).sum(0) / ring.sum();
  const double level = (luminance * ring).sum().item<double>() / ring.sum().item<double>();
  const at::Tensor lamp = (away <= kReach).logical_and(luminance > kStandsOut * level).to(at::kDouble);
  const at::Tensor excess = (sphere.radiance - around).clamp_min(0) * lamp.unsqueeze(1);
  const at::Tensor energy = (excess * sphere.solid.unsqueeze(1)).sum(0);
  const double all = (luminance * sphere.solid).sum().item<double>();
  if (!(LuminanceOf(RgbOf(energy)) > kLeastShare * all)) return std::nullopt;
  const at::Tensor weight = excess.sum(1) * sphere.solid;
  const at::Tensor towards = (sphere.directions * weight.unsqueeze(1)).sum(0);
  const at::Tensor direction = towards / towards.norm();
  const at::Tensor spread = sphere.directions.mv(direction).clamp(-1, 1).acos().square();
  const double mean_square = ((spread * weight).sum() / weight.sum()).item<double>();
  Key key;
  for (int64_t k = 0; k < 3; ++k) key.direction[static_cast<size_t>(k)] = direction[k].item<double>();
  key.rgb = RgbOf(energy / kPi);
  key.radius_deg = std::clamp(std::sqrt(2 * mean_square) / kRadians, 0.5, 60.0);  // of a disc of that spread
  sphere.radiance = sphere.radiance - excess;
  return key;
}

// The sphere's light on a white surface, by order. Lambert's attenuation is 1, 2/3 and 1/4 of what pi holds.
void PutAmbient(const Sphere& sphere, SceneLight& light) {
  constexpr std::array<double, 9> kAttenuation{1, 2. / 3, 2. / 3, 2. / 3, 0.25, 0.25, 0.25, 0.25, 0.25};
  // Squared constants of the harmonics.
  constexpr std::array<double, 9> kSquared{1 / (4 * kPi),  3 / (4 * kPi),  3 / (4 * kPi),
                                           3 / (4 * kPi),  15 / (4 * kPi), 15 / (4 * kPi),
                                           5 / (16 * kPi), 15 / (4 * kPi), 15 / (16 * kPi)};
  const at::Tensor shape = AmbientFactors(sphere.directions.t().unsqueeze(1)).squeeze(1);  // [8,P]
  const at::Tensor factors =
      at::cat({at::ones_like(shape.narrow(0, 0, 1)), shape}).mm(sphere.radiance * sphere.solid.unsqueeze(1));
  light.ambient_shape.emplace();
  for (int64_t k = 0; k < 9; ++k) {
    Rgb rgb = RgbOf(factors[k]);
    const auto place = static_cast<size_t>(k);
    for (double& value : rgb) value *= kAttenuation[place] * kSquared[place];
    if (k == 0) light.ambient = rgb;
    else (*light.ambient_shape)[place - 1] = rgb;
  }
}

at::Tensor Rows(const at::Tensor& picture) { return picture.to(at::kDouble).flatten(1).t().contiguous(); }

}  // namespace

SceneLight LightOfEnvironment(const at::Tensor& radiance, double turn_deg, size_t most_keys) {
  image::CheckTensor(radiance, "radiance", {3, image::kAnySize, image::kAnySize});
  const int64_t height = radiance.size(1);
  const int64_t width = radiance.size(2);
  constexpr double kMostOff = 0.02;  // a pixel row or two may be missing
  if (height < 8 || std::fabs(static_cast<double>(width) / static_cast<double>(height) - 2) > kMostOff)
    Throw(ErrorCode::kData, "a panorama is equirectangular, twice as wide as high; this picture is {}x{}", width,
          height);
  constexpr double kBrightest = 1e6;  // an infinite sun would be all of the light
  Sphere sphere = EmptySphere(turn_deg);
  sphere.radiance =
      Rows(image::Resize(at::nan_to_num(radiance, 0, kBrightest, 0).clamp(0, kBrightest), kRows, 2 * kRows));
  if (!(sphere.radiance.sum().item<double>() > 0))
    Throw(ErrorCode::kData, "the panorama is black: no light comes of it");
  SceneLight light;
  while (light.keys.size() < most_keys) {
    const std::optional<Key> key = TakeKey(sphere);
    if (!key) break;
    light.keys.push_back(*key);
  }
  PutAmbient(sphere, light);
  return light;
}

SceneLight AmbientOfPlate(const at::Tensor& plate) {
  image::CheckTensor(plate, "plate", {3, image::kAnySize, image::kAnySize});
  Sphere sphere = EmptySphere(0);
  const at::Tensor small = image::Resize(at::nan_to_num(plate, 0, 1, 0).clamp_min(0), kRows, kRows);
  const auto place = [](const at::Tensor& along) {
    return ((along + 1) / 2 * static_cast<double>(kRows)).floor().clamp(0, kRows - 1).to(at::kLong);
  };
  const at::Tensor column = place(sphere.directions.select(1, 0));
  const at::Tensor row = place(-sphere.directions.select(1, 1));
  sphere.radiance = Rows(small).index_select(0, row * kRows + column);
  SceneLight light;
  PutAmbient(sphere, light);
  return light;
}

double FrontalLuminance(const SceneLight& light) {
  const Sphere sphere = EmptySphere(0);
  const at::Tensor normals = sphere.directions.t().to(at::kFloat).view({3, kRows, 2 * kRows});
  const at::Tensor facing = sphere.directions.select(1, 2).clamp_min(0) * sphere.solid;  // as large as it is seen
  const Rgb mean = RgbOf(Rows(Shade(normals, light, {})).t().mv(facing) / facing.sum());
  return LuminanceOf(mean);
}

SceneLight Scaled(SceneLight light, double factor) {
  const auto scale = [&](Rgb& rgb) {
    for (double& value : rgb) value *= factor;
  };
  for (Key& key : light.keys) scale(key.rgb);
  scale(light.ambient);
  if (light.ambient_shape) std::for_each(light.ambient_shape->begin(), light.ambient_shape->end(), scale);
  return light;
}

}  // namespace shotfix::light
