// SPDX-License-Identifier: Apache-2.0
// What a light head is taught with.
#pragma once

#include <torch/types.h>

namespace shotfix::train {

// Negative log likelihood of normals with an error that is normal and has the predicted variance in both of its
// directions (Kendall & Gal 2017). out [N,4,h,w] of model::LightNet, truth [N,3,h,w], weight [N,1,h,w].
inline torch::Tensor LightLoss(const torch::Tensor& out, const torch::Tensor& truth, const torch::Tensor& weight) {
  const torch::Tensor square = (out.narrow(1, 0, 3) - truth).square().sum(1, true);
  const torch::Tensor variance = out.narrow(1, 3, 1);
  const torch::Tensor each = square * (-variance).exp() / 2 + variance;
  return (each * weight).sum() / weight.sum().clamp_min(1);
}

}  // namespace shotfix::train
