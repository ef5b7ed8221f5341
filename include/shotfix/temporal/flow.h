// SPDX-License-Identifier: Apache-2.0
// Optical flow: where each pixel of one frame is in another.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

namespace shotfix::temporal {

// Fields are offsets, [2,H,W] float32 px, x right, y down: a pixel x of frame a is at x + b_from_a(x) in frame b.
class FlowEstimator {
 public:
  virtual ~FlowEstimator() = default;
  // Both pictures [3,H,W] float32, perceptual, same size. Deterministic; independent of the number of threads.
  virtual at::Tensor Estimate(const at::Tensor& a, const at::Tensor& b) = 0;
};

enum class FlowQuality { kFast, kMedium };

// Dense inverse search (Kroeger et al. 2016, OpenCV) on lightly denoised luma. Not thread-safe: one object a thread.
std::unique_ptr<FlowEstimator> MakeDisFlow(FlowQuality quality = FlowQuality::kMedium);

// Flow both ways between two neighbours in time, and how far each can be trusted.
struct FlowLink {
  at::Tensor next_from_prev;  // [2,H,W] on the grid of prev
  at::Tensor prev_from_next;  // [2,H,W] on the grid of next
  at::Tensor trust_at_prev;   // [1,H,W] in [0,1] on the grid of prev: 0 where occluded in next
  at::Tensor trust_at_next;   // [1,H,W] in [0,1] on the grid of next
};
FlowLink LinkFrames(FlowEstimator& estimator, const at::Tensor& prev, const at::Tensor& next);

// exp(-(e / (0.5 + 0.05 |f|))^2 / 2) with e the length of forward plus backward flow: 1 where both agree. 0 outside.
at::Tensor RoundTripTrust(const at::Tensor& b_from_a, const at::Tensor& a_from_b);

// exp(-|a - b|^2 / (2 sigma^2)), [1,H,W] on the grid of a, with b sampled along the flow and the mean square over the
// channels: flow that joins different colours is wrong, however well its round trip closes. Pictures [3,H,W]
// perceptual.
at::Tensor ColourLikeness(const at::Tensor& a, const at::Tensor& b, const at::Tensor& b_from_a, double sigma);

// c_from_a, given b_from_a and c_from_b.
at::Tensor ComposeFlow(const at::Tensor& b_from_a, const at::Tensor& c_from_b);

}  // namespace shotfix::temporal
