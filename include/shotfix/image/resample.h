// SPDX-License-Identifier: Apache-2.0
// Resampling of fields and pictures. All tensors are [C,H,W] float32; edges are clamped unless said otherwise.
#pragma once

#include <ATen/core/Tensor.h>

namespace shotfix::image {

// Bilinear up, area-averaged down (antialiased). Pixel centres at +0.5.
at::Tensor Resize(const at::Tensor& picture, int64_t height, int64_t width);
enum class Filter { kBilinear, kBicubic };
// result(x) = picture(x + offset(x)); offset [2,H,W] px (x right, y down). Samples outside are clamped to the edge.
at::Tensor SampleAtOffset(const at::Tensor& picture, const at::Tensor& offset, Filter filter);
// [1,H,W], 1 where x + offset(x) lies inside a picture of that size, else 0.
at::Tensor InsideMask(const at::Tensor& offset, int64_t height, int64_t width);
// Gaussian of standard deviation sigma_px, support 3 sigma. sigma 0 returns the picture.
at::Tensor GaussianBlur(const at::Tensor& picture, double sigma_px);
// Mean over a square of side 2*radius+1, edges by the part that is inside.
at::Tensor BoxMean(const at::Tensor& picture, int64_t radius_px);
// Largest (smallest) value in a square of side 2*radius+1.
at::Tensor Dilate(const at::Tensor& picture, int64_t radius_px);
at::Tensor Erode(const at::Tensor& picture, int64_t radius_px);
// Edge-aware enlargement of `small` [1,h,w] that follows the large `guide` [3,H,W] (He & Sun 2015, fast guided filter
// with a colour guide): the linear model is solved at the small size with radius_px and epsilon, and applied at the
// large one.
at::Tensor GuidedUpsample(const at::Tensor& guide, const at::Tensor& small, int64_t radius_px, double epsilon);
// Scales a [2,h,w] offset field to another size, values included.
at::Tensor ResizeOffset(const at::Tensor& offset, int64_t height, int64_t width);

}  // namespace shotfix::image
