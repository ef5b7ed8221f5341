// SPDX-License-Identifier: Apache-2.0
#include "passes/relight/confidence.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "shotfix/image/resample.h"
#include "shotfix/light/lights.h"

namespace shotfix::passes::relight {

at::Tensor SkinWithin(const FrameSurface& surface) {
  constexpr double kHair = 0.35, kSkin = 0.6;  // of the albedo that most of the head has
  constexpr double kReach = 0.02;              // of the side of a square as large as the head: no edge is drawn by it
  const at::Tensor head = surface.head * surface.known;
  const at::Tensor inside = head > 0.5;
  const at::Tensor level = light::LuminanceOf(surface.albedo);
  const at::Tensor of_head = level.masked_select(inside);
  if (of_head.numel() == 0) return head;
  const double skin = std::max(1e-4, of_head.median().item<double>());
  const at::Tensor bright = ((level / skin - kHair) / (kSkin - kHair)).clamp(0, 1);
  const double sigma = kReach * std::sqrt(static_cast<double>(of_head.numel()));
  return image::GaussianBlur(bright * head, sigma) / image::GaussianBlur(head, sigma).clamp_min(1e-3) * head;
}

at::Tensor InnerFace(const FrameSurface& surface) {
  constexpr double kInset = 0.2;  // of the side of a square as large as the face
  const at::Tensor head = (surface.head * surface.known > 0.99).to(at::kFloat);
  return image::Erode(head, std::llround(kInset * std::sqrt(head.sum().item<double>())));
}

}  // namespace shotfix::passes::relight
