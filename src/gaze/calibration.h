// SPDX-License-Identifier: Apache-2.0
// From places of irises to angles: where straight ahead is, how large the ball is, how the lid follows.
#pragma once

#include "gaze/lids.h"
#include "shotfix/gaze/shot_gaze.h"

namespace shotfix::gaze {

// Sets straight, travel_px and every frame's gaze from the irises of the frames. Without known gazes both eyes are
// taken to look the same way, and straight ahead to be in the middle between the corners, at the shot's mean height.
void Calibrate(ShotGaze& shot, const FitInputs& inputs, const PerEye<LidShape>& lids);

// Irises of a frame of which the gaze is known.
struct KnownPlace {
  Direction gaze;  // of the head
  PerEye<cv::Point2d> iris;
};
// From the centre of the ball to the disc, px: least squares over both eyes, or nothing when the gazes are too alike or
// the answer is no eye's.
std::optional<double> TravelFrom(const std::vector<KnownPlace>& known, double iris_px);

// How far the upper lid goes along when the iris goes down by one px: from the shot where it tells, else of the mean
// eye.
double LidFollows(const ShotGaze& shot, size_t eye, const LidShape& lids);

}  // namespace shotfix::gaze
