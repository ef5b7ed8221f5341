// SPDX-License-Identifier: Apache-2.0
// The matte loss: cross entropy and L1, heavier in the soft band, and L1 of a Laplacian pyramid for edges.
#pragma once

#include <torch/nn.h>

#include "shotfix/train/recipe.h"

namespace shotfix::train {

// Detail of the error at three scales, so that an edge in the wrong place costs more than a flat error (Hou & Liu 2019,
// Laplacian loss). The error is masked first: pixels that must not teach do not, at any scale.
inline torch::Tensor LaplacianLoss(const torch::Tensor& matte, const torch::Tensor& truth,
                                   const torch::Tensor& weight) {
  torch::Tensor error = (matte - truth) * weight;
  torch::Tensor loss = torch::zeros({}, matte.options());
  double scale = 1;
  for (int level = 0; level < 3; ++level) {
    const torch::Tensor low = torch::avg_pool2d(error, 3, 1, 1);
    loss = loss + scale * (error - low).abs().mean();
    error = torch::avg_pool2d(low, 2);
    scale *= 2;
  }
  return loss;
}

// logits, truth, weight: [N,1,h,w]. `weight` is 0 where a pixel must not teach (held out, outside the picture).
inline torch::Tensor MatteLoss(const torch::Tensor& logits, const torch::Tensor& truth, const torch::Tensor& weight,
                               const MatteRecipe& recipe) {
  const torch::Tensor matte = torch::sigmoid(logits);
  // Where the matte changes within two pixels: soft edges and hard ones.
  const torch::Tensor span = torch::max_pool2d(truth, 5, 1, 2) + torch::max_pool2d(-truth, 5, 1, 2);
  const torch::Tensor band = (span > 0.02).to(torch::kFloat);
  const torch::Tensor w = weight * (1 + band * recipe.weight_band);
  const torch::Tensor total = w.sum().clamp_min(1);
  const torch::Tensor bce =
      (torch::binary_cross_entropy_with_logits(logits, truth, {}, {}, at::Reduction::None) * w).sum() / total;
  const torch::Tensor l1 = ((matte - truth).abs() * w).sum() / total;
  return recipe.weight_bce * bce + recipe.weight_l1 * l1 +
         recipe.weight_laplacian * LaplacianLoss(matte, truth, weight);
}

}  // namespace shotfix::train
