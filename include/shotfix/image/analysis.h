// SPDX-License-Identifier: Apache-2.0
// The small perceptual pictures that analysis, flow and networks look at.
#pragma once

#include <ATen/core/Tensor.h>

namespace shotfix::image {

struct AnalysisSize {
  int64_t height = 0;
  int64_t width = 0;
  bool operator==(const AnalysisSize&) const = default;
};
// Long side at most `long_side_px`, both sides even, aspect kept; never larger than the picture (but at least 16).
AnalysisSize ChooseAnalysisSize(int64_t height, int64_t width, int64_t long_side_px);
// [3,h,w] float32 on the CPU from scene-linear [3,H,W]. Rounded to half floats, as analysis keeps them, so that
// everybody who looks at a frame sees the same numbers.
at::Tensor AnalysisPicture(const at::Tensor& linear_rgb, AnalysisSize size);

}  // namespace shotfix::image
