// SPDX-License-Identifier: Apache-2.0
// What of a crop is eye or skin for certain, before any colour is known: colours are learned from it.
#pragma once

#include <opencv2/core/mat.hpp>

#include "gaze/lids.h"

namespace shotfix::gaze {

// `eye` and `skin` are CV_8UC1 of the size of the crops, set to 1 where a pixel is surely one or the other.

// Sure eye: the iris and the white beside it, and what the iris leaves when it looks aside from its `usual` place. Sure
// skin: well above, below and beside.
void SeedByIris(cv::Point2d iris, cv::Point2d usual, double radius, cv::Mat& eye, cv::Mat& skin);

// All that is outside the lids found so far is skin too. What is inside teaches nothing: a curve that went wide would
// only grow.
void AddSkin(const LidShape& lids, CropSize size, const cv::Mat& eye, cv::Mat& skin);

}  // namespace shotfix::gaze
