// SPDX-License-Identifier: Apache-2.0
// A head followed through a shot: where its eyes' surroundings are in each frame, and how it has turned.
#pragma once

#include <vector>

#include "shotfix/gaze/shot_gaze.h"
#include "shotfix/image/shot.h"

namespace shotfix::gaze {

struct FaceFrame {
  Direction turn;                  // of the head since the frame of the hint
  bool seen = true;                // else everything is as it was where the head was seen last
  PerEye<Affine> frame_from_crop;  // px of the analysis picture
};

// Crops are upright on the line between the eyes, at the size of the analysis picture, their origin on the eye.
// One entry per frame of the shot. Throws kData when there is nothing to hold on to around the eyes.
// An actor who turns away or leaves is lost; where `learn_search` is given, the eyes are looked for in each frame from
// there on, and followed again.
std::vector<FaceFrame> TrackFace(image::ShotReader& shot, const EyeHint& eyes, const LearnSearch& learn_search,
                                 const FitProgress& progress);

}  // namespace shotfix::gaze
