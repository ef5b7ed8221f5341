// SPDX-License-Identifier: Apache-2.0
// Pictures as OpenCV wants them, for work on small crops.
#pragma once

#include <opencv2/core/mat.hpp>

#include <vector>

#include "shotfix/gaze/eye_parts.h"

namespace shotfix::gaze {

// CV_32FC1, BT.709 weights of the encoded values.
cv::Mat LumaOf(const cv::Mat& rgb);

// A crop of `picture`: 2 * half + 1 px each way, its pixel (u + half) from frame_from_crop(u), bicubic.
struct CropSize {
  int half_width = 0;
  int half_height = 0;
  int width() const { return 2 * half_width + 1; }
  int height() const { return 2 * half_height + 1; }
};
cv::Mat CropOf(const cv::Mat& picture, const Affine& frame_from_crop, CropSize size);

// Of CV_32FC1 pictures of one size, at each pixel the value than which `share` of them have less.
cv::Mat QuantilePicture(const std::vector<cv::Mat>& pictures, double share);

}  // namespace shotfix::gaze
