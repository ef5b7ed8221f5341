// SPDX-License-Identifier: Apache-2.0
#include "shotfix/temporal/propagate.h"

#include <ATen/ATen.h>

#include <cmath>

#include "shotfix/image/resample.h"

namespace shotfix::temporal {
namespace {

constexpr double kColourSigma = 0.1;     // perceptual units
constexpr double kFadePerFrame = 0.985;  // trust fades with distance even where flow is sure

at::Tensor Pack(const Prior& prior) {
  return (at::cat({prior.matte, prior.trust}).clamp(0, 1) * 255 + 0.5).to(at::kByte).cpu();
}

// A painted matte as a later or earlier frame sees it. The ways there and back are chained and the paint sampled once:
// sampling it anew from frame to frame would soften its edge with every step.
struct Carried {
  at::Tensor paint;            // [1,h,w]; undefined: nothing painted yet
  at::Tensor picture;          // of the painted frame
  at::Tensor paint_from_here;  // [2,h,w]
  at::Tensor here_from_paint;  // [2,h,w]
  int64_t age = 0;             // frames

  // `here` is the picture to look from. Flow is trusted where the way there and back closes and where it joins pixels
  // of the same colour.
  Prior Look(const at::Tensor& here) const {
    if (!paint.defined()) return {};
    const at::Tensor likeness = ColourLikeness(here, picture, paint_from_here, kColourSigma);
    const double fade = std::pow(kFadePerFrame, static_cast<double>(age));
    return {image::SampleAtOffset(paint, paint_from_here, image::Filter::kBicubic).clamp(0, 1),
            RoundTripTrust(paint_from_here, here_from_paint) * likeness * fade};
  }

  void Step(const at::Tensor& last_from_this, const at::Tensor& this_from_last) {
    paint_from_here = ComposeFlow(last_from_this, paint_from_here);
    here_from_paint = ComposeFlow(here_from_paint, this_from_last);
    ++age;
  }
};

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
  Carried carried;
  at::Tensor last;
  for (int64_t step = 0; step < frames.size(); ++step) {
    const int64_t frame = forward ? frames.begin + step : frames.end - 1 - step;
    const at::Tensor picture = shot.Analysis(frame);
    if (carried.paint.defined()) {
      const at::Tensor last_from_this = flow.Estimate(picture, last);
      carried.Step(last_from_this, flow.Estimate(last, picture));
    }
    visit(frame, carried.Look(picture));
    const auto paint = painted.find(frame);
    if (paint != painted.end()) {
      const at::Tensor stay = at::zeros({2, picture.size(1), picture.size(2)});
      carried = {paint->second, picture, stay, stay, 0};
    }
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
