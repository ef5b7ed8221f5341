// SPDX-License-Identifier: Apache-2.0
#include "shotfix/model/matte_net.h"

#include "model/double_size.h"
#include "shotfix/core/error.h"
#include "shotfix/model/matte_head.h"

namespace shotfix::model {
namespace {

namespace nn = torch::nn;
namespace F = torch::nn::functional;

constexpr double kSlope = 0.1;
constexpr int64_t kFullSizeChannels = 8;
constexpr int64_t kMixChannels = 12;
constexpr double kSurest = 0.01;  // a propagated matte is taken as no nearer to 0 or 1 than this

nn::Conv2d Conv(int64_t from, int64_t to, int64_t stride = 1) {
  nn::Conv2d conv(nn::Conv2dOptions(from, to, 3).stride(stride).padding(1));
  nn::init::kaiming_normal_(conv->weight, kSlope);
  nn::init::zeros_(conv->bias);
  return conv;
}

torch::Tensor Activate(const torch::Tensor& x) {
  return F::leaky_relu(x, F::LeakyReLUFuncOptions().negative_slope(kSlope));
}

// Two convolutions, the second as a residual.
class StageImpl : public nn::Module {
 public:
  StageImpl(int64_t from, int64_t to, int64_t stride) : first_(Conv(from, to, stride)), second_(Conv(to, to)) {
    register_module("first", first_);
    register_module("second", second_);
    torch::NoGradGuard guard;
    second_->weight.mul_(0.5);
  }
  torch::Tensor forward(const torch::Tensor& x) {
    const torch::Tensor y = Activate(first_(x));
    return y + Activate(second_(y));
  }

 private:
  nn::Conv2d first_;
  nn::Conv2d second_;
};
TORCH_MODULE(Stage);

int64_t Channels(const MatteNetOptions& options, int64_t level) {
  constexpr std::array<double, 5> kGrowth = {1, 2, 2.67, 3.34, 4};
  return std::max<int64_t>(
      8,
      static_cast<int64_t>(static_cast<double>(options.base_channels) * kGrowth[static_cast<size_t>(level)]) / 8 * 8);
}

// Where the network starts from: the propagated matte, as far as it is trusted. It learns the correction only.
torch::Tensor PriorLogit(const torch::Tensor& input) {
  const torch::Tensor matte = input.narrow(1, kPriorMatteChannel, 1);
  const torch::Tensor trust = input.narrow(1, kPriorTrustChannel, 1);
  return torch::logit(matte, kSurest) * trust;
}

}  // namespace

void MatteNetOptions::Validate() const {
  if (base_channels < 8 || base_channels > 64 || base_channels % 8 != 0) {
    Throw(ErrorCode::kData, "base_channels is {}; allowed is 8 to 64 in steps of 8", base_channels);
  }
  if (levels < 2 || levels > 5) Throw(ErrorCode::kData, "levels is {}; allowed is 2 to 5", levels);
}

MatteNetImpl::MatteNetImpl(const MatteNetOptions& options) : levels_(options.levels) {
  options.Validate();
  for (int64_t level = 0; level < levels_; ++level) {
    const int64_t from = level == 0 ? 4 * kMatteInputChannels : Channels(options, level - 1);
    down_->push_back(Stage(from, Channels(options, level), level == 0 ? 1 : 2));
  }
  for (int64_t level = levels_ - 2; level >= 0; --level) {
    up_->push_back(Stage(Channels(options, level + 1) + Channels(options, level), Channels(options, level), 1));
  }
  expand_ = Conv(Channels(options, 0), 4 * kFullSizeChannels);
  mix_ = Conv(kFullSizeChannels + kMatteInputChannels, kMixChannels);
  out_ = Conv(kMixChannels, 2);
  register_module("down", down_);
  register_module("up", up_);
  register_module("expand", expand_);
  register_module("mix", mix_);
  register_module("out", out_);
  torch::NoGradGuard guard;
  out_->weight.mul_(0.1);
}

torch::Tensor MatteNetImpl::Body(const torch::Tensor& padded) {
  std::vector<torch::Tensor> skips;
  torch::Tensor x = torch::pixel_unshuffle(padded, 2);
  for (const auto& stage : *down_) {
    x = stage->as<StageImpl>()->forward(x);
    skips.push_back(x);
  }
  for (size_t k = 0; k < up_->size(); ++k) {
    const torch::Tensor& skip = skips[skips.size() - 2 - k];
    x = up_[k]->as<StageImpl>()->forward(torch::cat({DoubleSize(x), skip}, 1));
  }
  const torch::Tensor full = Activate(torch::pixel_shuffle(expand_(x), 2));
  const torch::Tensor out = out_(Activate(mix_(torch::cat({full, padded}, 1))));
  return out.narrow(1, 0, 1) + torch::sigmoid(out.narrow(1, 1, 1)) * PriorLogit(padded);
}

torch::Tensor MatteNetImpl::forward(const torch::Tensor& input) {
  const int64_t multiple = int64_t{1} << levels_;
  const int64_t height = input.size(2);
  const int64_t width = input.size(3);
  const int64_t pad_h = (multiple - height % multiple) % multiple;
  const int64_t pad_w = (multiple - width % multiple) % multiple;
  if (pad_h == 0 && pad_w == 0) return Body(input);
  const torch::Tensor padded = F::pad(input, F::PadFuncOptions({0, pad_w, 0, pad_h}).mode(torch::kReplicate));
  return Body(padded).narrow(2, 0, height).narrow(3, 0, width);
}

std::map<std::string, torch::Tensor> ExportWeights(const torch::nn::Module& module) {
  std::map<std::string, torch::Tensor> weights;
  for (const auto& item : module.named_parameters())
    weights[item.key()] = item.value().detach().to(torch::kCPU, torch::kFloat).contiguous().clone();
  return weights;
}

void ImportWeights(torch::nn::Module& module, const std::map<std::string, torch::Tensor>& weights) {
  torch::NoGradGuard guard;
  for (auto& item : module.named_parameters()) {
    const auto found = weights.find(item.key());
    if (found == weights.end())
      Throw(ErrorCode::kData, "the model lacks the weights \"{}\"; train it again", item.key());
    if (found->second.sizes() != item.value().sizes())
      Throw(ErrorCode::kData, "the model's weights \"{}\" have another shape than its record says; train it again",
            item.key());
    item.value().copy_(found->second);
  }
}

}  // namespace shotfix::model
