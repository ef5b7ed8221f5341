// SPDX-License-Identifier: Apache-2.0
// Crops held still on the eye's own surroundings, to a fraction of a pixel.
#pragma once

#include <opencv2/core/mat.hpp>

#include "gaze/lids.h"

namespace shotfix::gaze {

// How much a place tells where the eye is: its corners and the skin under it, not what moves with gaze and blinks.
// CV_32FC1 of `size`.
cv::Mat StillSurroundings(const LidShape& lids, CropSize size, double iris_px);

// shift so that crop(u + shift) looks most like reference(u) where `weights` are, at most `most_px` away: Gauss-Newton
// on luma with an offset of its own. Both CV_32FC1.
cv::Point2d ShiftBetween(const cv::Mat& reference, const cv::Mat& crop, const cv::Mat& weights, double most_px);

}  // namespace shotfix::gaze
