// SPDX-License-Identifier: Apache-2.0
#include "shotfix/light/gobo.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "shotfix/core/error.h"
#include "shotfix/image/check.h"
#include "shotfix/image/resample.h"

namespace shotfix::light {
namespace {

Vector Cross(const Vector& a, const Vector& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

}  // namespace

at::Tensor GoboOn(const at::Tensor& gobo, const at::Tensor& heights, const Key& key, double size) {
  image::CheckTensor(gobo, "gobo", {3, image::kAnySize, image::kAnySize});
  image::CheckTensor(heights, "heights", {1, image::kAnySize, image::kAnySize});
  SHOTFIX_CHECK(size > 0);
  const auto height = static_cast<double>(heights.size(1));
  const auto width = static_cast<double>(heights.size(2));
  constexpr double kOverhead = 0.999;
  const Vector up = std::fabs(key.direction[1]) > kOverhead ? Vector{0, 0, -1} : Vector{0, 1, 0};
  Vector across = Cross(up, key.direction);
  const double length = std::sqrt(across[0] * across[0] + across[1] * across[1] + across[2] * across[2]);
  for (double& value : across) value /= length;
  const Vector along = Cross(key.direction, across);
  const at::Tensor x = (at::arange(heights.size(2), at::kFloat) + 0.5 - width / 2).view({1, 1, -1});
  const at::Tensor y = (height / 2 - at::arange(heights.size(1), at::kFloat) - 0.5).view({1, -1, 1});
  const auto in_beam = [&](const Vector& axis) { return x * axis[0] + y * axis[1] + heights * axis[2]; };
  // No finer than the frame can show.
  const double shrink = std::max(1.0, static_cast<double>(gobo.size(1)) / (size * height));
  const auto shrunk = [&](int64_t side) {
    return std::max<int64_t>(1, std::llround(static_cast<double>(side) / shrink));
  };
  const at::Tensor pattern = image::Resize(gobo, shrunk(gobo.size(1)), shrunk(gobo.size(2)));
  const auto rows = static_cast<double>(pattern.size(1));
  const auto columns = static_cast<double>(pattern.size(2));
  const double scale = rows / (size * height);
  const at::Tensor column = in_beam(across) * scale + columns / 2 - 0.5;
  const at::Tensor row = rows / 2 - 0.5 - in_beam(along) * scale;
  const at::Tensor own_column = at::arange(heights.size(2), at::kFloat).view({1, 1, -1});
  const at::Tensor own_row = at::arange(heights.size(1), at::kFloat).view({1, -1, 1});
  const at::Tensor offset = at::cat({column - own_column, row - own_row}).contiguous();
  return image::SampleAtOffset(pattern, offset, image::Filter::kBilinear);
}

}  // namespace shotfix::light
