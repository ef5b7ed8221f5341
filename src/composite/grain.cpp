// SPDX-License-Identifier: Apache-2.0
#include "shotfix/composite/grain.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "shotfix/image/resample.h"

namespace shotfix::composite {
namespace {

constexpr double kEnough = 400;  // samples that make a bin trustworthy
constexpr float kClip = 0.05F;   // differences beyond this are motion, not grain

uint64_t Mix(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31);
}

// Nearly normal with mean 0 and variance 1: the sum of four uniforms of 16 bits (Irwin-Hall), from one hash of the
// position. Integers only, so it is the same everywhere.
float Normal(uint64_t key) {
  const uint64_t bits = Mix(key * 0x9E3779B97F4A7C15ULL + 0x632BE59BD9B4E019ULL);
  const uint64_t sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48);
  constexpr float kMean = 2 * 65535.0F;
  constexpr float kSigma = 65535.0F * 0.57735027F;  // sqrt(4 / 12)
  return (static_cast<float>(sum) - kMean) / kSigma;
}

at::Tensor WhiteNoise(int64_t height, int64_t width, int64_t frame, uint64_t seed) {
  at::Tensor noise = at::empty({4, height, width}, at::kFloat);
  float* out = noise.mutable_data_ptr<float>();
  const uint64_t base = Mix(seed ^ Mix(static_cast<uint64_t>(frame) + 1));
  at::parallel_for(0, noise.numel(), 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) out[k] = Normal(base + static_cast<uint64_t>(k));
  });
  return noise;
}

at::Tensor SigmaAt(const at::Tensor& picture, const GrainModel& model) {
  const at::Tensor position = (picture.clamp(0, 1) * GrainModel::kBins - 0.5).clamp(0, GrainModel::kBins - 1.001);
  const at::Tensor low = position.floor();
  const at::Tensor fraction = position - low;
  std::vector<at::Tensor> channels;
  for (int64_t channel = 0; channel < 3; ++channel) {
    const auto& row = model.sigma[static_cast<size_t>(channel)];
    const at::Tensor table =
        at::from_blob(const_cast<float*>(row.data()), {GrainModel::kBins}, at::kFloat).clone().to(picture.device());
    const at::Tensor index = low[channel].to(at::kLong);
    channels.push_back(table.index({index}) * (1 - fraction[channel]) +
                       table.index({(index + 1).clamp_max(GrainModel::kBins - 1)}) * fraction[channel]);
  }
  return at::stack(channels);
}

}  // namespace

float GrainModel::MeanSigma() const {
  float sum = 0;
  for (const auto& channel : sigma) {
    for (const float value : channel) sum += value;
  }
  return sum / (3 * kBins);
}

void GrainMeter::Add(const at::Tensor& frame, const at::Tensor& next_aligned, const at::Tensor& usable) {
  const at::Tensor difference = (frame - next_aligned) * (1.0 / std::numbers::sqrt2);
  const at::Tensor flat = image::GaussianBlur(frame, 1.0);
  const at::Tensor still = usable * (image::GaussianBlur(difference, 2.0).abs().amax(0, true) < 0.01).to(at::kFloat) *
                           (difference.abs().amax(0, true) < kClip).to(at::kFloat);
  for (int64_t channel = 0; channel < 3; ++channel) {
    const at::Tensor bin = (flat[channel].clamp(0, 0.9999) * GrainModel::kBins).to(at::kLong);
    for (int64_t k = 0; k < GrainModel::kBins; ++k) {
      const at::Tensor in_bin = (bin == k).to(at::kFloat) * still[0];
      square_[static_cast<size_t>(channel)][static_cast<size_t>(k)] +=
          (difference[channel].square() * in_bin).sum().item<double>();
      count_[static_cast<size_t>(channel)][static_cast<size_t>(k)] += in_bin.sum().item<double>();
    }
  }
  const int64_t width = frame.size(2);
  const at::Tensor masked = difference * still;
  product_ += (masked.narrow(2, 0, width - 1) * masked.narrow(2, 1, width - 1)).sum().item<double>();
  cross_ += (masked[0] * masked[1] + masked[1] * masked[2] + masked[0] * masked[2]).sum().item<double>();
  energy_ += masked.square().sum().item<double>();
}

GrainModel GrainMeter::Model() const {
  GrainModel model;
  double square = 0;
  double count = 0;
  for (size_t channel = 0; channel < 3; ++channel) {
    for (size_t bin = 0; bin < GrainModel::kBins; ++bin) {
      square += square_[channel][bin];
      count += count_[channel][bin];
    }
  }
  const double overall = count > kEnough ? std::sqrt(square / count) : 0;
  for (size_t channel = 0; channel < 3; ++channel) {
    for (size_t bin = 0; bin < GrainModel::kBins; ++bin) {
      const bool enough = count_[channel][bin] > kEnough;
      model.sigma[channel][bin] =
          static_cast<float>(enough ? std::sqrt(square_[channel][bin] / count_[channel][bin]) : overall);
    }
  }
  if (energy_ <= 0) return model;
  // A Gaussian of standard deviation s gives neighbours the correlation exp(-1 / (4 s^2)).
  const double neighbour = std::clamp(product_ / energy_, 0.0, 0.9);
  model.correlation_px = neighbour > 0.02 ? static_cast<float>(std::sqrt(-0.25 / std::log(neighbour))) : 0.0F;
  model.chroma_link = static_cast<float>(std::clamp(cross_ / energy_, 0.0, 1.0));
  return model;
}

at::Tensor AddGrain(const at::Tensor& perceptual, const GrainModel& model, int64_t frame, uint64_t seed) {
  constexpr int64_t kBandRows = 128;
  if (model.MeanSigma() <= 1e-5F) return perceptual;
  at::Tensor noise = WhiteNoise(perceptual.size(1), perceptual.size(2), frame, seed);
  const double own = std::sqrt(1.0 - model.chroma_link);
  const double shared = std::sqrt(model.chroma_link);
  noise = (noise.narrow(0, 0, 3) * own).add_(noise.narrow(0, 3, 1) * shared);
  if (model.correlation_px > 0.2F) {
    noise = image::GaussianBlur(noise, model.correlation_px);
    noise.div_(noise.square().mean().sqrt().clamp_min(1e-6));
  }
  noise = noise.to(perceptual.device());
  // By bands: the table's look-up takes five times the picture.
  for (int64_t row = 0; row < noise.size(1); row += kBandRows) {
    const int64_t rows = std::min(kBandRows, noise.size(1) - row);
    const at::Tensor clean = perceptual.narrow(1, row, rows);
    noise.narrow(1, row, rows).mul_(SigmaAt(clean, model)).add_(clean).clamp_(0, 1);
  }
  return noise;
}

std::optional<double> EdgeBlurSigma(const at::Tensor& perceptual, const at::Tensor& mask) {
  constexpr double kFine = 1.0;
  constexpr double kCoarse = 2.0;
  constexpr int64_t kEnoughEdges = 300;
  const at::Tensor luma = (perceptual[0] * 0.2126 + perceptual[1] * 0.7152 + perceptual[2] * 0.0722).unsqueeze(0);
  const auto gradient = [&](double sigma) {
    const at::Tensor smooth = image::GaussianBlur(luma, sigma);
    const at::Tensor x = smooth.slice(2, 2) - smooth.slice(2, 0, -2);
    const at::Tensor y = smooth.slice(1, 2) - smooth.slice(1, 0, -2);
    return (x.slice(1, 1, -1).square() + y.slice(2, 1, -1).square()).sqrt();
  };
  const at::Tensor fine = gradient(kFine);
  const at::Tensor coarse = gradient(kCoarse);
  // Ridges of the fine gradient: there the ratio is that of the edge itself.
  const at::Tensor ridge = (fine >= image::Dilate(fine, 2)) & (fine > 0.03) & (coarse > 1e-4);
  const at::Tensor inside = mask.defined() ? ridge & (mask.slice(1, 1, -1).slice(2, 1, -1) > 0.99) : ridge;
  const at::Tensor ratio = (fine / coarse.clamp_min(1e-6)).masked_select(inside);
  if (ratio.numel() < kEnoughEdges) return std::nullopt;
  const double r = std::max(1.0001, ratio.median().item<double>());
  // r^2 = (s^2 + coarse^2) / (s^2 + fine^2)
  const double variance = (kCoarse * kCoarse - r * r * kFine * kFine) / (r * r - 1);
  return std::sqrt(std::clamp(variance, 0.0, 100.0));
}

}  // namespace shotfix::composite
