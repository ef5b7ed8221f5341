// SPDX-License-Identifier: Apache-2.0
#include "shotfix/composite/foreground.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "shotfix/image/check.h"
#include "shotfix/image/resample.h"

namespace shotfix::composite {
namespace {

constexpr double kBrightest = 65504;  // of half floats

at::Tensor BlurAtQuarter(const at::Tensor& picture, int64_t radius_px) {
  const int64_t height = picture.size(1);
  const int64_t width = picture.size(2);
  if (radius_px < 16) return image::BoxMean(picture.contiguous(), radius_px);
  const at::Tensor small = image::Resize(picture, std::max<int64_t>(1, height / 4), std::max<int64_t>(1, width / 4));
  return image::Resize(image::BoxMean(small.contiguous(), radius_px / 4), height, width);
}

// One pass of blur fusion around the layers known so far.
Layers BlurFusion(const at::Tensor& picture, const at::Tensor& matte, const Layers& known, int64_t radius_px) {
  constexpr double kTiny = 1e-5;
  const at::Tensor blurred_matte = BlurAtQuarter(matte, radius_px);
  Layers mean;
  mean.foreground = BlurAtQuarter(known.foreground * matte, radius_px) / (blurred_matte + kTiny);
  mean.background = BlurAtQuarter(known.background * (1 - matte), radius_px) / (1 - blurred_matte + kTiny);
  const at::Tensor rest = picture - matte * mean.foreground - (1 - matte) * mean.background;
  return {(mean.foreground + matte * rest).clamp_min(0), mean.background};
}

Layers FuseTwice(const at::Tensor& picture, const at::Tensor& matte) {
  const int64_t wide = std::max<int64_t>(4, std::max(picture.size(1), picture.size(2)) / 14);
  const int64_t narrow = std::max<int64_t>(2, wide / 15);
  return BlurFusion(picture, matte, BlurFusion(picture, matte, {picture, picture}, wide), narrow);
}

}  // namespace

Layers EstimateLayers(const at::Tensor& picture, const at::Tensor& matte, const at::Tensor& plate,
                      const at::Tensor& plate_valid) {
  image::CheckTensor(picture, "picture", {3, image::kAnySize, image::kAnySize});
  image::CheckTensor(matte, "matte", {1, picture.size(1), picture.size(2)});
  // One infinite highlight of a float clip would spread over the whole running sum.
  const at::Tensor finite = at::nan_to_num(picture, 0.0, kBrightest, 0.0);
  const Layers fused = FuseTwice(finite, matte);
  // The equation is exact where the matte is large and unbounded where it is small: it counts as much as it can be
  // trusted.
  const at::Tensor solved = ((picture - (1 - matte) * plate) / matte.clamp_min(0.05)).clamp(0, 1e4);
  const at::Tensor ceiling = at::max(fused.foreground * 2, picture) + 0.05;
  const at::Tensor weight = plate_valid * ((matte - 0.1) / 0.5).clamp(0, 1);
  const at::Tensor foreground = fused.foreground * (1 - weight) + at::min(solved, ceiling) * weight;
  const at::Tensor around = at::where(matte <= 0, picture, fused.background);
  return {at::where(matte >= 1, picture, foreground), plate * plate_valid + around * (1 - plate_valid)};
}

}  // namespace shotfix::composite
