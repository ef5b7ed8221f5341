// SPDX-License-Identifier: Apache-2.0
#include "shotfix/core/error.h"
#include "shotfix/passes/relight.h"

namespace shotfix::passes {

void RelightOptions::Validate() const {
  const auto check = [](const char* name, double value, double low, double high) {
    if (!(value >= low && value <= high))
      Throw(ErrorCode::kUsage, "--{} is {}; allowed is {} to {}", name, value, low, high);
  };
  if (keys.size() > 3) Throw(ErrorCode::kUsage, "{} keys; up to three are allowed", keys.size());
  if (extras.size() > 4) Throw(ErrorCode::kUsage, "{} fills, rims and kickers; up to four are allowed", extras.size());
  check("soften", soften_deg, 0, 60);
  check("ambient", ambient_stops, -6, 6);
  check("strength", strength, 0, 1);
  check("most-stops", most_stops, 0.5, 6);
}

std::string ToString(GeometryTier tier) { return tier == GeometryTier::kOutline ? "outline" : "light-reference"; }

std::string Explain(GeometryTier tier) {
  if (tier == GeometryTier::kLightReference)
    return "shape from a light-reference take: normals within some 10 degrees on skin";
  return "shape from the outline alone: normals some 20 to 25 degrees off; a light-reference take of this actor would "
         "bring that to 10 (docs/relight.md)";
}

}  // namespace shotfix::passes
