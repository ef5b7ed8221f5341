// SPDX-License-Identifier: Apache-2.0
// What a pass wants to change in one frame: fields, never finished pictures.
#pragma once

#include <ATen/core/Tensor.h>

namespace shotfix::image {

// Every part is optional; undefined means "leave it". Inside the support the result is
//   (1 - alpha) * sample(frame, warp) * 2^gain + alpha * fill
// in scene-linear light, mixed over the source by `support`. Where support is 0 the source samples are copied.
struct Edit {
  at::Tensor gain;        // [3,h,w] float32, log2 per channel; any size, upsampled bilinearly to the frame
  at::Tensor warp;        // [2,H,W] float32 px (x right, y down): source_from_target, sample the frame at x + warp(x)
  at::Tensor fill;        // [3,H,W] float32, scene-linear
  at::Tensor alpha;       // [1,H,W] float32 in [0,1]: how much of the fill shows
  at::Tensor support;     // [1,H,W] float32 in [0,1]: where the edit may write; undefined means nowhere
  double held_share = 0;  // 0 to 1, of what the pass alters, where a bound of its options held the change back

  bool empty() const { return !support.defined(); }
};

// Throws kInternal when a part has another shape, type or device than the comments above say, or a gain, warp,
// alpha or fill is set without a support.
void CheckEdit(const Edit& edit, int64_t height, int64_t width);

}  // namespace shotfix::image
