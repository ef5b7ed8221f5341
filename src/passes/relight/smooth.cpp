// SPDX-License-Identifier: Apache-2.0
#include "passes/relight/smooth.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "shotfix/image/resample.h"

namespace shotfix::passes::relight {

at::Tensor SmoothMean(const at::Tensor& picture, double reach) {
  const double side = static_cast<double>(std::max(picture.size(1), picture.size(2)));
  const auto radius = std::max<int64_t>(1, std::llround(reach * side));
  return image::BoxMean(image::BoxMean(picture.contiguous(), radius), radius);
}

at::Tensor SpreadFrom(const at::Tensor& values, const at::Tensor& known) {
  constexpr double kReach = 0.02;
  const at::Tensor near = SmoothMean(values * known, kReach) / SmoothMean(known, kReach).clamp_min(1e-4);
  return values * known + near * (1 - known);
}

}  // namespace shotfix::passes::relight
