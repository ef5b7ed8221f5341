// SPDX-License-Identifier: Apache-2.0
// The functions of a normal that AmbientShape counts.
#pragma once

#include <ATen/core/Tensor.h>

namespace shotfix::light {

// Real spherical harmonics of order 1 and 2 without their constants, in AmbientShape's order: [8,h,w] of normals
// [3,h,w].
at::Tensor AmbientFactors(const at::Tensor& normals);

}  // namespace shotfix::light
