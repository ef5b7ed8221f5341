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
// wrong with it and how sure it is. It sees the subject at one size, whatever the framing.
inline constexpr int64_t kLightGridPx = 192;
// The picture, encoded and brought to one level (3); normals of the outline (3); the mask (1).
inline constexpr int64_t kLightInputChannels = 7;

// The head's name in a mini-model; one for each person.
std::string LightHeadName(const std::string& person);

// A square of a picture around the subject, px; it may reach beyond the picture, where all is 0.
struct LightGrid {
  int64_t x = 0;
  int64_t y = 0;
  int64_t side = 0;
};
LightGrid GridAround(const at::Tensor& mask);  // [1,h,w]; throws kData where there is nothing
// [C,h,w] to [C,grid,grid] and back.
at::Tensor ToGrid(const LightGrid& grid, const at::Tensor& picture);
at::Tensor FromGrid(const LightGrid& grid, const at::Tensor& values, int64_t height, int64_t width);
// On the grid: linear [3,g,g] scene-linear, mask [1,g,g], outline [3,g,g]: normals of the inflated mask.
at::Tensor AssembleLightInput(const at::Tensor& linear, const at::Tensor& mask, const at::Tensor& outline);

struct LearnedShape {
  at::Tensor normals;     // [3,g,g] of length 1
  at::Tensor spread_deg;  // [1,g,g] how far off they may be, one standard deviation as the head sees it
};

// Inference only; deterministic on one device. One thread at a time.
class LightHead {
 public:
  // Throws kData when the head's shape and weights do not fit together.
  LightHead(const Head& head, c10::Device device);
  ~LightHead();
  LightHead(LightHead&&) noexcept;

  // Of [kLightInputChannels,g,g]; float32 on the CPU.
  LearnedShape Infer(const at::Tensor& input) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace shotfix::model
