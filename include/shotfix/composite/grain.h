// SPDX-License-Identifier: Apache-2.0
// Grain and sharpness of footage, measured, and put on a new plate so that it sits in the shot.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <optional>

namespace shotfix::composite {

// Standard deviation of grain against brightness, in perceptual units, per channel: what the camera adds.
struct GrainModel {
  static constexpr int kBins = 8;                   // of perceptual brightness, 0 to 1
  std::array<std::array<float, kBins>, 3> sigma{};  // [channel][bin]
  float correlation_px = 0.5F;                      // Gaussian sigma of the grain's own blur
  float chroma_link = 0.0F;                         // 0: channels independent, 1: equal in all channels

  float MeanSigma() const;
};

// From flat places of pairs of neighbouring frames; perceptual [3,H,W]. `usable` [1,H,W] is 1 where both show the same
// still thing (background, trusted flow).
class GrainMeter {
 public:
  void Add(const at::Tensor& frame, const at::Tensor& next_aligned, const at::Tensor& usable);
  GrainModel Model() const;

 private:
  std::array<std::array<double, GrainModel::kBins>, 3> square_{};
  std::array<std::array<double, GrainModel::kBins>, 3> count_{};
  double product_ = 0;  // of horizontal neighbours
  double cross_ = 0;    // of channels
  double energy_ = 0;
};

// Adds grain to a perceptual picture [3,H,W], clipped to [0,1]. A function of (seed, frame, x, y): chunks agree.
at::Tensor AddGrain(const at::Tensor& perceptual, const GrainModel& model, int64_t frame, uint64_t seed);

// How soft a picture is, as the Gaussian sigma in px that a step edge went through: the median over strong edges of the
// ratio of gradients after re-blurring (Zhuo & Sim 2011). `mask` [1,H,W] limits where. Nothing when there are too few
// edges.
std::optional<double> EdgeBlurSigma(const at::Tensor& perceptual, const at::Tensor& mask);

}  // namespace shotfix::composite
