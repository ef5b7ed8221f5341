// SPDX-License-Identifier: Apache-2.0
// The gaze loss: the picture and its edges, and a price on every shift and every light.
#pragma once

#include <torch/nn.h>

namespace shotfix::train {

struct GazeTruth {
  torch::Tensor target;  // [N,3,h,w]
  torch::Tensor weight;  // [N,1,h,w], 0 where nothing is asked
};

// Mean absolute error by weight; of each example [N].
inline torch::Tensor GazeError(const torch::Tensor& picture, const GazeTruth& truth) {
  const torch::Tensor miss = (picture - truth.target).abs().mean(1, true) * truth.weight;
  return miss.sum({1, 2, 3}) / truth.weight.sum({1, 2, 3}).clamp_min(1);
}

inline torch::Tensor GazeLoss(const torch::Tensor& picture, const torch::Tensor& fields, const GazeTruth& truth) {
  constexpr double kEdges = 0.5;
  constexpr double kUneven = 0.003;  // per px of the grid that neighbours are shifted apart
  constexpr double kShift = 0.0005;  // per px
  constexpr double kLight = 0.02;
  const auto across = [](const torch::Tensor& x) { return x.slice(3, 1) - x.slice(3, 0, -1); };
  const auto down = [](const torch::Tensor& x) { return x.slice(2, 1) - x.slice(2, 0, -1); };
  const torch::Tensor total = truth.weight.sum().clamp_min(1);
  const torch::Tensor miss = picture - truth.target;
  const torch::Tensor edges = (across(miss).abs().mean(1, true) * truth.weight.slice(3, 1)).sum() / total +
                              (down(miss).abs().mean(1, true) * truth.weight.slice(2, 1)).sum() / total;
  const torch::Tensor shift = fields.narrow(1, 0, 2);
  const torch::Tensor uneven = across(shift).abs().mean() + down(shift).abs().mean();
  return GazeError(picture, truth).mean() + kEdges * edges + kUneven * uneven + kShift * shift.abs().mean() +
         kLight * fields.narrow(1, 2, 3).abs().mean();
}

}  // namespace shotfix::train
