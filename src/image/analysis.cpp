// SPDX-License-Identifier: Apache-2.0
#include "shotfix/image/analysis.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "shotfix/image/convert.h"
#include "shotfix/image/resample.h"

namespace shotfix::image {

AnalysisSize ChooseAnalysisSize(int64_t height, int64_t width, int64_t long_side_px) {
  const double scale = std::min(1.0, static_cast<double>(long_side_px) / static_cast<double>(std::max(height, width)));
  const auto even = [&](int64_t side) {
    return std::max<int64_t>(16, static_cast<int64_t>(static_cast<double>(side) * scale / 2 + 0.5) * 2);
  };
  return {even(height), even(width)};
}

at::Tensor AnalysisPicture(const at::Tensor& linear_rgb, AnalysisSize size) {
  return Resize(PerceptualFromLinear(linear_rgb), size.height, size.width).cpu().to(at::kHalf).to(at::kFloat);
}

}  // namespace shotfix::image
