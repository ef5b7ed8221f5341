// SPDX-License-Identifier: Apache-2.0
// What background replace finds out about a whole shot, and how it is written down.
#pragma once

#include "shotfix/composite/grain.h"
#include "shotfix/image/analysis.h"
#include "shotfix/image/solution.h"
#include "shotfix/model/matte_head.h"
#include "shotfix/model/prior_share.h"
#include "shotfix/passes/background.h"
#include "shotfix/temporal/clean_plate.h"

namespace shotfix::passes::background {

// Part of the key of stored analyses: raise it whenever what an analysis finds changes.
inline constexpr int kSolutionVersion = 6;

struct ShotFacts {
  image::AnalysisSize size;
  temporal::CameraTrack camera;
  temporal::CleanPlate plate;
  model::PriorShare prior_share;
  composite::GrainModel grain;               // at the clip's own size
  std::optional<double> background_blur_px;  // edge softness of the old background at the clip's own size
};

ShotFacts AnalyseShot(image::ShotReader& shot, const BackgroundInputs& inputs, const model::MatteHead& head,
                      image::FrameTrack& track, const AnalysisProgress& progress);
image::Solution Pack(const ShotFacts& facts, std::shared_ptr<image::FrameTrack> track);
ShotFacts Unpack(const image::Solution& solution);  // throws kData

// The matte of one analysis picture, [1,h,w] in [0,1], before levels.
at::Tensor InferMatte(const model::MatteHead& head, const ShotFacts& facts, const image::FrameTrack& track,
                      int64_t frame, const at::Tensor& picture);

}  // namespace shotfix::passes::background
