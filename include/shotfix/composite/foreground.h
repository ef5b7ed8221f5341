// SPDX-License-Identifier: Apache-2.0
// Colours of what is in front, and of what is behind, from a picture and its matte.
#pragma once

#include <ATen/core/Tensor.h>

namespace shotfix::composite {

// [3,H,W]. Where the plate is known, F solves the compositing equation I = aF + (1-a)B; elsewhere both layers are
// estimated by blur fusion (Forte 2021, "Approximate Fast Foreground Colour Estimation"). Pure colours of the actor
// without the old background's spill: bounded, defined everywhere, equal to I where matte is 1.
// perceptual or linear [3,H,W]; matte, plate_valid [1,H,W]; plate [3,H,W] (ignored where plate_valid is 0).
at::Tensor EstimateForeground(const at::Tensor& picture, const at::Tensor& matte, const at::Tensor& plate,
                              const at::Tensor& plate_valid);
// The background's own colours: the plate where known, else from the surroundings outside the matte.
at::Tensor EstimateBackground(const at::Tensor& picture, const at::Tensor& matte, const at::Tensor& plate,
                              const at::Tensor& plate_valid);

}  // namespace shotfix::composite
