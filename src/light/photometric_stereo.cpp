// SPDX-License-Identifier: Apache-2.0
#include "shotfix/light/photometric_stereo.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "light/rows.h"
#include "shotfix/core/error.h"
#include "shotfix/image/check.h"

namespace shotfix::light {
namespace {

constexpr size_t kFewestPictures = 4;
constexpr double kRidge = 1e-4;  // keeps black pixels solvable

void CheckDirections(const at::Tensor& table) {
  const at::Tensor spread = at::linalg_svdvals(table - table.mean(0, true) * 0);
  if (spread[2].item<double>() < 0.05 * spread[0].item<double>())
    Throw(ErrorCode::kData, "the lights stand in one plane; move the light up and down too, not only around");
}

}  // namespace

Surface SolveSurface(const std::vector<at::Tensor>& pictures, const std::vector<Vector>& directions, double share) {
  SHOTFIX_CHECK(pictures.size() == directions.size());
  if (pictures.size() < kFewestPictures)
    Throw(ErrorCode::kData, "{} pictures with known light; at least {} are needed", pictures.size(), kFewestPictures);
  for (const at::Tensor& picture : pictures)
    image::CheckTensor(picture, "picture", {3, image::kAnySize, image::kAnySize});
  const at::Tensor table = TableOf(directions).to(at::kFloat);
  CheckDirections(table);
  const at::Tensor all = at::stack(pictures);  // [K,3,h,w]
  const auto keep = std::max<int64_t>(3, std::llround(share * static_cast<double>(pictures.size())));
  const auto [brightest, order] = all.mean(1).topk(keep, 0);  // [keep,h,w]
  const at::Tensor lights = table.index_select(0, order.reshape({-1})).view({keep, order.size(1), order.size(2), 3});
  const at::Tensor normal_matrix = at::einsum("khwi,khwj->hwij", {lights, lights}) + kRidge * at::eye(3);
  const at::Tensor right = at::einsum("khwi,khw->hwi", {lights, brightest});
  const at::Tensor scaled = at::linalg_solve(normal_matrix, right).permute({2, 0, 1}).contiguous();  // albedo * n
  const at::Tensor length = scaled.norm(2, {0}, true);
  Surface surface;
  surface.normals = at::where(length > 1e-5, scaled / length.clamp_min(1e-5), at::zeros_like(scaled));
  const at::Tensor cosine =
      at::einsum("khwi,ihw->khw", {lights, surface.normals}).clamp_min(0).unsqueeze(1);  // [keep,1,h,w]
  const at::Tensor chosen = all.gather(0, order.unsqueeze(1).expand({-1, 3, -1, -1}));
  surface.albedo = (chosen * cosine).sum(0) / cosine.square().sum(0).clamp_min(1e-3);
  return surface;
}

}  // namespace shotfix::light
