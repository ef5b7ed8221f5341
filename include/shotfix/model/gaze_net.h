// SPDX-License-Identifier: Apache-2.0
// The gaze network: a small U-Net that begins as "change nothing". Heavy header: model and train only.
#pragma once

#include <torch/nn.h>

namespace shotfix::model {

struct GazeNetOptions {
  int64_t channels = 16;  // 8 to 48, multiple of 8: of the full size; twice that at half and at quarter size

  // Throws kData with the allowed values.
  void Validate() const;
};

// Input [N,14,h,w], output fields [N,5,h,w] (see gaze_head.h); h and w are multiples of 4.
class GazeNetImpl : public torch::nn::Module {
 public:
  explicit GazeNetImpl(const GazeNetOptions& options);
  torch::Tensor forward(const torch::Tensor& input);

 private:
  torch::nn::ModuleList down_;
  torch::nn::ModuleList up_;
  torch::nn::Conv2d out_{nullptr};
};
TORCH_MODULE(GazeNet);

// The drawn eye [N,3,h,w] with the fields laid on where `mask` [N,1,h,w] allows; differentiable.
torch::Tensor ApplyGazeFields(const torch::Tensor& drawn, const torch::Tensor& fields, const torch::Tensor& mask);

}  // namespace shotfix::model
