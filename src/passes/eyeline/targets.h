// SPDX-License-Identifier: Apache-2.0
// Where each iris goes in each frame: an editor's target, eased, held through blinks, within what a turn can do.
#pragma once

#include "shotfix/passes/eyeline.h"

namespace shotfix::passes::eyeline {

struct EyeTarget {
  cv::Point2d iris;  // crop px: where it goes
  double turn_deg = 0;
};
struct FrameTarget {
  gaze::PerEye<EyeTarget> eyes;
  gaze::Direction asked;  // mean of both, from the camera
  double weight = 0;
};
class TargetPlan {
 public:
  // Both must outlive the plan.
  TargetPlan(const EyelineOptions& options, const gaze::ShotGaze& shot);
  // `clip_scale`: px of the clip per px of the analysis picture.
  FrameTarget At(int64_t frame, double clip_scale) const;

 private:
  gaze::Direction WantedGaze(int64_t frame, size_t eye, double clip_scale) const;
  gaze::Direction TowardsPoint(int64_t frame, size_t eye, double clip_scale) const;
  double WeightAt(int64_t frame) const;
  double KnownShare(double turn_deg) const;

  const EyelineOptions& options_;
  const gaze::ShotGaze& shot_;
  gaze::PerEye<gaze::Direction> own_;  // how each eye differs from the mean of both: the actor's own vergence
};

// Mirrored about the axis between two actors who look at each other.
gaze::Direction Mirrored(gaze::Direction other);

}  // namespace shotfix::passes::eyeline
