// SPDX-License-Identifier: Apache-2.0
// Blotches: what the eye sees of a wrong gain and PSNR does not.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "shotfix/image/resample.h"

namespace shotfix {

// Stops per px of a blurred picture [3,H,W], [1,H,W]; 0 where the mask [1,H,W] ends within the blur.
inline at::Tensor SoftEdges(const at::Tensor& picture, const at::Tensor& mask) {
  constexpr double kBlur = 0.003;   // of the long side
  constexpr double kBlack = 0.004;  // scene-linear: what is darker than this is noise
  const double sigma = std::max(1.0, kBlur * static_cast<double>(std::max(mask.size(1), mask.size(2))));
  const at::Tensor weight = image::GaussianBlur(mask, sigma).clamp_min(1e-4);
  const at::Tensor level = image::GaussianBlur(picture.mean(0, true).clamp_min(0) * mask, sigma) / weight + kBlack;
  const at::Tensor stops = level.log2();
  const at::Tensor dx = (stops.roll(-1, 2) - stops.roll(1, 2)) / 2;
  const at::Tensor dy = (stops.roll(-1, 1) - stops.roll(1, 1)) / 2;
  const auto inset = static_cast<int64_t>(std::ceil(2 * sigma));
  at::Tensor inside = image::Erode(mask, inset);
  for (const int64_t side : {1, 2}) {  // nothing is known beyond the picture
    inside.narrow(side, 0, inset).zero_();
    inside.narrow(side, inside.size(side) - inset, inset).zero_();
  }
  return (dx.square() + dy.square()).sqrt() * inside;
}

// Note [False edges]: skin shows an error of the gain where the result has an edge and the truth has none: the rest of
// an old terminator, an island of shade, hair that was lit like skin. What the result changes by, in stops per px of
// the blurred picture, beyond what the truth changes by anywhere near, as a share of all that the truth changes by. A
// shadow that lies a little aside is none, nor is one that is missing or light that is too strong as a whole. 0: none.
// Pictures scene-linear [3,H,W], mask [1,H,W] of ones and zeros.
inline double FalseEdges(const at::Tensor& result, const at::Tensor& truth, const at::Tensor& mask) {
  constexpr double kNear = 0.01;   // of the long side
  constexpr double kFaint = 0.01;  // stops per px that nobody sees
  const at::Tensor own = SoftEdges(result, mask);
  const at::Tensor wanted = SoftEdges(truth, mask);
  const double side = static_cast<double>(std::max(mask.size(1), mask.size(2)));
  const at::Tensor around = image::Dilate(wanted, std::max<int64_t>(1, std::llround(kNear * side)));
  const at::Tensor beyond = (own - around - kFaint).clamp_min(0);
  return beyond.sum().item<double>() / std::max(1e-9, wanted.sum().item<double>());
}

}  // namespace shotfix
