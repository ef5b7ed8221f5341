// SPDX-License-Identifier: Apache-2.0
#include "shotfix/composite/light_wrap.h"

#include <ATen/ATen.h>

#include "shotfix/image/resample.h"

namespace shotfix::composite {

at::Tensor LightWrap(const at::Tensor& background_linear, const at::Tensor& matte, double size_px, double amount) {
  if (amount <= 0 || size_px <= 0) return at::zeros_like(background_linear);
  // Only light from behind wraps: what the actor covers sends none.
  const at::Tensor behind = image::GaussianBlur(background_linear * (1 - matte), size_px);
  return behind * matte * amount;
}

}  // namespace shotfix::composite
