// SPDX-License-Identifier: Apache-2.0
// Means around a place, their reach told in shares of the long side.
#pragma once

#include <ATen/core/Tensor.h>

namespace shotfix::passes::relight {

at::Tensor SmoothMean(const at::Tensor& picture, double reach);  // [C,h,w]
// [C,h,w]: what is known, carried a little over its border. known: [1,h,w] in [0,1].
at::Tensor SpreadFrom(const at::Tensor& values, const at::Tensor& known);

}  // namespace shotfix::passes::relight
