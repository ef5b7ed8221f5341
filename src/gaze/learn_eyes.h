// SPDX-License-Identifier: Apache-2.0
// What the eyes of an actor look like in a shot, learned from some of its frames before any frame is fitted.
#pragma once

#include <opencv2/core/mat.hpp>

#include <vector>

#include "gaze/face_track.h"
#include "gaze/iris.h"
#include "gaze/lids.h"
#include "shotfix/gaze/shot_gaze.h"

namespace shotfix::gaze {

inline constexpr double kLeastOpen = 0.6;  // of the usual opening: below, an iris is not looked for

struct EyeKnowledge {
  EyeBall ball;  // its `straight` is the iris' usual place until the angles are known
  EyeColours colours;
  LidShape lids;          // as colours part eye from skin: what openings are fitted with
  LidShape inside;        // where the white begins: what is seen of the ball
  double usual_open = 1;  // in openings of `lids`
  cv::Mat surroundings;   // CV_32FC1: luma of the usual crop
  cv::Mat still;          // CV_32FC1: where that tells where the eye is
  IrisPicture picture;
  cv::Mat sclera;  // CV_32FC3, crop px
  cv::Mat lashes;  // as LashAt reads it
  double rim_softness = 0;
};
struct ShotEyes {
  CropSize size;
  double between_px = 0;  // from eye to eye, in the frame of the hint
  PerEye<EyeKnowledge> eyes;
};

// Throws kUsage when a known gaze lies outside the shot, kData when eyes are hardly ever open.
ShotEyes LearnEyes(image::ShotReader& shot, const FitInputs& inputs, const std::vector<FaceFrame>& face,
                   const FitProgress& progress);

// Where the head's pose leaves a crop a pixel off, the eye's own corners say it.
Affine Steady(const EyeKnowledge& eye, CropSize size, const cv::Mat& picture, const Affine& frame_from_crop);

double MedianOf(std::vector<double> values);  // 0 of none

}  // namespace shotfix::gaze
