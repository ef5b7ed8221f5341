// SPDX-License-Identifier: Apache-2.0
#include "shotfix/model/light_head.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "shotfix/core/error.h"
#include "shotfix/image/check.h"
#include "shotfix/image/convert.h"
#include "shotfix/image/resample.h"
#include "shotfix/light/relief.h"
#include "shotfix/model/light_net.h"
#include "shotfix/model/matte_net.h"

namespace shotfix::model {
namespace {

constexpr double kMargin = 1.06;  // of the square beside the subject's larger side
constexpr double kGrey = 0.18;    // the subject's mean level is brought to it
constexpr double kHead = 0.6;     // of that square: the upper part of a subject

int64_t First(const at::Tensor& any) { return any.to(at::kFloat).argmax().item<int64_t>(); }

}  // namespace

std::string LightHeadName(const std::string& person) { return "light:" + person; }

LightGrid GridAround(const at::Tensor& mask) {
  const at::Tensor inside = mask[0] > 0.5;
  if (!inside.any().item<bool>()) Throw(ErrorCode::kData, "there is no subject in this frame");
  const at::Tensor rows = inside.any(1);
  const at::Tensor columns = inside.any(0);
  const int64_t top = First(rows);
  const int64_t bottom = rows.size(0) - First(rows.flip(0));
  const int64_t left = First(columns);
  const int64_t right = columns.size(0) - First(columns.flip(0));
  LightGrid grid;
  grid.side = std::llround(kMargin * static_cast<double>(std::max(bottom - top, right - left)));
  grid.x = (left + right - grid.side) / 2;
  grid.y = (top + bottom - grid.side) / 2;
  return grid;
}

LightGrid GridAroundHead(const at::Tensor& mask) {
  const LightGrid all = GridAround(mask);
  LightGrid head;
  head.side = std::max<int64_t>(8, std::llround(kHead * static_cast<double>(all.side)));
  head.y = all.y;
  // The middle of what is seen in its rows.
  const int64_t top = std::max<int64_t>(0, head.y);
  const at::Tensor rows =
      (mask[0].slice(0, top, std::min(mask.size(1), std::max(top + 1, head.y + head.side))) > 0.5).to(at::kFloat);
  const at::Tensor columns = at::arange(mask.size(2), at::kFloat).view({1, -1});
  const double middle = (rows * columns).sum().item<double>() / std::max(1.0, rows.sum().item<double>());
  head.x = std::llround(middle) - head.side / 2;
  return head;
}

at::Tensor ToGrid(const LightGrid& grid, const at::Tensor& picture, int64_t px) {
  const int64_t height = picture.size(1);
  const int64_t width = picture.size(2);
  at::Tensor square = at::zeros({picture.size(0), grid.side, grid.side}, picture.options());
  const int64_t x0 = std::max<int64_t>(0, grid.x);
  const int64_t y0 = std::max<int64_t>(0, grid.y);
  const int64_t x1 = std::min(width, grid.x + grid.side);
  const int64_t y1 = std::min(height, grid.y + grid.side);
  square.slice(1, y0 - grid.y, y1 - grid.y)
      .slice(2, x0 - grid.x, x1 - grid.x)
      .copy_(picture.slice(1, y0, y1).slice(2, x0, x1));
  return image::Resize(square, px, px).contiguous();
}

at::Tensor FromGrid(const LightGrid& grid, const at::Tensor& values, int64_t height, int64_t width) {
  const at::Tensor square = image::Resize(values, grid.side, grid.side);
  at::Tensor picture = at::zeros({values.size(0), height, width}, values.options());
  const int64_t x0 = std::max<int64_t>(0, grid.x);
  const int64_t y0 = std::max<int64_t>(0, grid.y);
  const int64_t x1 = std::min(width, grid.x + grid.side);
  const int64_t y1 = std::min(height, grid.y + grid.side);
  picture.slice(1, y0, y1).slice(2, x0, x1).copy_(
      square.slice(1, y0 - grid.y, y1 - grid.y).slice(2, x0 - grid.x, x1 - grid.x));
  return picture;
}

at::Tensor OutlineOnGrid(const at::Tensor& mask) { return light::NormalsOf(light::InflateOutline(mask), mask); }

at::Tensor AssembleLightInput(const at::Tensor& linear, const at::Tensor& mask, const at::Tensor& outline) {
  image::CheckTensor(linear, "linear", {3, kLightGridPx, kLightGridPx});
  image::CheckTensor(mask, "mask", {1, kLightGridPx, kLightGridPx});
  // One level for all channels together: the light's colour differs between shots, and the skin's does not.
  const double level = (linear.clamp(0, 1) * mask).sum().item<double>() / std::max(1.0, 3 * mask.sum().item<double>());
  const at::Tensor encoded = image::PerceptualFromLinear((linear * (kGrey / std::max(1e-4, level))).clamp(0, 2)) - 0.5;
  return at::cat({encoded * mask, outline, mask}).contiguous();
}

struct LightHead::Impl {
  LightNet net{nullptr};
  c10::Device device{c10::DeviceType::CPU};
};

LightHead::LightHead(const Head& head, c10::Device device) : impl_(std::make_unique<Impl>()) {
  const auto channels = head.shape.find("channels");
  if (channels == head.shape.end())
    Throw(ErrorCode::kData, "the model's light head does not say its channels; train it again");
  impl_->net = LightNet(LightNetOptions{channels->second});
  ImportWeights(*impl_->net, head.weights);
  impl_->device = device;
  impl_->net->to(device);
  impl_->net->eval();
}
LightHead::~LightHead() = default;
LightHead::LightHead(LightHead&&) noexcept = default;

LearnedShape LightHead::Shape(const at::Tensor& linear, const at::Tensor& mask) const {
  const torch::NoGradGuard guard;
  constexpr double kDegrees = 180 / std::numbers::pi;
  at::Tensor sum = at::zeros_like(linear);
  at::Tensor weights = at::zeros_like(mask) + 1e-6;
  for (const LightGrid& grid : {GridAround(mask), GridAroundHead(mask)}) {
    const at::Tensor inside = (ToGrid(grid, mask) > 0.5).to(at::kFloat);
    const at::Tensor input = AssembleLightInput(ToGrid(grid, linear), inside, OutlineOnGrid(inside));
    const at::Tensor out = impl_->net->forward(input.unsqueeze(0).to(impl_->device)).squeeze(0).cpu();
    const at::Tensor sure = (-out.narrow(0, 3, 1)).exp() * inside;  // outside it was taught nothing
    const at::Tensor weight = FromGrid(grid, sure, mask.size(1), mask.size(2));
    sum = sum + FromGrid(grid, out.narrow(0, 0, 3) * sure, mask.size(1), mask.size(2));
    weights = at::maximum(weights, weight);
  }
  // Two of the three components can be off: the third is along the normal.
  return {light::OfLengthOne(sum).contiguous(), (weights.rsqrt() * (std::numbers::sqrt2 * kDegrees)).contiguous()};
}

}  // namespace shotfix::model
