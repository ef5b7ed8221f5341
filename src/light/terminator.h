// SPDX-License-Identifier: Apache-2.0
// How much of a source falls on a surface around the terminator.
#pragma once

#include <ATen/core/Tensor.h>

namespace shotfix::light {

// Lambert's cosine; a source that reaches as far as `reach` (the sine of its radius, over 0) around the terminator
// lights it with (c + reach)^2 / (4 reach). Of any shape.
at::Tensor SoftCosine(const at::Tensor& cosine, double reach);

}  // namespace shotfix::light
