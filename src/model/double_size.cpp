// SPDX-License-Identifier: Apache-2.0
#include "model/double_size.h"

#include <torch/nn/functional/upsampling.h>

namespace shotfix::model {
namespace {

namespace F = torch::nn::functional;

// Along one axis: each pixel becomes two, a quarter of a pixel before and behind its middle.
torch::Tensor DoubleAlong(const torch::Tensor& x, int64_t axis) {
  const int64_t length = x.size(axis);
  const torch::Tensor before = torch::cat({x.narrow(axis, 0, 1), x.narrow(axis, 0, length - 1)}, axis);
  const torch::Tensor behind = torch::cat({x.narrow(axis, 1, length - 1), x.narrow(axis, length - 1, 1)}, axis);
  const torch::Tensor pair = torch::stack({0.75 * x + 0.25 * before, 0.75 * x + 0.25 * behind}, axis + 1);
  std::vector<int64_t> size = x.sizes().vec();
  size[static_cast<size_t>(axis)] *= 2;
  return pair.reshape(size);
}

}  // namespace

torch::Tensor DoubleSizeFromCopies(const torch::Tensor& x) { return DoubleAlong(DoubleAlong(x, 2), 3); }

torch::Tensor DoubleSize(const torch::Tensor& x) {
  if (x.is_cuda() && x.requires_grad()) return DoubleSizeFromCopies(x);
  return F::interpolate(
      x,
      F::InterpolateFuncOptions().scale_factor(std::vector<double>{2, 2}).mode(torch::kBilinear).align_corners(false));
}

}  // namespace shotfix::model
