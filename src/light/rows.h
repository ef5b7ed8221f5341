// SPDX-License-Identifier: Apache-2.0
// Pixels of a picture as rows of a table, for fitting.
#pragma once

#include <ATen/core/Tensor.h>

namespace shotfix::light {

// Where `mask` [1,h,w] is not 0, as places in the flattened picture, [P].
at::Tensor PlacesOf(const at::Tensor& mask);
// [P,C] of a picture [C,h,w].
at::Tensor RowsAt(const at::Tensor& picture, const at::Tensor& places);

}  // namespace shotfix::light
