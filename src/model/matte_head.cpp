// SPDX-License-Identifier: Apache-2.0
#include "shotfix/model/matte_head.h"

#include "shotfix/core/error.h"
#include "shotfix/image/check.h"
#include "shotfix/model/matte_net.h"

namespace shotfix::model {
namespace {

int64_t ShapeOf(const Head& head, const char* name) {
  const auto found = head.shape.find(name);
  if (found == head.shape.end())
    Throw(ErrorCode::kData, "the model's matte head does not say its {}; train it again", name);
  return found->second;
}

}  // namespace

at::Tensor AssembleMatteInput(const at::Tensor& perceptual, const temporal::PlateView& plate,
                              const temporal::Prior& prior) {
  image::CheckTensor(perceptual, "perceptual", {3, image::kAnySize, image::kAnySize});
  const int64_t height = perceptual.size(1);
  const int64_t width = perceptual.size(2);
  const at::Tensor none = at::zeros({1, height, width}, perceptual.options());
  const bool has_plate = plate.rgb.defined();
  const at::Tensor valid = has_plate ? plate.valid : none;
  const at::Tensor plate_rgb = has_plate ? plate.rgb * valid : none.expand({3, height, width});
  const at::Tensor difference =
      has_plate ? (perceptual - plate.rgb).abs() * valid * 4.0 : none.expand({3, height, width});
  const at::Tensor trust = prior.defined() ? prior.trust : none;
  const at::Tensor matte = prior.defined() ? prior.matte * (trust > 0.01) : none;
  return at::cat({perceptual, plate_rgb, difference, valid, matte, trust});
}

struct MatteHead::Impl {
  MatteNet net{nullptr};
  c10::Device device{c10::DeviceType::CPU};
  int long_side_px = 0;
  bool uses_prior = false;
};

MatteHead::MatteHead(const Head& head, c10::Device device) : impl_(std::make_unique<Impl>()) {
  const MatteNetOptions options{ShapeOf(head, "base_channels"), ShapeOf(head, "levels")};
  impl_->long_side_px = static_cast<int>(ShapeOf(head, "long_side_px"));
  if (impl_->long_side_px < 64 || impl_->long_side_px > 8192)
    Throw(ErrorCode::kData, "the model's long_side_px is {}; allowed is 64 to 8192", impl_->long_side_px);
  impl_->uses_prior = ShapeOf(head, "uses_prior") != 0;
  impl_->net = MatteNet(options);
  ImportWeights(*impl_->net, head.weights);
  impl_->device = device;
  impl_->net->to(device, device.is_cuda() ? torch::kBFloat16 : torch::kFloat);
  impl_->net->eval();
}
MatteHead::~MatteHead() = default;
MatteHead::MatteHead(MatteHead&&) noexcept = default;

int MatteHead::long_side_px() const { return impl_->long_side_px; }
bool MatteHead::uses_prior() const { return impl_->uses_prior; }

at::Tensor MatteHead::Infer(const at::Tensor& input) const {
  image::CheckTensor(input, "input", {kMatteInputChannels, image::kAnySize, image::kAnySize});
  const torch::NoGradGuard guard;
  const auto type = impl_->device.is_cuda() ? torch::kBFloat16 : torch::kFloat;
  const at::Tensor batch = input.unsqueeze(0).to(impl_->device, type).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor logits = impl_->net->forward(batch).to(torch::kFloat);
  return torch::sigmoid(logits).squeeze(0).to(input.device());
}

}  // namespace shotfix::model
