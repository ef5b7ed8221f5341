// SPDX-License-Identifier: Apache-2.0
// The one place where an edit becomes samples.
#pragma once

#include <ATen/core/Tensor.h>

#include "shotfix/image/edit.h"
#include "shotfix/image/frame.h"

namespace shotfix::composite {

// The formula of image::Edit in scene-linear light, [3,H,W]; equal to frame.rgb where support is 0.
at::Tensor ApplyEditLinear(const image::Frame& frame, const image::Edit& edit);

// Note [Edits are deltas]: inside the support a sample becomes code + round(E(result) - E(source) + dither), with E the
// encoding of linear light to codes. An edit that changes nothing therefore returns the source's samples exactly, and
// rounding of the source is never paid twice. Where the fill replaces the source, the part of the source's chroma
// detail that E(source) cannot represent is faded out with it. Outside the support samples are copied. A subsampled
// chroma sample is inside when any luma sample that it covers is. Dither is uniform in +-0.5 code, a hash of (frame
// number, plane, x, y): the same in every chunk.
image::PixelPlanes ApplyEdit(const image::Frame& frame, const image::Edit& edit, const at::Tensor& result_linear);

}  // namespace shotfix::composite
