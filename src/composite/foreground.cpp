// SPDX-License-Identifier: Apache-2.0
#include "shotfix/composite/foreground.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "shotfix/image/check.h"
#include "shotfix/image/resample.h"

namespace shotfix::composite {
namespace {

constexpr double kBrightest = 65504;  // of half floats
// A foreground colour lies between half and twice what is around it; the double of black needs something to grow from.
constexpr double kLoosestShare = 0.5;
constexpr double kDarkest = 0.01;
constexpr int64_t kBandRows = 128;  // what looks at single pixels goes by bands: nothing between takes a whole picture

at::Tensor BlurAtQuarter(const at::Tensor& picture, int64_t radius_px) {
  const int64_t height = picture.size(1);
  const int64_t width = picture.size(2);
  if (radius_px < 16) return image::BoxMean(picture.contiguous(), radius_px);
  const at::Tensor small = image::Resize(picture, std::max<int64_t>(1, height / 4), std::max<int64_t>(1, width / 4));
  return image::Resize(image::BoxMean(small.contiguous(), radius_px / 4), height, width);
}

// The picture's layers as far as they are known.
struct Layers {
  at::Tensor foreground;
  at::Tensor background;
};

// One pass of blur fusion around the layers known so far. In place and by bands where it can be: at UHD each picture is
// 100 MB.
Layers BlurFusion(const at::Tensor& picture, const at::Tensor& matte, Layers known, int64_t radius_px) {
  constexpr double kTiny = 1e-5;
  const at::Tensor blurred_matte = BlurAtQuarter(matte, radius_px);
  Layers mean;
  mean.foreground = BlurAtQuarter(known.foreground.mul(matte), radius_px).div_(blurred_matte + kTiny);
  known.foreground = at::Tensor();
  mean.background = BlurAtQuarter(known.background.mul(1 - matte), radius_px).div_(1 - blurred_matte + kTiny);
  known.background = at::Tensor();
  for (int64_t row = 0; row < picture.size(1); row += kBandRows) {
    const int64_t rows = std::min(kBandRows, picture.size(1) - row);
    const auto band = [&](const at::Tensor& whole) { return whole.narrow(1, row, rows); };
    const at::Tensor alpha = band(matte);
    at::Tensor foreground = band(mean.foreground);
    const at::Tensor rest = (band(picture) - alpha * foreground - (1 - alpha) * band(mean.background)).mul_(alpha);
    // Where the matte does not fit the picture the rest is the background's: one pixel may not leave its surroundings
    // far.
    foreground.add_(at::minimum(at::maximum(rest, foreground * -kLoosestShare), foreground + kDarkest));
  }
  return mean;
}

at::Tensor FuseTwice(const at::Tensor& picture, const at::Tensor& matte) {
  const int64_t wide = std::max<int64_t>(4, std::max(picture.size(1), picture.size(2)) / 14);
  const int64_t narrow = std::max<int64_t>(2, wide / 15);
  return BlurFusion(picture, matte, BlurFusion(picture, matte, {picture, picture}, wide), narrow).foreground;
}

}  // namespace

at::Tensor EstimateForeground(const at::Tensor& picture, const at::Tensor& matte, const at::Tensor& plate,
                              const at::Tensor& plate_valid) {
  image::CheckTensor(picture, "picture", {3, image::kAnySize, image::kAnySize});
  image::CheckTensor(matte, "matte", {1, picture.size(1), picture.size(2)});
  // One infinite highlight of a float clip would spread over the whole running sum.
  const bool finite = std::isfinite(picture.amax().item<float>()) && std::isfinite(picture.amin().item<float>());
  const at::Tensor fused = FuseTwice(finite ? picture : at::nan_to_num(picture, 0.0, kBrightest, 0.0), matte);
  at::Tensor result = at::empty_like(picture);
  for (int64_t row = 0; row < picture.size(1); row += kBandRows) {
    const int64_t rows = std::min(kBandRows, picture.size(1) - row);
    const auto band = [&](const at::Tensor& whole) { return whole.narrow(1, row, rows); };
    const at::Tensor alpha = band(matte);
    // The equation is exact where the matte is large and unbounded where it is small: it counts as much as it can be
    // trusted.
    const at::Tensor solved = ((band(picture) - (1 - alpha) * band(plate)) / alpha.clamp_min(0.05)).clamp(0, 1e4);
    const at::Tensor floor = band(fused) * (1 - kLoosestShare);
    const at::Tensor ceiling = band(fused) * 2 + kDarkest;
    const at::Tensor weight = band(plate_valid) * ((alpha - 0.1) / 0.5).clamp(0, 1);
    const at::Tensor foreground = band(fused) * (1 - weight) + at::min(at::max(solved, floor), ceiling) * weight;
    band(result).copy_(at::where(alpha >= 1, band(picture), foreground));
  }
  return result;
}

}  // namespace shotfix::composite
