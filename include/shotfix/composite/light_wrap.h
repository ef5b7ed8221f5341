// SPDX-License-Identifier: Apache-2.0
// Light wrap: the new background's light bleeding over the actor's edge, as a lens does it.
#pragma once

#include <ATen/core/Tensor.h>

namespace shotfix::composite {

// What to add to the actor, [3,H,W] linear: amount * blur(background * (1 - matte), size) * matte, for
// size_px > 0. Zero more than 3 * size_px inside the matte.
at::Tensor LightWrap(const at::Tensor& background_linear, const at::Tensor& matte, double size_px, double amount);

}  // namespace shotfix::composite
