// SPDX-License-Identifier: Apache-2.0
// What background replace finds out about a whole shot, and how it is written down.
#pragma once

#include "shotfix/composite/grain.h"
#include "shotfix/image/solution.h"
#include "shotfix/model/matte_facts.h"
#include "shotfix/passes/background.h"

namespace shotfix::passes::background {

// Part of the key of stored analyses: raise it whenever what an analysis finds changes.
inline constexpr int kSolutionVersion = 7;

struct ShotFacts : model::MatteFacts {
  composite::GrainModel grain;               // at the clip's own size
  std::optional<double> background_blur_px;  // edge softness of the old background at the clip's own size
};

ShotFacts AnalyseShot(image::ShotReader& shot, const BackgroundInputs& inputs, const model::MatteHead& head,
                      image::FrameTrack& track, const AnalysisProgress& progress);
image::Solution Pack(const ShotFacts& facts, std::shared_ptr<image::FrameTrack> track);
ShotFacts Unpack(const image::Solution& solution);  // throws kData

}  // namespace shotfix::passes::background
