// SPDX-License-Identifier: Apache-2.0
// A head as points on a rigid relief: its pose in a picture, and what many pictures say of the relief.
#pragma once

#include <opencv2/core/mat.hpp>

#include <vector>

#include "shotfix/temporal/point_track.h"

namespace shotfix::gaze {

using Pose = cv::Vec<double, 6>;  // yaw, pitch, roll (radians), log scale, x, y (px)

// Note [Face relief]: how far a face comes towards the camera, in distances between the eyes, for a place on it in the
// same unit (x along the eyes, y down, 0 between the eyes). Sides, brows, nose and cheeks lie as anthropometry has them
// on average; it is nobody's face. Its one use is that a turn of the head moves near points more than far ones.
double Relief(double x, double y);

// How much the upward movement of a place speaks for the head: brows rise, cheeks and lips move with every expression,
// a nose stays.
double Rigid(double x, double y);

// Of a pose: the two rows that the picture sees.
struct Basis {
  double scale, xx, xy, xz, yx, yy, yz;
};
Basis BasisOf(const Pose& pose);
cv::Point2d Project(const Basis& basis, const Pose& pose, const cv::Point3d& p);

// A point on the head, px of the first picture; `rigid` is what its upward movement counts.
struct HeadPoint {
  cv::Point3d place;
  double rigid = 1;
};
struct SeenHead {
  bool followed = false;
  Pose pose;
  std::vector<temporal::FollowedPoint> points;
};

// Huber-weighted Gauss-Newton from `pose` on. Points that were not found count nothing.
Pose FitPose(Pose pose, const std::vector<HeadPoint>& head, const std::vector<temporal::FollowedPoint>& seen);
// How far each point comes forward, from how it moved in all frames. Points that hardly moved against each other keep
// what they had.
std::vector<double> DepthsFrom(const std::vector<HeadPoint>& head, const std::vector<SeenHead>& frames);
// How far each point is from where a rigid head would have it, mean over the frames that were followed; far away for
// those that were lost.
std::vector<double> MissesOf(const std::vector<HeadPoint>& head, const std::vector<double>& depths,
                             const std::vector<SeenHead>& frames, double least_found);

}  // namespace shotfix::gaze
