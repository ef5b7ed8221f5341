// SPDX-License-Identifier: Apache-2.0
// The matte loss: cross entropy and L1, heavier in the soft band, and L1 of a Laplacian pyramid for edges.
#pragma once

#include <torch/nn.h>

#include "shotfix/train/recipe.h"

namespace shotfix::train {

// Detail at three scales, so that an edge in the wrong place costs more than a flat error (Hou & Liu 2019, Laplacian
// loss).
inline torch::Tensor LaplacianLoss(torch::Tensor matte, torch::Tensor truth, torch::Tensor weight) {
  torch::Tensor loss = torch::zeros({}, matte.options());
  double scale = 1;
  for (int level = 0; level < 3; ++level) {
    const torch::Tensor matte_low = torch::avg_pool2d(matte, 3, 1, 1);
    const torch::Tensor truth_low = torch::avg_pool2d(truth, 3, 1, 1);
    loss = loss + scale * (((matte - matte_low) - (truth - truth_low)).abs() * weight).mean();
    matte = torch::avg_pool2d(matte_low, 2);
    truth = torch::avg_pool2d(truth_low, 2);
    weight = torch::avg_pool2d(weight, 2);
    scale *= 2;
  }
  return loss;
}

// logits, truth, weight: [N,1,h,w]. `weight` is 0 where a pixel must not teach (held out, outside the picture).
inline torch::Tensor MatteLoss(const torch::Tensor& logits, const torch::Tensor& truth, const torch::Tensor& weight,
                               const MatteRecipe& recipe) {
  const torch::Tensor matte = torch::sigmoid(logits);
  const torch::Tensor soft = ((truth > 0.02) & (truth < 0.98)).to(torch::kFloat);
  const torch::Tensor band = torch::max_pool2d(soft, 5, 1, 2);
  const torch::Tensor w = weight * (1 + band * recipe.weight_band);
  const torch::Tensor total = w.sum().clamp_min(1);
  const torch::Tensor bce =
      (torch::binary_cross_entropy_with_logits(logits, truth, {}, {}, at::Reduction::None) * w).sum() / total;
  const torch::Tensor l1 = ((matte - truth).abs() * w).sum() / total;
  return recipe.weight_bce * bce + recipe.weight_l1 * l1 +
         recipe.weight_laplacian * LaplacianLoss(matte, truth, weight);
}

}  // namespace shotfix::train
