// SPDX-License-Identifier: Apache-2.0
// A picture at twice its size, the same in every training.
#pragma once

#include <torch/types.h>

namespace shotfix::model {

// Note [Same gradients]: CUDA adds up the gradient of bilinear resampling in whatever order its threads arrive, so two
// trainings with one seed part after a step (seen on an H200: another model each time). Twice the size is two weights,
// 3/4 and 1/4: put together from shifted copies, its gradient is added up in one order.

// [N,C,h,w] to [N,C,2h,2w], bilinear, pixel centres at +0.5, edges repeated.
torch::Tensor DoubleSize(const torch::Tensor& x);
// What DoubleSize does where it is learned through on CUDA; on the CPU LibTorch's own is faster and as steady.
torch::Tensor DoubleSizeFromCopies(const torch::Tensor& x);

}  // namespace shotfix::model
