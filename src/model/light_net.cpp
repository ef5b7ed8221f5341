// SPDX-License-Identifier: Apache-2.0
#include "shotfix/model/light_net.h"

#include "model/double_size.h"
#include "model/stage.h"
#include "shotfix/core/error.h"
#include "shotfix/model/light_head.h"

namespace shotfix::model {
namespace {

constexpr size_t kLevels = 5;
constexpr int64_t kWidths[kLevels] = {1, 2, 3, 4, 4};  // in units of the first
constexpr int64_t kOutputs = 4;
constexpr int64_t kFirstNormal = 3;    // of the input's channels
constexpr double kLeastVariance = -6;  // logarithm: some 3 degrees
constexpr double kMostVariance = 0;

}  // namespace

void LightNetOptions::Validate() const {
  if (channels < 8 || channels > 48 || channels % 8 != 0)
    Throw(ErrorCode::kData, "the light head's channels are {}; allowed is 8 to 48 in steps of 8", channels);
}

LightNetImpl::LightNetImpl(const LightNetOptions& options) {
  options.Validate();
  const int64_t c = options.channels;
  for (size_t k = 0; k < kLevels; ++k)
    down_->push_back(Stage(k == 0 ? kLightInputChannels : kWidths[k - 1] * c, kWidths[k] * c));
  for (size_t k = kLevels - 1; k-- > 0;) up_->push_back(Stage((kWidths[k + 1] + kWidths[k]) * c, kWidths[k] * c));
  out_ = Conv(c, kOutputs);
  register_module("down", down_);
  register_module("up", up_);
  register_module("out", out_);
  const torch::NoGradGuard guard;
  out_->weight.mul_(0.01);
  out_->bias[kOutputs - 1] = -2;
}

torch::Tensor LightNetImpl::forward(const torch::Tensor& input) {
  const auto stage = [](torch::nn::ModuleList& list, size_t k, const torch::Tensor& x) {
    return list[k]->as<StageImpl>()->forward(x);
  };
  std::vector<torch::Tensor> sizes;
  for (size_t k = 0; k < kLevels; ++k)
    sizes.push_back(stage(down_, k, k == 0 ? input : torch::avg_pool2d(sizes.back(), 2)));
  torch::Tensor x = sizes.back();
  for (size_t k = kLevels - 1; k-- > 0;) x = stage(up_, kLevels - 2 - k, torch::cat({DoubleSize(x), sizes[k]}, 1));
  const torch::Tensor out = out_(x);
  const torch::Tensor normals = input.narrow(1, kFirstNormal, 3) + out.narrow(1, 0, 3);
  const torch::Tensor length = (normals.square().sum(1, true) + 1e-8).sqrt();
  return torch::cat({normals / length, out.narrow(1, 3, 1).clamp(kLeastVariance, kMostVariance)}, 1);
}

}  // namespace shotfix::model
