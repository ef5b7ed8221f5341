// SPDX-License-Identifier: Apache-2.0
#include "shotfix/image/opencv.h"

#include <ATen/ATen.h>

#include "shotfix/image/check.h"

namespace shotfix::image {
namespace {

at::Tensor Bytes(const at::Tensor& picture) {
  return (picture.clamp(0, 1) * 255.0 + 0.5).to(at::kByte).cpu().contiguous();
}

}  // namespace

cv::Mat LumaMat(const at::Tensor& perceptual_rgb) {
  CheckTensor(perceptual_rgb, "perceptual_rgb", {3, kAnySize, kAnySize});
  const at::Tensor luma = perceptual_rgb[0] * 0.2126 + perceptual_rgb[1] * 0.7152 + perceptual_rgb[2] * 0.0722;
  at::Tensor bytes = Bytes(luma);
  return cv::Mat(static_cast<int>(luma.size(0)), static_cast<int>(luma.size(1)), CV_8UC1, bytes.data_ptr()).clone();
}

cv::Mat BgrMat(const at::Tensor& perceptual_rgb) {
  CheckTensor(perceptual_rgb, "perceptual_rgb", {3, kAnySize, kAnySize});
  at::Tensor bytes = Bytes(perceptual_rgb.flip(0).permute({1, 2, 0}));
  return cv::Mat(static_cast<int>(bytes.size(0)), static_cast<int>(bytes.size(1)), CV_8UC3, bytes.data_ptr()).clone();
}

at::Tensor OffsetFromMat(const cv::Mat& flow) {
  CV_Assert(flow.type() == CV_32FC2 && flow.isContinuous());
  const at::Tensor interleaved = at::from_blob(const_cast<uchar*>(flow.data), {flow.rows, flow.cols, 2}, at::kFloat);
  return interleaved.permute({2, 0, 1}).contiguous().clone();
}

}  // namespace shotfix::image
