// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "shotfix/core/error.h"
#include "shotfix/light/environment.h"
#include "shotfix/passes/relight.h"

namespace shotfix::passes {
namespace {

constexpr double kFillRadiusDeg = 40;
constexpr double kMostPlateStops = 2;  // a plate says the light's colour and sides well, and its level roughly
constexpr double kBlack = 1e-4;        // of a background: it has no level that could be compared

light::Key KeyFor(const light::KeyRequest& request, const light::Key& own, double radius_deg) {
  light::Key key;
  key.direction = light::DirectionOf(request.from);
  key.radius_deg = radius_deg;
  const double luminance = light::LuminanceOf(own.rgb) * std::exp2(request.stops);
  for (size_t k = 0; k < 3; ++k)
    key.rgb[k] = request.colour ? (*request.colour)[k] * luminance : own.rgb[k] * std::exp2(request.stops);
  return key;
}

// Of an environment that lights from behind: what faces the camera would else be brought up to a level it never had.
double LeastFrontal(const light::SceneLight& environment) {
  constexpr double kShare = 0.1;  // of all its light
  double all = light::LuminanceOf(environment.ambient);
  for (const light::Key& key : environment.keys) all += light::LuminanceOf(key.rgb);
  return std::max(1e-9, kShare * all);
}

// The plate's ambient light at the level of the shot's own, moved by as much as the background changes.
void PutPlate(const light::SceneLight& plate, const ShotLight& found, light::SceneLight& wanted) {
  const double own = light::LuminanceOf(found.light.ambient);
  const double plate_level = light::LuminanceOf(plate.ambient);
  const double stops = found.background > kBlack ? std::log2(plate_level / found.background) : 0.0;
  const double factor = own / plate_level * std::exp2(std::clamp(stops, -kMostPlateStops, kMostPlateStops));
  const light::SceneLight scaled = light::Scaled(plate, factor);
  wanted.ambient = scaled.ambient;
  wanted.ambient_shape = scaled.ambient_shape;
}

}  // namespace

LitPart ParseLitPart(const std::string& name) {
  for (const LitPart part : {LitPart::kPerson, LitPart::kSet, LitPart::kAll})
    if (ToString(part) == name) return part;
  Throw(ErrorCode::kUsage, "--on \"{}\" is not known; use person, set or all", name);
}

std::string ToString(LitPart part) {
  if (part == LitPart::kPerson) return "person";
  return part == LitPart::kSet ? "set" : "all";
}

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
  if (environment && (match || match_colours || !keys.empty()))
    Throw(ErrorCode::kUsage, "--hdri brings all of a light; leave --key, --match and --light out");
  if (plate_ambient && (environment || match || match_colours))
    Throw(ErrorCode::kUsage, "--ambient-from goes with --key; --hdri, --match and --light bring all of a light");
  if (match_colours && !(colours_only && keys.empty() && extras.empty() && on == LitPart::kPerson && !hold_exposure))
    Throw(ErrorCode::kUsage,
          "colours are matched on the person alone, at the other shot's level, in place of all lights");
  if (hold_exposure && on == LitPart::kSet)
    Throw(ErrorCode::kUsage, "--hold-exposure holds the actor's level, and --on set leaves the actor alone");
  if (hold_exposure && environment_stops != 0)
    Throw(ErrorCode::kUsage, "--hold-exposure takes back what --hdri-stops says; leave one of them out");
  check("soften", soften_deg, 0, 60);
  check("hdri-stops", environment_stops, -6, 6);
  check("gobo-size", gobo_size, 0.05, 20);
  check("ambient", ambient_stops, -6, 6);
  check("strength", strength, 0, 1);
  check("most-stops", most_stops, 0.5, 6);
}

light::SceneLight WantedLight(const RelightOptions& options, const ShotLight& found) {
  const light::Key& own = found.light.keys.front();
  if (options.match) return *options.match;
  light::SceneLight wanted;
  if (options.environment) {
    const double level = light::FrontalLuminance(found.light) /
                         std::max(light::FrontalLuminance(*options.environment), LeastFrontal(*options.environment));
    wanted = light::Scaled(*options.environment, level * std::exp2(options.environment_stops));
  } else {
    if (options.keys.empty()) wanted.keys.push_back(own);
    for (const light::KeyRequest& request : options.keys)
      wanted.keys.push_back(KeyFor(request, own, options.soften_deg));
    wanted.ambient = found.light.ambient;
    if (options.plate_ambient) PutPlate(*options.plate_ambient, found, wanted);
    const light::SceneLight ambient =
        light::Scaled({{}, wanted.ambient, wanted.ambient_shape}, std::exp2(options.ambient_stops));
    wanted.ambient = ambient.ambient;
    wanted.ambient_shape = ambient.ambient_shape;
  }
  for (const light::KeyRequest& request : options.extras) wanted.keys.push_back(KeyFor(request, own, kFillRadiusDeg));
  return wanted;
}

std::string ToString(GeometryTier tier) {
  if (tier == GeometryTier::kColour) return "colour";
  if (tier == GeometryTier::kOutline) return "outline";
  if (tier == GeometryTier::kFaceRelief) return "face-relief";
  return tier == GeometryTier::kLightHead ? "light-head" : "light-reference";
}

GeometryTier TierFrom(const std::string& name) {
  for (const GeometryTier tier : {GeometryTier::kColour, GeometryTier::kOutline, GeometryTier::kFaceRelief,
                                  GeometryTier::kLightHead, GeometryTier::kLightReference})
    if (ToString(tier) == name) return tier;
  Throw(ErrorCode::kData, "\"{}\" is no way to know a shape", name);
}

std::string Explain(GeometryTier tier, double head_error_deg) {
  if (tier == GeometryTier::kColour)
    return "matched by colour, spread and the side that is brighter, no light is moved; a light-reference take of this "
           "actor would match the light itself (docs/relight.md)";
  if (tier == GeometryTier::kLightReference)
    return "shape from a light-reference take: normals within some 10 degrees on skin";
  if (tier == GeometryTier::kLightHead)
    return fmt::format(
        "shape from the actor's light head, albedo by materials: normals some {:.0f} degrees off where it was "
        "measured; "
        "the light-reference take itself would bring that to 10 in shots framed like it (docs/relight.md)",
        head_error_deg);
  if (tier == GeometryTier::kFaceRelief)
    return "shape from the outline and a mean face where the eyes are, albedo by materials: normals some 20 degrees "
           "off on skin; another take of the actor in other light (--beside) helps, a light-reference take would bring "
           "that to 10 (docs/relight.md)";
  return "shape from the outline alone, albedo by materials: normals some 25 degrees off on skin, keys moved by more "
         "than 45 degrees come out flat; the place of the eyes (shotfix hint CLIP --frame N --eyes X,Y,X,Y) brings "
         "that to 20, a light-reference take of this actor to 10 (docs/relight.md)";
}

}  // namespace shotfix::passes
