// SPDX-License-Identifier: Apache-2.0
#include "shotfix/temporal/measures.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "shotfix/core/error.h"
#include "shotfix/image/resample.h"

namespace shotfix::temporal {
namespace {

double Scalar(const at::Tensor& value) { return value.item<double>(); }

// [3,h,w]: what is left between neighbours when the flow has moved the later one.
at::Tensor Difference(const NeighbourPair& pair, const FlowLink& link) {
  return pair.prev - image::SampleAtOffset(pair.next, link.next_from_prev, image::Filter::kBilinear);
}

double SquareSum(const at::Tensor& difference, const FlowLink& link) {
  return Scalar((difference.square().mean(0, true) * link.trust_at_prev).sum());
}

// How many times as bright the result is, per place and channel.
at::Tensor LevelOver(const at::Tensor& result, const at::Tensor& source) {
  constexpr double kBlurPx = 2;  // what is finer is detail and noise
  constexpr double kFloor = 1.0 / 256;
  return (image::GaussianBlur(result, kBlurPx) + kFloor) / (image::GaussianBlur(source, kBlurPx) + kFloor);
}

at::Tensor LumaOf(const at::Tensor& rgb) { return (rgb[0] * 0.2126 + rgb[1] * 0.7152 + rgb[2] * 0.0722).unsqueeze(0); }

}  // namespace

void AddWarpError(WarpError& sum, const FlowLink& source_link, const NeighbourPair& source,
                  const NeighbourPair& result) {
  const at::Tensor own = Difference(source, source_link);
  sum.source += SquareSum(own, source_link);
  sum.result += SquareSum(Difference(result, source_link), source_link);
  sum.lit += SquareSum(own * LevelOver(result.prev, source.prev), source_link);
  sum.weight += Scalar(source_link.trust_at_prev.sum());
}

void FlickerMeter::Add(const at::Tensor& source_rgb, const at::Tensor& result_rgb, const at::Tensor& mask) {
  constexpr double kFloor = 1.0 / 1024;
  at::Tensor change =
      at::log2(LumaOf(result_rgb).clamp_min(0) + kFloor) - at::log2(LumaOf(source_rgb).clamp_min(0) + kFloor);
  double value = 0;
  if (mask.defined()) {
    const double area = Scalar(mask.sum());
    value = area > 0 ? Scalar((change * mask).sum()) / area : 0;
  } else {
    value = Scalar(change.mean());
  }
  if (count_ >= 2) {
    const double second = value - 2 * last_[1] + last_[0];
    sum_ += second * second;
  }
  last_[0] = last_[1];
  last_[1] = value;
  ++count_;
}

double FlickerMeter::StopsRms() const { return count_ > 2 ? std::sqrt(sum_ / static_cast<double>(count_ - 2)) : 0; }

double MatteMad(const at::Tensor& matte, const at::Tensor& truth) { return Scalar((matte - truth).abs().mean()) * 1e3; }
double MatteMse(const at::Tensor& matte, const at::Tensor& truth) {
  return Scalar((matte - truth).square().mean()) * 1e3;
}

double MatteDtSsd(const at::Tensor& matte_prev, const at::Tensor& matte, const at::Tensor& truth_prev,
                  const at::Tensor& truth) {
  return std::sqrt(Scalar(((matte - matte_prev) - (truth - truth_prev)).square().mean())) * 1e2;
}

double Psnr(const at::Tensor& a, const at::Tensor& b) {
  const double error = Scalar((a.to(at::kDouble) - b.to(at::kDouble)).square().mean());
  return error > 0 ? -10 * std::log10(error) : std::numeric_limits<double>::infinity();
}

double Ssim(const at::Tensor& a, const at::Tensor& b) {
  constexpr double kC1 = 0.01 * 0.01;
  constexpr double kC2 = 0.03 * 0.03;
  constexpr double kSigma = 1.5;
  const at::Tensor x = LumaOf(a);
  const at::Tensor y = LumaOf(b);
  const at::Tensor mean_x = image::GaussianBlur(x, kSigma);
  const at::Tensor mean_y = image::GaussianBlur(y, kSigma);
  const at::Tensor var_x = image::GaussianBlur(x * x, kSigma) - mean_x * mean_x;
  const at::Tensor var_y = image::GaussianBlur(y * y, kSigma) - mean_y * mean_y;
  const at::Tensor cov = image::GaussianBlur(x * y, kSigma) - mean_x * mean_y;
  const at::Tensor top = (mean_x * mean_y * 2 + kC1) * (cov * 2 + kC2);
  const at::Tensor bottom = (mean_x * mean_x + mean_y * mean_y + kC1) * (var_x + var_y + kC2);
  return Scalar((top / bottom).mean());
}

}  // namespace shotfix::temporal
