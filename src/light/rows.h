// SPDX-License-Identifier: Apache-2.0
// Pixels and directions as rows of tables, for fitting.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "shotfix/light/lights.h"

namespace shotfix::light {

// Where `mask` [1,h,w] is not 0, as places in the flattened picture, [P].
at::Tensor PlacesOf(const at::Tensor& mask);
// [P,C] of a picture [C,h,w].
at::Tensor RowsAt(const at::Tensor& picture, const at::Tensor& places);
// [K,3] double, and one row of it.
at::Tensor TableOf(const std::vector<Vector>& directions);
Vector VectorOf(const at::Tensor& row);

}  // namespace shotfix::light
