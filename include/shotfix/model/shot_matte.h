// SPDX-License-Identifier: Apache-2.0
// A trained head at work on a solved shot: the matte of any frame, and a better plate from better mattes.
#pragma once

#include "shotfix/model/matte_head.h"
#include "shotfix/model/prior_share.h"
#include "shotfix/temporal/matte_shot.h"

namespace shotfix::model {

// What one frame's matte needs beside its picture.
struct ShotView {
  const temporal::CameraTrack& camera;
  const temporal::CleanPlate& plate;
  const image::FrameTrack& track;  // propagated mattes
  PriorShare share = {};           // of them in the result
};

// [1,h,w] in [0,1] of one analysis picture [3,h,w].
at::Tensor InferMatte(const MatteHead& head, const ShotView& view, int64_t frame, const at::Tensor& picture);

// How much of the propagated mattes to take on this shot; the usual share with fewer than two painted frames.
PriorShare FitPriorShare(image::ShotReader& shot, const MatteHead& head, const ShotView& view,
                         const temporal::PaintedMattes& painted, const std::map<int64_t, temporal::Prior>& left_out);

// Gathers the plate again with the head's own mattes (the share is not asked) instead of the propagated ones, which are
// wrong where flow was lost and hide background that was seen. Twice is enough: the second round sees what the first
// uncovered.
temporal::CleanPlate RefinePlate(image::ShotReader& shot, const MatteHead& head, const ShotView& view);

}  // namespace shotfix::model
