// SPDX-License-Identifier: Apache-2.0
// The light network: a U-Net that begins as "the outline is right". Heavy header: model and train only.
#pragma once

#include <torch/nn.h>

namespace shotfix::model {

struct LightNetOptions {
  int64_t channels = 16;  // 8 to 48, multiple of 8: of the full size; up to four times that at the smallest

  // Throws kData with the allowed values.
  void Validate() const;
};

// Input [N,7,h,w] as AssembleLightInput gives it, h and w multiples of 16. Output [N,4,h,w]: normals (3) of length 1,
// and the logarithm of the variance of each of their components.
class LightNetImpl : public torch::nn::Module {
 public:
  explicit LightNetImpl(const LightNetOptions& options);
  torch::Tensor forward(const torch::Tensor& input);

 private:
  torch::nn::ModuleList down_;
  torch::nn::ModuleList up_;
  torch::nn::Conv2d out_{nullptr};
};
TORCH_MODULE(LightNet);

}  // namespace shotfix::model
