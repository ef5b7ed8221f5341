// SPDX-License-Identifier: Apache-2.0
// What relight finds out about a whole shot: mattes, where its light is (or what colours it has), how its subject is
// shaped.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "passes/relight/own_shape.h"
#include "passes/relight/set_shape.h"
#include "shotfix/light/light_fit.h"
#include "shotfix/light/materials.h"
#include "shotfix/model/matte_facts.h"
#include "shotfix/passes/relight.h"

namespace shotfix::passes::relight {

// Part of the key of stored analyses: raise it whenever what an analysis finds changes.
inline constexpr int kSolutionVersion = 9;

struct ShotFacts : model::MatteFacts {
  GeometryTier tier = GeometryTier::kOutline;
  light::LightFit found;       // the shot's own light
  OwnShape shape;              // of the subject, where no take tells it
  light::Materials materials;  // the same
  double clipped = 0;          // share of the subject with a channel at white
  double saturated = 0;        // with all of them
  double background = 0;       // mean luminance of what is behind the subject, scene-linear; 0: nothing is seen of it
  double head_error_deg = 0;   // of the light head, where it was used
  double likeness = 0;         // of the take and the shot, where it was used
  std::optional<FoundShotColours> colours;  // in place of the light, where it was asked for colours alone
  std::optional<SetShape> set;              // where it is to be lit
  std::vector<Sample> metered;  // few frames: whose level a light may have to hold, and what another shot sees of this
};

struct AnalysisInputs {
  const RelightInputs& inputs;
  const RelightOptions& options;
  const model::MatteHead& head;
  const model::LightHead* light_head = nullptr;  // where there is one, and no take
};
ShotFacts AnalyseShot(image::ShotReader& shot, const AnalysisInputs& asked, image::FrameTrack& track,
                      const AnalysisProgress& progress);
nlohmann::json KeyOf(const light::KeyRequest& own);  // a part of the key of stored analyses
image::Solution Pack(const ShotFacts& facts, std::shared_ptr<image::FrameTrack> track);
ShotFacts Unpack(const image::Solution& solution);  // throws kData

}  // namespace shotfix::passes::relight
