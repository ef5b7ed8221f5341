// SPDX-License-Identifier: Apache-2.0
// A moving average of weights: what is measured and kept instead of the last step's noise.
#pragma once

#include <torch/nn.h>

#include <algorithm>
#include <vector>

namespace shotfix::train {

class Ema {
 public:
  Ema(const torch::nn::Module& module, double decay) : decay_(decay) {
    for (const torch::Tensor& parameter : module.parameters()) average_.push_back(parameter.detach().clone());
  }
  // Early averages forget faster, so that random first weights are gone soon.
  void Update(const torch::nn::Module& module, int64_t step) {
    const torch::NoGradGuard guard;
    const double decay = std::min(decay_, (1.0 + static_cast<double>(step)) / (10.0 + static_cast<double>(step)));
    const std::vector<torch::Tensor> parameters = module.parameters();
    for (size_t k = 0; k < parameters.size(); ++k) average_[k].mul_(decay).add_(parameters[k].detach(), 1 - decay);
  }
  void CopyTo(torch::nn::Module& module) const {
    const torch::NoGradGuard guard;
    const std::vector<torch::Tensor> parameters = module.parameters();
    for (size_t k = 0; k < parameters.size(); ++k) const_cast<torch::Tensor&>(parameters[k]).copy_(average_[k]);
  }
  std::vector<torch::Tensor>& average() { return average_; }

 private:
  double decay_;
  std::vector<torch::Tensor> average_;
};

}  // namespace shotfix::train
