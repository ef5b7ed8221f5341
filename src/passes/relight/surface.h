// SPDX-License-Identifier: Apache-2.0
// The subject's shape and albedo in one frame, whatever they are known from.
#pragma once

#include "shotfix/light/materials.h"
#include "shotfix/light/take.h"
#include "shotfix/passes/relight.h"

namespace shotfix::passes::relight {

// All [C,h,w] at the analysis size.
struct FrameSurface {
  at::Tensor normals;  // [3,h,w]
  at::Tensor albedo;   // [3,h,w]
  at::Tensor heights;  // [1,h,w] px
  at::Tensor known;    // [1,h,w] in [0,1]: where the rest holds
  double likeness = 1;
};

// From a take: `contrast` is how the take looks under this shot's light.
FrameSurface SurfaceFromTake(const light::LightTake& take, const at::Tensor& contrast, const at::Tensor& linear,
                             const at::Tensor& matte);
// From the outline alone: an inflated shape, without albedo as yet.
FrameSurface SurfaceFromOutline(const at::Tensor& matte);
// What such a shape says of a key's light, for finding materials.
light::ShadedPicture ShadedBy(const FrameSurface& surface, const at::Tensor& linear, light::Vector direction);

// How the take would look under a light, as LocalContrast gives it.
at::Tensor ContrastUnder(const light::LightTake& take, const light::SceneLight& light);

}  // namespace shotfix::passes::relight
