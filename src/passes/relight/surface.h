// SPDX-License-Identifier: Apache-2.0
// The subject's shape and albedo in one frame, whatever they are known from.
#pragma once

#include <optional>

#include "shotfix/light/face_relief.h"
#include "shotfix/light/materials.h"
#include "shotfix/light/take.h"
#include "shotfix/model/light_head.h"
#include "shotfix/passes/relight.h"

namespace shotfix::passes::relight {

// One frame of the shot as its analysis sees it.
struct Sample {
  int64_t frame = 0;
  at::Tensor linear;  // [3,h,w] scene-linear
  at::Tensor matte;   // [1,h,w]
};

// All [C,h,w] at the analysis size.
struct FrameSurface {
  at::Tensor normals;  // [3,h,w]
  at::Tensor albedo;   // [3,h,w]
  at::Tensor heights;  // [1,h,w] px
  at::Tensor known;    // [1,h,w] in [0,1]: where the rest holds
  double likeness = 1;
  at::Tensor head;            // [1,h,w] in [0,1]: what turns as one thing, where that is known
  at::Tensor normals_before;  // [3,h,w] where it was carried from elsewhere: as they are there
};

// A surface that is known elsewhere, found in a frame: `contrast` is how it looks there under this shot's light.
// Without heights as yet.
FrameSurface SurfaceCarried(const light::TakeSurface& known, const at::Tensor& contrast, const Sample& sample);
// The same with heights.
FrameSurface SurfaceFromTake(const light::LightTake& take, const at::Tensor& contrast, const Sample& sample);
// From the outline, inflated, and from a mean face where one is placed; without albedo as yet.
FrameSurface SurfaceFromOutline(const at::Tensor& matte, const std::optional<light::FacePlace>& face);
// What an actor's light head makes of a guessed surface; where it is unsure the guess stays.
FrameSurface SurfaceLearned(const model::LightHead& head, FrameSurface guess, const Sample& sample);
// Heights whose slopes are those of the normals, both of the size of `mask`.
at::Tensor HeightsOf(const at::Tensor& normals, const at::Tensor& mask);
// What such a shape says of a key's light, for finding materials.
light::ShadedPicture ShadedBy(const FrameSurface& surface, const at::Tensor& linear, light::Vector direction);

// How the take would look under a light, as LocalContrast gives it.
at::Tensor ContrastUnder(const light::LightTake& take, const light::SceneLight& light);

}  // namespace shotfix::passes::relight
