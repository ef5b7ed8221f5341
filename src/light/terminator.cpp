// SPDX-License-Identifier: Apache-2.0
#include "light/terminator.h"

#include <ATen/ATen.h>

namespace shotfix::light {

at::Tensor SoftCosine(const at::Tensor& cosine, double reach) {
  const at::Tensor soft = (cosine + reach).clamp_min(0).square() / (4 * reach);
  return at::where(cosine >= reach, cosine, soft);
}

}  // namespace shotfix::light
