// SPDX-License-Identifier: Apache-2.0
// Painted mattes carried through the shot along the flow: a prior for the network, seldom good enough alone.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>

#include "shotfix/image/shot.h"
#include "shotfix/temporal/flow.h"

namespace shotfix::temporal {

struct Prior {
  at::Tensor matte;  // [1,h,w] float32 in [0,1]
  at::Tensor trust;  // [1,h,w] float32 in [0,1]

  bool defined() const { return matte.defined(); }
};

using PaintedMattes = std::map<int64_t, at::Tensor>;  // frame -> [1,h,w] float32 at the analysis size

// Two passes over the shot, forward and backward, memory constant in its length. `track` receives for each frame
// [2,h,w] uint8: matte and trust, both x 255. The result holds, for each painted frame, the prior that the *other*
// painted frames give there: what training must see instead of the answer. Empty when there is no painted matte.
std::map<int64_t, Prior> PropagateMattes(image::ShotReader& shot, const PaintedMattes& painted, FlowEstimator& flow,
                                         image::FrameTrack& track,
                                         const std::function<void(int64_t done, int64_t total)>& on_frame);
// Reads a frame of the track back; undefined parts when the shot has no painted matte.
Prior ReadPrior(const image::FrameTrack& track, int64_t frame);

}  // namespace shotfix::temporal
