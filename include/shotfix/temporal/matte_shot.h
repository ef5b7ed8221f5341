// SPDX-License-Identifier: Apache-2.0
// Everything about a shot that helps to pull its matte, solved once: the camera, the plate, the propagated mattes.
#pragma once

#include "shotfix/temporal/camera_track.h"
#include "shotfix/temporal/clean_plate.h"
#include "shotfix/temporal/propagate.h"

namespace shotfix::temporal {

struct MatteShot {
  CameraTrack camera;
  CleanPlate plate;  // supplied, or gathered from the shot where the actor moves away
  bool plate_supplied = false;
  std::map<int64_t, Prior> left_out;  // see PropagateMattes
};

struct MatteShotInputs {
  PaintedMattes painted;      // may be empty
  at::Tensor supplied_plate;  // [3,h,w] perceptual at the analysis size; undefined: gather one
};

// Stage is "propagating mattes", "tracking the camera", "gathering the plate".
using StageProgress = std::function<void(const char* stage, int64_t done, int64_t total)>;
// Fills `track` as PropagateMattes does.
MatteShot AnalyseMatteShot(image::ShotReader& shot, const MatteShotInputs& inputs, image::FrameTrack& track,
                           const StageProgress& progress);

}  // namespace shotfix::temporal
