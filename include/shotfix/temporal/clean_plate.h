// SPDX-License-Identifier: Apache-2.0
// The background of a shot without its actors, gathered from the shot itself or from a supplied clean plate.
#pragma once

#include <ATen/core/Tensor.h>

#include "shotfix/image/shot.h"
#include "shotfix/temporal/camera_track.h"

namespace shotfix::temporal {

// In the reference frame's coordinates, on a canvas that may be larger than the frame.
struct CleanPlate {
  at::Tensor rgb;    // [3,h,w] float32, perceptual; unknown pixels are filled from their surroundings
  at::Tensor valid;  // [1,h,w] float32: 1 where the background was seen, 0 where it was filled in
  Homography canvas_from_reference = kIdentity;

  bool defined() const { return rgb.defined(); }
};

struct PlateView {
  at::Tensor rgb;    // [3,h,w] as frame `frame` would see it
  at::Tensor valid;  // [1,h,w]
};
// The plate through one frame's camera.
PlateView ViewPlate(const CleanPlate& plate, const Homography& reference_from_frame, int64_t height, int64_t width);

struct PlateOptions {
  int max_samples = 48;           // frames looked at, spread over the shot
  int min_samples = 3;            // of the background, for a pixel to count as seen
  double foreground_limit = 0.1;  // matte above which a pixel is the actor's
};
// Per pixel the median of the frames in which it is background. Memory: max_samples pictures, whatever the length.
CleanPlate GatherPlate(image::ShotReader& shot, const CameraTrack& camera, const ForegroundOf& foreground,
                       const PlateOptions& options);

// Fills where valid is 0 from the known surroundings, coarse to fine (push-pull, Gortler et al. 1996). [C,h,w],
// [1,h,w].
at::Tensor FillUnknown(const at::Tensor& picture, const at::Tensor& valid);

}  // namespace shotfix::temporal
