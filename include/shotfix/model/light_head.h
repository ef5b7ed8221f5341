// SPDX-License-Identifier: Apache-2.0
// The light head in use: the shape of an actor whom a light-reference take has shown, in frames that it never saw.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <memory>
#include <string>

#include "shotfix/model/mini_model.h"

namespace shotfix::model {

// Note [Light head]: a light-reference take knows an actor's shape to ten degrees, but only as that actor held still
// in it. A small network learns from it what a picture of this actor says of the shape: the take's surface is turned,
// lit by lights that nobody shot, and shown to the network, which begins with the inflated outline and says what is
// wrong with it and how sure it is. It sees the subject at one size, whatever the framing, and its upper 60 %, where
// a head is, once more and larger: each place is the mean of both, weighed by how sure they are.
inline constexpr int64_t kLightGridPx = 192;
// The picture, encoded and brought to one level (3); normals of the outline (3); the mask (1).
inline constexpr int64_t kLightInputChannels = 7;

// The head's name in a mini-model; one for each person.
std::string LightHeadName(const std::string& person);

// A square of a picture, px; it may reach beyond the picture, where all is 0.
struct LightGrid {
  int64_t x = 0;
  int64_t y = 0;
  int64_t side = 0;
};
LightGrid GridAround(const at::Tensor& mask);  // all of the subject [1,h,w]; throws kData where there is nothing
LightGrid GridAroundHead(const at::Tensor& mask);
// [C,h,w] to [C,px,px], and [C,grid,grid] back.
at::Tensor ToGrid(const LightGrid& grid, const at::Tensor& picture, int64_t px = kLightGridPx);
at::Tensor FromGrid(const LightGrid& grid, const at::Tensor& values, int64_t height, int64_t width);
// Normals of the inflated mask, [3,g,g] of [1,g,g].
at::Tensor OutlineOnGrid(const at::Tensor& mask);
// On the grid: linear [3,g,g] scene-linear, mask [1,g,g], outline as above.
at::Tensor AssembleLightInput(const at::Tensor& linear, const at::Tensor& mask, const at::Tensor& outline);

struct LearnedShape {
  at::Tensor normals;     // [3,h,w] of length 1
  at::Tensor spread_deg;  // [1,h,w] how far off they may be, one standard deviation as the head sees it
};

// Inference only; deterministic on one device. One thread at a time.
class LightHead {
 public:
  // Throws kData when the head's shape and weights do not fit together.
  LightHead(const Head& head, c10::Device device);
  ~LightHead();
  LightHead(LightHead&&) noexcept;

  // linear [3,h,w] scene-linear, mask [1,h,w] of the subject; float32 on the CPU. Means nothing outside the mask.
  LearnedShape Shape(const at::Tensor& linear, const at::Tensor& mask) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace shotfix::model
