// SPDX-License-Identifier: Apache-2.0
#include "shotfix/composite/soft_edge.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace shotfix::composite {

at::Tensor AlphaThatHolds(const at::Tensor& alpha, const at::Tensor& picture, const at::Tensor& change) {
  constexpr int64_t kBandRows = 128;
  constexpr double kRange = 0.5;  // a fill lies between this share of what is wanted and as far beyond
  constexpr double kTiny = 1e-6;
  constexpr double kSmallestAlpha = 1.0 / 512;
  at::Tensor grown = alpha.clone();
  for (int64_t row = 0; row < alpha.size(1); row += kBandRows) {
    const int64_t rows = std::min(kBandRows, alpha.size(1) - row);
    const at::Tensor before = picture.narrow(1, row, rows);
    const at::Tensor step = change.narrow(1, row, rows);
    const at::Tensor wanted = (before + step).clamp_min(0);
    const at::Tensor farthest = at::where(step < 0, before - kRange * wanted, wanted / kRange - before);
    const at::Tensor needed = (step.abs() / farthest.clamp_min(kTiny)).clamp(0, 1).amax(0, true);
    at::Tensor band = grown.narrow(1, row, rows);
    band.copy_(at::where(band > kSmallestAlpha, at::maximum(band, needed), band));
  }
  return grown;
}

}  // namespace shotfix::composite
