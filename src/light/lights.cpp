// SPDX-License-Identifier: Apache-2.0
#include "shotfix/light/lights.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "light/ambient_shape.h"
#include "light/terminator.h"
#include "shotfix/core/error.h"
#include "shotfix/image/check.h"

namespace shotfix::light {
namespace {

constexpr double kRadians = std::numbers::pi / 180;
constexpr Rgb kLuminance{0.2126, 0.7152, 0.0722};  // BT.709

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char letter : text) {
    if (letter == separator) parts.emplace_back();
    else parts.back() += letter;
  }
  return parts;
}

double Number(const std::string& text, double low, double high) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc() || stopped != end || !(value >= low && value <= high))
    Throw(ErrorCode::kUsage, "\"{}\" is no number from {} to {}", text, low, high);
  return value;
}

Rgb WithLuminanceOne(Rgb rgb) {
  const double luminance = LuminanceOf(rgb);
  for (double& value : rgb) value /= luminance;
  return rgb;
}

// Chromaticity of a black body (Kim et al. 2002).
std::array<double, 2> PlanckianXy(double kelvin) {
  const double t = 1e3 / kelvin;
  const double x = kelvin <= 4000 ? ((-0.2661239 * t - 0.2343589) * t + 0.8776956) * t + 0.179910
                                  : ((-3.0258469 * t + 2.1070379) * t + 0.2226347) * t + 0.240390;
  if (kelvin <= 2222) return {x, ((-1.1063814 * x - 1.34811020) * x + 2.18555832) * x - 0.20219683};
  if (kelvin <= 4000) return {x, ((-0.9549476 * x - 1.37418593) * x + 2.09137015) * x - 0.16748867};
  return {x, ((3.0817580 * x - 5.87338670) * x + 3.75112997) * x - 0.37001483};
}

Rgb LinearRgb(double kelvin) {
  const auto [x, y] = PlanckianXy(kelvin);
  const double big_x = x / y;
  const double big_z = (1 - x - y) / y;
  return {3.2404542 * big_x - 1.5371385 - 0.4985314 * big_z, -0.9692660 * big_x + 1.8760108 + 0.0415560 * big_z,
          0.0556434 * big_x - 0.2040259 + 1.0572252 * big_z};
}

Rgb ParseColour(const std::string& text) {
  const std::vector<std::string> parts = Split(text, ':');
  if (parts.size() == 1) return ColourOf(Number(text, 1667, 25000));
  if (parts.size() != 3) Throw(ErrorCode::kUsage, "the colour \"{}\" is neither kelvin nor R:G:B", text);
  const Rgb rgb{Number(parts[0], 0, 1e4), Number(parts[1], 0, 1e4), Number(parts[2], 0, 1e4)};
  if (LuminanceOf(rgb) <= 0) Throw(ErrorCode::kUsage, "the colour \"{}\" is black; use STOPS to dim a light", text);
  return WithLuminanceOne(rgb);
}

}  // namespace

at::Tensor AmbientFactors(const at::Tensor& normals) {
  const at::Tensor x = normals[0];
  const at::Tensor y = normals[1];
  const at::Tensor z = normals[2];
  return at::stack({y, z, x, x * y, y * z, 3 * z.square() - 1, x * z, x.square() - y.square()});
}

Vector DirectionOf(Angles angles) {
  const double azimuth = angles.azimuth_deg * kRadians;
  const double elevation = angles.elevation_deg * kRadians;
  return {std::sin(azimuth) * std::cos(elevation), std::sin(elevation), std::cos(azimuth) * std::cos(elevation)};
}

Angles AnglesOf(const Vector& d) {
  const double length = std::sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
  return {std::atan2(d[0], d[2]) / kRadians, std::asin(std::clamp(d[1] / length, -1.0, 1.0)) / kRadians};
}

double DegreesBetween(const Vector& a, const Vector& b) {
  const auto dot = [](const Vector& u, const Vector& v) { return u[0] * v[0] + u[1] * v[1] + u[2] * v[2]; };
  return std::acos(std::clamp(dot(a, b) / std::sqrt(dot(a, a) * dot(b, b)), -1.0, 1.0)) / kRadians;
}

at::Tensor AsColumn(const Rgb& rgb) {
  return at::tensor({static_cast<float>(rgb[0]), static_cast<float>(rgb[1]), static_cast<float>(rgb[2])})
      .view({3, 1, 1});
}

at::Tensor LuminanceOf(const at::Tensor& rgb) {
  return (rgb * AsColumn({kLuminance[0], kLuminance[1], kLuminance[2]}).to(rgb.device())).sum(0, true);
}

double LuminanceOf(const Rgb& rgb) { return kLuminance[0] * rgb[0] + kLuminance[1] * rgb[1] + kLuminance[2] * rgb[2]; }

Rgb ColourOf(double kelvin) {
  if (!(kelvin >= 1667 && kelvin <= 25000))
    Throw(ErrorCode::kUsage, "a light of {} K; allowed is 1667 to 25000", kelvin);
  const Rgb white = LinearRgb(6500);
  Rgb rgb = LinearRgb(kelvin);
  for (size_t k = 0; k < 3; ++k) rgb[k] = std::max(0.0, rgb[k] / white[k]);
  return WithLuminanceOne(rgb);
}

Angles ParseAngles(const std::string& text) {
  const std::vector<std::string> parts = Split(text, ',');
  if (parts.size() != 2) Throw(ErrorCode::kUsage, "\"{}\" is no light's place; write AZ,EL, for example 45,30", text);
  return {Number(parts[0], -180, 180), Number(parts[1], -90, 90)};
}

KeyRequest ParseKey(const std::string& text) {
  const std::vector<std::string> parts = Split(text, ',');
  if (parts.size() < 2 || parts.size() > 4)
    Throw(ErrorCode::kUsage, "\"{}\" is no light; write AZ,EL[,KELVIN[,STOPS]], for example 45,30,3200,-0.5", text);
  KeyRequest key;
  key.from = ParseAngles(parts[0] + "," + parts[1]);
  if (parts.size() > 2 && !parts[2].empty()) key.colour = ParseColour(parts[2]);
  if (parts.size() > 3) key.stops = Number(parts[3], -6, 6);
  return key;
}

std::string ToJson(const SceneLight& light) {
  nlohmann::json json = {{"ambient", light.ambient}, {"keys", nlohmann::json::array()}};
  if (light.ambient_shape) json["ambient_shape"] = *light.ambient_shape;
  for (const Key& key : light.keys)
    json["keys"].push_back({{"direction", key.direction}, {"rgb", key.rgb}, {"radius_deg", key.radius_deg}});
  return json.dump();
}

SceneLight SceneLightFrom(const std::string& json) {
  try {
    const nlohmann::json read = nlohmann::json::parse(json);
    SceneLight light;
    light.ambient = read.at("ambient").get<Rgb>();
    if (read.contains("ambient_shape")) light.ambient_shape = read.at("ambient_shape").get<AmbientShape>();
    for (const nlohmann::json& key : read.at("keys"))
      light.keys.push_back({key.at("direction").get<Vector>(), key.at("rgb").get<Rgb>(), key.at("radius_deg")});
    if (light.keys.empty() && LuminanceOf(light.ambient) <= 0) Throw(ErrorCode::kData, "a light that is none");
    return light;
  } catch (const nlohmann::json::exception& problem) {
    Throw(ErrorCode::kData, "the stored light cannot be read: {}", problem.what());
  }
}

at::Tensor MirrorLobe(const at::Tensor& normals, const Vector& direction, double exponent) {
  const Vector half{direction[0], direction[1], direction[2] + 1};
  // From straight behind nothing is mirrored.
  const double length = std::sqrt(std::max(1e-4, half[0] * half[0] + half[1] * half[1] + half[2] * half[2]));
  const at::Tensor towards = AsColumn({half[0] / length, half[1] / length, half[2] / length}).to(normals.device());
  return (normals * towards).sum(0, true).clamp_min(0).pow(exponent);
}

at::Tensor Shade(const at::Tensor& normals, const SceneLight& light, const std::vector<at::Tensor>& visibility) {
  image::CheckTensor(normals, "normals", {3, image::kAnySize, image::kAnySize});
  SHOTFIX_CHECK(visibility.empty() || visibility.size() == light.keys.size());
  const auto column = [&](const Rgb& rgb) { return AsColumn(rgb).to(normals.device()); };
  at::Tensor sum = column(light.ambient).expand_as(normals).contiguous();
  if (light.ambient_shape) {
    const at::Tensor factors = AmbientFactors(normals);
    for (size_t k = 0; k < light.ambient_shape->size(); ++k)
      sum = sum + factors[static_cast<int64_t>(k)] * column((*light.ambient_shape)[k]);
    sum = sum.clamp_min(0);
  }
  for (size_t k = 0; k < light.keys.size(); ++k) {
    const Key& key = light.keys[k];
    const at::Tensor cosine = (normals * column(key.direction)).sum(0, true);
    const double reach = std::sin(std::clamp(key.radius_deg, 0.1, 60.0) * kRadians);
    at::Tensor lit = SoftCosine(cosine, reach);
    if (!visibility.empty()) lit = lit * visibility[k];
    sum = sum + lit * column(key.rgb);
  }
  return sum;
}

}  // namespace shotfix::light
