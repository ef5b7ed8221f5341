// SPDX-License-Identifier: Apache-2.0
// Tensors to OpenCV matrices and back; CPU only.
#pragma once

#include <ATen/core/Tensor.h>

#include <opencv2/core/mat.hpp>

namespace shotfix::image {

// CV_8UC1 luma of a [3,H,W] picture in [0,1] (BT.709 weights), rounded.
cv::Mat LumaMat(const at::Tensor& perceptual_rgb);
// CV_8UC3 BGR of a [3,H,W] picture in [0,1].
cv::Mat BgrMat(const at::Tensor& perceptual_rgb);
// [2,H,W] float32 from CV_32FC2.
at::Tensor OffsetFromMat(const cv::Mat& flow);

}  // namespace shotfix::image
