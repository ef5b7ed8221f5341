// SPDX-License-Identifier: Apache-2.0
// Colours of what is in front, and of what is behind, from a picture and its matte.
#pragma once

#include <ATen/core/Tensor.h>

namespace shotfix::composite {

struct Layers {
  at::Tensor foreground;  // [3,H,W]: the actor's own colours, without the old background's spill
  at::Tensor background;  // [3,H,W]: the plate where it is known, else estimated from outside the matte
};

// Where the plate is known, the foreground solves the compositing equation I = aF + (1-a)B; elsewhere both layers are
// estimated by blur fusion (Forte 2021, "Approximate Fast Foreground Colour Estimation"). Bounded, defined everywhere,
// and the foreground equals I where the matte is 1. perceptual or linear [3,H,W]; matte, plate_valid [1,H,W]; plate
// [3,H,W] (ignored where plate_valid is 0).
Layers EstimateLayers(const at::Tensor& picture, const at::Tensor& matte, const at::Tensor& plate,
                      const at::Tensor& plate_valid);

}  // namespace shotfix::composite
