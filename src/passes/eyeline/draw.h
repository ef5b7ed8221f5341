// SPDX-License-Identifier: Apache-2.0
// One eye of one frame with its iris somewhere else: white, iris, reflections and lids, each moved as it would move.
#pragma once

#include <opencv2/core/mat.hpp>

#include "shotfix/gaze/shot_gaze.h"

namespace shotfix::passes::eyeline {

// What is drawn from, unpacked once for a shot.
struct EyePictures {
  cv::Mat sclera;              // CV_32FC3, crop px
  cv::Mat lashes;              // CV_32FC3, as gaze::LashAt reads it
  cv::Mat iris;                // CV_32FC3, n x n
  cv::Vec3f darkest{0, 0, 0};  // of the iris: a pupil, and as dark as lashes
};

EyePictures PicturesOf(const gaze::ShotGaze& shot, size_t eye);

struct EyeDrawing {
  const cv::Mat& frame;  // CV_32FC3 perceptual: the part of the frame around the eye
  cv::Point origin;      // of that part in the frame
  const gaze::ShotGaze& shot;
  size_t eye;
  const gaze::EyeState& state;
  const EyePictures& pictures;
};

// The part again, with the iris' centre at `iris` (crop px). `lids`: share of what the lids follow. Where nothing has
// to change the samples are those of `frame`.
cv::Mat DrawEye(const EyeDrawing& drawing, cv::Point2d iris, double lids);
// How much of what is drawn shows: an ease begins with hardly a turn, and what is drawn comes in with it.
double DrawnShare(const EyeDrawing& drawing, cv::Point2d iris);

}  // namespace shotfix::passes::eyeline
