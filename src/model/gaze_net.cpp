// SPDX-License-Identifier: Apache-2.0
#include "shotfix/model/gaze_net.h"

#include "model/double_size.h"
#include "model/stage.h"
#include "shotfix/core/error.h"
#include "shotfix/model/gaze_head.h"

namespace shotfix::model {
namespace {

namespace nn = torch::nn;
namespace F = torch::nn::functional;

constexpr double kMostShift = 6;     // px of the grid
constexpr double kMostLight = 0.35;  // encoded

}  // namespace

void GazeNetOptions::Validate() const {
  if (channels < 8 || channels > 48 || channels % 8 != 0)
    Throw(ErrorCode::kData, "the gaze head's channels are {}; allowed is 8 to 48 in steps of 8", channels);
}

GazeNetImpl::GazeNetImpl(const GazeNetOptions& options) {
  options.Validate();
  const int64_t c = options.channels;
  down_->push_back(Stage(kGazeInputChannels, c));
  down_->push_back(Stage(c, 2 * c));
  down_->push_back(Stage(2 * c, 2 * c));
  up_->push_back(Stage(4 * c, 2 * c));
  up_->push_back(Stage(3 * c, c));
  out_ = Conv(c, kGazeFieldChannels);
  register_module("down", down_);
  register_module("up", up_);
  register_module("out", out_);
  const torch::NoGradGuard guard;
  out_->weight.mul_(0.01);
}

torch::Tensor GazeNetImpl::forward(const torch::Tensor& input) {
  const auto stage = [](nn::ModuleList& list, size_t k, const torch::Tensor& x) {
    return list[k]->as<StageImpl>()->forward(x);
  };
  const torch::Tensor full = stage(down_, 0, input);
  const torch::Tensor half = stage(down_, 1, torch::avg_pool2d(full, 2));
  const torch::Tensor quarter = stage(down_, 2, torch::avg_pool2d(half, 2));
  const torch::Tensor half_up = stage(up_, 0, torch::cat({DoubleSize(quarter), half}, 1));
  const torch::Tensor out = out_(stage(up_, 1, torch::cat({DoubleSize(half_up), full}, 1)));
  return torch::cat({torch::tanh(out.narrow(1, 0, 2)) * kMostShift, torch::tanh(out.narrow(1, 2, 3)) * kMostLight}, 1);
}

torch::Tensor ApplyGazeFields(const torch::Tensor& drawn, const torch::Tensor& fields, const torch::Tensor& mask) {
  const int64_t height = drawn.size(2);
  const int64_t width = drawn.size(3);
  const torch::Tensor xs = torch::linspace(-1, 1, width, drawn.options()).view({1, 1, width});
  const torch::Tensor ys = torch::linspace(-1, 1, height, drawn.options()).view({1, height, 1});
  const torch::Tensor shift = fields.narrow(1, 0, 2) * mask;
  const torch::Tensor grid = torch::stack({xs + shift.select(1, 0) * (2.0 / static_cast<double>(width - 1)),
                                           ys + shift.select(1, 1) * (2.0 / static_cast<double>(height - 1))},
                                          3);
  const auto options = F::GridSampleFuncOptions().mode(torch::kBilinear).padding_mode(torch::kBorder);
  return F::grid_sample(drawn, grid, F::GridSampleFuncOptions(options).align_corners(true)) +
         fields.narrow(1, 2, 3) * mask;
}

}  // namespace shotfix::model
