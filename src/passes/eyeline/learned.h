// SPDX-License-Identifier: Apache-2.0
// A drawn eye as the gaze head sees it, and what the head says laid on it.
#pragma once

#include <ATen/core/Tensor.h>

#include "passes/eyeline/draw.h"

namespace shotfix::passes::eyeline {

// Note [Grid of the head]: the head's grid covers the crop of an eye, whatever its size; the eye at picture right is
// mirrored. Its fields are read between the grid's points at the frame's own size, so that what they shift keeps its
// detail.
struct HeadView {
  at::Tensor input;  // as model::GazeHead wants it
  at::Tensor mask;   // [1,grid] in [0,1]: within the lids and a little around them
};
// `drawn` is the part of the frame with the iris at `iris`.
HeadView ViewForHead(const EyeDrawing& drawing, cv::Point2d iris, const cv::Mat& drawn);

// [3,grid] of a picture (CV_32FC3), encoded: what `frame_from_crop` (px of that picture) makes of the grid's places.
at::Tensor OnGrid(const EyeDrawing& drawing, const cv::Mat& picture, const gaze::Affine& frame_from_crop);

// Shifts and lights up `drawn` by `fields`, `share` of them.
cv::Mat ApplyFields(const EyeDrawing& drawing, const cv::Mat& drawn, const HeadView& view, const at::Tensor& fields,
                    double share);

}  // namespace shotfix::passes::eyeline
