// SPDX-License-Identifier: Apache-2.0
// Pictures of the parts of an eye, gathered over a shot: the white without its iris, the iris without lids.
#pragma once

#include <vector>

#include "gaze/iris.h"
#include "gaze/lids.h"

namespace shotfix::gaze {

// One eye in one frame, as far as it is known.
struct EyeSample {
  cv::Mat crop;      // CV_32FC3
  cv::Mat open;      // CV_32FC1: where the ball is surely seen
  cv::Point2d iris;  // crop px
  LidState lids;
};

// Note [Own pixels]: where the iris leaves, the white behind it must be known, and where it arrives, its hidden parts.
// Both are looked up in other frames of the same shot (medians), so that they are the actor's own; what no frame shows
// is continued smoothly (the white from its surroundings, the iris around its centre). Nothing is drawn.
cv::Mat GatherSclera(const std::vector<EyeSample>& samples, const EyeBall& ball);  // CV_32FC3, size of the crops
// As LashAt reads it, from frames in which no iris is under a place.
cv::Mat GatherLashes(const std::vector<EyeSample>& samples, const EyeBall& ball, const LidShape& inside,
                     const cv::Mat& sclera);
IrisPicture GatherIris(const std::vector<EyeSample>& samples, const EyeBall& ball);
// Fills what no frame shows. `known` stays.
void CompleteIris(IrisPicture& picture);

}  // namespace shotfix::gaze
