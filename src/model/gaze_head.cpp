// SPDX-License-Identifier: Apache-2.0
#include "shotfix/model/gaze_head.h"

#include "shotfix/core/error.h"
#include "shotfix/image/check.h"
#include "shotfix/model/gaze_net.h"
#include "shotfix/model/matte_net.h"

namespace shotfix::model {

std::string GazeHeadName(const std::string& person) { return person.empty() ? "gaze" : "gaze:" + person; }

struct GazeHead::Impl {
  GazeNet net{nullptr};
  c10::Device device{c10::DeviceType::CPU};
};

GazeHead::GazeHead(const Head& head, c10::Device device) : impl_(std::make_unique<Impl>()) {
  const auto channels = head.shape.find("channels");
  if (channels == head.shape.end())
    Throw(ErrorCode::kData, "the model's gaze head does not say its channels; train it again");
  impl_->net = GazeNet(GazeNetOptions{channels->second});
  ImportWeights(*impl_->net, head.weights);
  impl_->device = device;
  impl_->net->to(device);
  impl_->net->eval();
}
GazeHead::~GazeHead() = default;
GazeHead::GazeHead(GazeHead&&) noexcept = default;

at::Tensor GazeHead::Infer(const at::Tensor& input) const {
  image::CheckTensor(input, "input", {kGazeInputChannels, kGazeGridHeight, kGazeGridWidth});
  const torch::NoGradGuard guard;
  return impl_->net->forward(input.unsqueeze(0).to(impl_->device)).squeeze(0).cpu().contiguous();
}

}  // namespace shotfix::model
