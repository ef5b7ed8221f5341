// SPDX-License-Identifier: Apache-2.0
#include "light/rows.h"

#include <ATen/ATen.h>

namespace shotfix::light {

at::Tensor PlacesOf(const at::Tensor& mask) { return mask.reshape({-1}).nonzero().squeeze(1); }

at::Tensor RowsAt(const at::Tensor& picture, const at::Tensor& places) {
  return picture.reshape({picture.size(0), -1}).index_select(1, places).t().contiguous();
}

}  // namespace shotfix::light
