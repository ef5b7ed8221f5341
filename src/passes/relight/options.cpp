// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "shotfix/core/error.h"
#include "shotfix/passes/relight.h"

namespace shotfix::passes {
namespace {

constexpr double kFillRadiusDeg = 40;

light::Key KeyFor(const light::KeyRequest& request, const light::Key& own, double radius_deg) {
  light::Key key;
  key.direction = light::DirectionOf(request.from);
  key.radius_deg = radius_deg;
  const double luminance = light::LuminanceOf(own.rgb) * std::exp2(request.stops);
  for (size_t k = 0; k < 3; ++k)
    key.rgb[k] = request.colour ? (*request.colour)[k] * luminance : own.rgb[k] * std::exp2(request.stops);
  return key;
}

}  // namespace

void RelightOptions::Validate() const {
  const auto check = [](const char* name, double value, double low, double high) {
    if (!(value >= low && value <= high))
      Throw(ErrorCode::kUsage, "--{} is {}; allowed is {} to {}", name, value, low, high);
  };
  if (keys.size() > 3) Throw(ErrorCode::kUsage, "{} keys; up to three are allowed", keys.size());
  if (extras.size() > 4) Throw(ErrorCode::kUsage, "{} fills, rims and kickers; up to four are allowed", extras.size());
  if (match && !(keys.empty() && extras.empty()))
    Throw(ErrorCode::kUsage, "--match brings all of the other shot's light; leave --key, --fill and --rim out");
  if (light_from && light_from->stops != 0)
    Throw(ErrorCode::kUsage, "--light-from is the light that is there: write AZ,EL[,COLOUR], without stops");
  check("soften", soften_deg, 0, 60);
  check("ambient", ambient_stops, -6, 6);
  check("strength", strength, 0, 1);
  check("most-stops", most_stops, 0.5, 6);
}

light::SceneLight WantedLight(const RelightOptions& options, const light::SceneLight& found) {
  const light::Key& own = found.keys.front();
  if (options.match) return *options.match;
  light::SceneLight wanted;
  if (options.keys.empty()) wanted.keys.push_back(own);
  for (const light::KeyRequest& request : options.keys) wanted.keys.push_back(KeyFor(request, own, options.soften_deg));
  for (const light::KeyRequest& request : options.extras) wanted.keys.push_back(KeyFor(request, own, kFillRadiusDeg));
  for (size_t k = 0; k < 3; ++k) wanted.ambient[k] = found.ambient[k] * std::exp2(options.ambient_stops);
  return wanted;
}

std::string ToString(GeometryTier tier) {
  if (tier == GeometryTier::kOutline) return "outline";
  return tier == GeometryTier::kFaceRelief ? "face-relief" : "light-reference";
}

GeometryTier TierFrom(const std::string& name) {
  for (const GeometryTier tier : {GeometryTier::kOutline, GeometryTier::kFaceRelief, GeometryTier::kLightReference})
    if (ToString(tier) == name) return tier;
  Throw(ErrorCode::kData, "\"{}\" is no way to know a shape", name);
}

std::string Explain(GeometryTier tier) {
  if (tier == GeometryTier::kLightReference)
    return "shape from a light-reference take: normals within some 10 degrees on skin";
  if (tier == GeometryTier::kFaceRelief)
    return "shape from the outline and a mean face where the eyes are, albedo by materials: normals some 20 degrees "
           "off on skin; a light-reference take of this actor would bring that to 10 (docs/relight.md)";
  return "shape from the outline alone, albedo by materials: normals some 25 degrees off on skin, keys moved by more "
         "than 45 degrees come out flat; the place of the eyes (shotfix hint CLIP --frame N --eyes X,Y,X,Y) brings "
         "that to 20, a light-reference take of this actor to 10 (docs/relight.md)";
}

}  // namespace shotfix::passes
