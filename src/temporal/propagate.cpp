// SPDX-License-Identifier: Apache-2.0
#include "shotfix/temporal/propagate.h"

#include <ATen/ATen.h>

#include "shotfix/image/resample.h"

namespace shotfix::temporal {
namespace {

constexpr double kFadePerFrame = 0.985;  // trust fades with distance even where flow is sure

at::Tensor Pack(const Prior& prior) {
  return (at::cat({prior.matte, prior.trust}).clamp(0, 1) * 255 + 0.5).to(at::kByte).cpu();
}

Prior Step(const Prior& from, const at::Tensor& from_of_to, const at::Tensor& trust_at_to) {
  if (!from.defined()) return {};
  Prior next;
  next.matte = image::SampleAtOffset(from.matte, from_of_to, image::Filter::kBilinear);
  next.trust = image::SampleAtOffset(from.trust, from_of_to, image::Filter::kBilinear) * trust_at_to * kFadePerFrame;
  return next;
}

// Both directions of time, each as much as it can be trusted; a floor keeps a matte where neither can.
Prior Blend(const Prior& a, const Prior& b) {
  if (!a.defined()) return b;
  if (!b.defined()) return a;
  const at::Tensor weight_a = a.trust.square() + 1e-4;
  const at::Tensor weight_b = b.trust.square() + 1e-4;
  return {(a.matte * weight_a + b.matte * weight_b) / (weight_a + weight_b),
          at::max(a.trust, b.trust) * (1 - (a.matte - b.matte).abs())};
}

// Walks one way through the shot, carrying the painted mattes; calls visit(frame, carried prior before any painting
// there).
template <typename Visit>
void Walk(image::ShotReader& shot, const PaintedMattes& painted, FlowEstimator& flow, bool forward,
          const Visit& visit) {
  const FrameRange frames = shot.frames();
  Prior carried;
  at::Tensor last;
  for (int64_t step = 0; step < frames.size(); ++step) {
    const int64_t frame = forward ? frames.begin + step : frames.end - 1 - step;
    const at::Tensor picture = shot.Analysis(frame);
    if (carried.defined()) {
      const at::Tensor last_from_this = flow.Estimate(picture, last);
      const at::Tensor trust = RoundTripTrust(last_from_this, flow.Estimate(last, picture));
      carried = Step(carried, last_from_this, trust);
    }
    visit(frame, carried);
    const auto paint = painted.find(frame);
    if (paint != painted.end()) carried = {paint->second, at::ones_like(paint->second)};
    last = picture;
  }
}

}  // namespace

Prior ReadPrior(const image::FrameTrack& track, int64_t frame) {
  const at::Tensor packed = track.Get(frame);
  if (!packed.defined()) return {};
  const at::Tensor values = packed.to(at::kFloat) / 255.0;
  return {values.narrow(0, 0, 1).contiguous(), values.narrow(0, 1, 1).contiguous()};
}

std::map<int64_t, Prior> PropagateMattes(image::ShotReader& shot, const PaintedMattes& painted, FlowEstimator& flow,
                                         image::FrameTrack& track,
                                         const std::function<void(int64_t, int64_t)>& on_frame) {
  std::map<int64_t, Prior> left_out;
  if (painted.empty()) return left_out;
  const int64_t total = 2 * shot.frames().size();
  int64_t done = 0;
  Walk(shot, painted, flow, /*forward=*/true, [&](int64_t frame, const Prior& carried) {
    if (painted.contains(frame)) left_out[frame] = carried;
    if (carried.defined()) track.Put(frame, Pack(carried));
    on_frame(++done, total);
  });
  Walk(shot, painted, flow, /*forward=*/false, [&](int64_t frame, const Prior& carried) {
    const auto paint = painted.find(frame);
    if (paint != painted.end()) {
      left_out[frame] = Blend(left_out[frame], carried);
      track.Put(frame, Pack({paint->second, at::ones_like(paint->second)}));
    } else {
      track.Put(frame, Pack(Blend(ReadPrior(track, frame), carried)));
    }
    on_frame(++done, total);
  });
  return left_out;
}

}  // namespace shotfix::temporal
