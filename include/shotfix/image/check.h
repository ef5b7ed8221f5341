// SPDX-License-Identifier: Apache-2.0
// The one helper that checks tensors at module borders.
#pragma once

#include <ATen/core/Tensor.h>

#include <initializer_list>

namespace shotfix::image {

constexpr int64_t kAnySize = -1;

// Throws kInternal with what was expected and what came, unless `tensor` is float32 with this shape.
void CheckTensor(const at::Tensor& tensor, const char* name, std::initializer_list<int64_t> shape);

}  // namespace shotfix::image
