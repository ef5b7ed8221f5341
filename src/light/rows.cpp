// SPDX-License-Identifier: Apache-2.0
#include "light/rows.h"

#include <ATen/ATen.h>

namespace shotfix::light {

at::Tensor PlacesOf(const at::Tensor& mask) { return mask.reshape({-1}).nonzero().squeeze(1); }

at::Tensor RowsAt(const at::Tensor& picture, const at::Tensor& places) {
  return picture.reshape({picture.size(0), -1}).index_select(1, places).t().contiguous();
}

at::Tensor TableOf(const std::vector<Vector>& directions) {
  at::Tensor table = at::empty({static_cast<int64_t>(directions.size()), 3}, at::kDouble);
  auto rows = table.accessor<double, 2>();
  for (size_t k = 0; k < directions.size(); ++k) {
    for (size_t axis = 0; axis < 3; ++axis)
      rows[static_cast<int64_t>(k)][static_cast<int64_t>(axis)] = directions[k][axis];
  }
  return table;
}

Vector VectorOf(const at::Tensor& row) { return {row[0].item<double>(), row[1].item<double>(), row[2].item<double>()}; }

}  // namespace shotfix::light
