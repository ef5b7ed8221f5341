// SPDX-License-Identifier: Apache-2.0
// Where an iris is in a finished picture, by another method than the fit's: what reports and benches measure with.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "shotfix/gaze/geometry.h"

namespace shotfix::gaze {

// Note [Meter]: first the place around `near` on which most dark-to-bright gradients of the picture turn their backs
// (means of gradients, Timm & Barth 2011), counting only those that are about an iris' radius away and mostly level,
// for lids give the others. Then the ellipse that a disc on the ball makes there is laid through the steepest places of
// its sides and its lower rim, strays aside: a corner or a lid may hide any part, and a disc that is turned away is
// narrow, so that a circle through the one side that is left would be a few degrees off. On the sample production's
// truth it strays by 0.06 degrees and is off by 0.6, the same everywhere, for a limbus is soft.
//
// It shares no code with the fit: no circle operator, no gathered picture, no lids. Px of `picture`, pixel centres at
// whole numbers; `ball` in the same. `picture` [3,H,W] float32 perceptual. Nothing when there is no such place.
std::optional<cv::Point2d> MeasureIris(const at::Tensor& picture, cv::Point2d near, const EyeBall& ball);

}  // namespace shotfix::gaze
