// SPDX-License-Identifier: Apache-2.0
// What every pass that needs an actor's matte finds out about a whole shot, and how it is written down.
#pragma once

#include "shotfix/image/analysis.h"
#include "shotfix/image/solution.h"
#include "shotfix/model/matte_head.h"
#include "shotfix/model/prior_share.h"
#include "shotfix/temporal/matte_shot.h"

namespace shotfix::model {

struct MatteFacts {
  image::AnalysisSize size;
  temporal::CameraTrack camera;
  temporal::CleanPlate plate;
  PriorShare prior_share;
};

// Propagates the painted mattes into `track`, tracks the camera, gathers the plate where none is given.
MatteFacts AnalyseMattes(image::ShotReader& shot, const temporal::MatteShotInputs& inputs, const MatteHead& head,
                         image::FrameTrack& track, const temporal::StageProgress& progress);

// Adds the facts to a solution: tensors "plate" and "plate_valid", and "matte" in its JSON body.
void PackMattes(const MatteFacts& facts, image::Solution& solution);
MatteFacts UnpackMattes(const image::Solution& solution);  // throws std::exception where something is missing

// The matte of one analysis picture [3,h,w], [1,h,w] in [0,1].
at::Tensor InferMatte(const MatteHead& head, const MatteFacts& facts, const image::FrameTrack& track, int64_t frame,
                      const at::Tensor& picture);

// The same at the frame's own size, on its device: a guided filter brings the edge to the picture's. perceptual: the
// frame, [3,H,W].
at::Tensor InferFullMatte(const MatteHead& head, const MatteFacts& facts, const image::FrameTrack& track,
                          const image::Frame& frame, const at::Tensor& perceptual);

// The old background as a frame's camera sees it, at a size.
struct KnownPlate {
  at::Tensor linear;  // [3,h,w] scene-linear
  at::Tensor valid;   // [1,h,w] in [0,1]; 0 where it was at white too, where the stored plate ends
};
KnownPlate PlateAt(const MatteFacts& facts, int64_t frame, int64_t height, int64_t width);
// The identity where the camera is locked off, or was lost.
temporal::Homography ReferenceFromFrame(const MatteFacts& facts, int64_t frame);

}  // namespace shotfix::model
