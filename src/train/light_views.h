// SPDX-License-Identifier: Apache-2.0
// A light-reference take turned, framed and lit as no camera saw it.
#pragma once

#include "shotfix/train/light_trainer.h"
#include "train/augment.h"

namespace shotfix::train {

// All on the grid of model::LightHead.
struct LightView {
  at::Tensor normals;                // [3,g,g]
  at::Tensor albedo;                 // [3,g,g]
  at::Tensor heights;                // [1,g,g] px of the grid
  at::Tensor mask;                   // [1,g,g]
  at::Tensor known;                  // [1,g,g]: seen in the take as well
  at::Tensor outline;                // [3,g,g] normals of the inflated mask
  std::vector<at::Tensor> pictures;  // [3,g,g] under the take's own lamps
};

// All of the subject or its head. Turned by up to 30 degrees about the upright axis and 12 about the level one, tilted,
// mirrored, framed a little aside.
LightView DrawView(Rng& rng, const LightLesson& lesson);
// The view under a random key, ambient light and sheen, or one of the take's own pictures; with noise. [3,g,g].
at::Tensor DrawPicture(Rng& rng, const LightView& view);

}  // namespace shotfix::train
