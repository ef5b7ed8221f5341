// SPDX-License-Identifier: Apache-2.0
// The matte network: a small U-Net on half-size features with a full-size last stage. Heavy header: model and train
// only.
#pragma once

#include <torch/nn.h>

#include <map>
#include <string>

namespace shotfix::model {

struct MatteNetOptions {
  int64_t base_channels = 24;  // 8 to 64, multiple of 8
  int64_t levels = 4;          // 2 to 5, half size counts as the first

  // Throws kData with the allowed values.
  void Validate() const;
};

// Input [N,12,H,W], output logits [N,1,H,W]: a learned correction plus the prior's logit times its trust and a learned
// gate. H and W are padded inside to multiples of 2^levels. No normalisation
// layers: what the network does to a pixel must not depend on how large the picture around it is.
class MatteNetImpl : public torch::nn::Module {
 public:
  explicit MatteNetImpl(const MatteNetOptions& options);
  torch::Tensor forward(const torch::Tensor& input);

 private:
  torch::Tensor Body(const torch::Tensor& padded);
  int64_t levels_;
  torch::nn::ModuleList down_;
  torch::nn::ModuleList up_;
  torch::nn::Conv2d expand_{nullptr};
  torch::nn::Conv2d mix_{nullptr};
  torch::nn::Conv2d out_{nullptr};
};
TORCH_MODULE(MatteNet);

// Parameters by name, cloned to float32 on the CPU, and back (throws kData on a missing or misshaped one).
std::map<std::string, torch::Tensor> ExportWeights(const torch::nn::Module& module);
void ImportWeights(torch::nn::Module& module, const std::map<std::string, torch::Tensor>& weights);

}  // namespace shotfix::model
