// SPDX-License-Identifier: Apache-2.0
// Where an iris is in a finished picture, by another method than the fit's: what reports and benches measure with.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "shotfix/gaze/geometry.h"

namespace shotfix::gaze {

// The place around `near` on which most dark-to-bright gradients of the picture turn their backs (means of gradients,
// Timm & Barth 2011), counting only those that are about an iris' radius away and mostly level, for lids give the
// others. It shares no code with the fit: no circle operator, no gathered picture, no lids. Px, pixel centres at whole
// numbers. `picture` [3,H,W] float32 perceptual. Nothing when there is no such place.
std::optional<cv::Point2d> MeasureIris(const at::Tensor& picture, cv::Point2d near, double radius_px);

}  // namespace shotfix::gaze
