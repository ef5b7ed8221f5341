// SPDX-License-Identifier: Apache-2.0
// What the small U-Nets of the gaze and the light head are made of. No normalisation: what a network does to a pixel
// must not depend on how large the picture around it is.
#pragma once

#include <torch/nn.h>

namespace shotfix::model {

inline constexpr double kStageSlope = 0.1;

inline torch::Tensor Activate(const torch::Tensor& x) {
  namespace F = torch::nn::functional;
  return F::leaky_relu(x, F::LeakyReLUFuncOptions().negative_slope(kStageSlope));
}

inline torch::nn::Conv2d Conv(int64_t from, int64_t to) {
  torch::nn::Conv2d conv(torch::nn::Conv2dOptions(from, to, 3).padding(1));
  torch::nn::init::kaiming_normal_(conv->weight, kStageSlope);
  torch::nn::init::zeros_(conv->bias);
  return conv;
}

// Two convolutions at one size.
class StageImpl : public torch::nn::Module {
 public:
  StageImpl(int64_t from, int64_t to) : first_(Conv(from, to)), second_(Conv(to, to)) {
    register_module("first", first_);
    register_module("second", second_);
  }
  torch::Tensor forward(const torch::Tensor& x) { return Activate(second_(Activate(first_(x)))); }

 private:
  torch::nn::Conv2d first_;
  torch::nn::Conv2d second_;
};
TORCH_MODULE(Stage);

}  // namespace shotfix::model
