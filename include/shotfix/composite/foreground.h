// SPDX-License-Identifier: Apache-2.0
// Colours of what is in front, from a picture and its matte.
#pragma once

#include <ATen/core/Tensor.h>

namespace shotfix::composite {

// The actor's own colours, without the old background's spill, [3,H,W]. Where the plate is known, they solve the
// compositing equation I = aF + (1-a)B; elsewhere they are estimated by blur fusion (Forte 2021, "Approximate Fast
// Foreground Colour Estimation"). Bounded, defined everywhere, and equal to I where the matte is 1. picture: perceptual
// or linear [3,H,W]; matte, plate_valid [1,H,W]; plate [3,H,W] (ignored where plate_valid is 0).
at::Tensor EstimateForeground(const at::Tensor& picture, const at::Tensor& matte, const at::Tensor& plate,
                              const at::Tensor& plate_valid);

}  // namespace shotfix::composite
