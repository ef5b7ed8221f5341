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

// A first idea of albedo * normal, [3,h,w]: from each pixel's brightest pictures, so that shadows do not count.
at::Tensor FromBrightest(const at::Tensor& levels, const at::Tensor& table, double share) {
  const auto keep = std::max<int64_t>(3, std::llround(share * static_cast<double>(levels.size(0))));
  const auto [brightest, order] = levels.topk(keep, 0);  // [keep,h,w]
  const at::Tensor lights = table.index_select(0, order.reshape({-1})).view({keep, order.size(1), order.size(2), 3});
  const at::Tensor normal_matrix = at::einsum("khwi,khwj->hwij", {lights, lights}) + kRidge * at::eye(3);
  const at::Tensor right = at::einsum("khwi,khw->hwi", {lights, brightest});
  return at::linalg_solve(normal_matrix, right).permute({2, 0, 1}).contiguous();
}

at::Tensor Cosine(const at::Tensor& scaled, const at::Tensor& light) {
  // Term by term: the sums of a matrix product hang on the number of threads.
  return scaled[0] * light[0] + scaled[1] * light[1] + scaled[2] * light[2];
}

// How far each picture is believed at each place, [K,h,w]: not where the light does not reach, nor where there is less
// of it than there should be (a cast shadow) or more (a highlight).
at::Tensor Believed(const at::Tensor& levels, const at::Tensor& table, const at::Tensor& scaled) {
  constexpr double kDarker = 0.05;  // of what falls straight
  constexpr double kBrighter = 0.1;
  const at::Tensor full = scaled.norm(2, {0}).clamp_min(1e-6);
  std::vector<at::Tensor> weights;
  for (int64_t k = 0; k < levels.size(0); ++k) {
    const at::Tensor cosine = Cosine(scaled, table[k]);
    const at::Tensor off = (levels[k] - cosine.clamp_min(0)) / full;
    weights.push_back((cosine > 0) / (1 + at::where(off < 0, off / kDarker, off / kBrighter).square()));
  }
  return at::stack(weights);
}

// Least squares with these weights, drawn a little towards where it was: a place with few lights stays solvable.
at::Tensor Reweighted(const at::Tensor& levels, const at::Tensor& table, const at::Tensor& weights,
                      const at::Tensor& before) {
  constexpr double kStay = 0.01;
  at::Tensor normal_matrix = at::eye(3).mul(kStay).expand({levels.size(1), levels.size(2), 3, 3}).contiguous();
  at::Tensor right = (before * kStay).permute({1, 2, 0}).contiguous();
  for (int64_t k = 0; k < levels.size(0); ++k) {
    const at::Tensor weight = weights[k].unsqueeze(2);
    normal_matrix = normal_matrix + weight.unsqueeze(3) * at::outer(table[k], table[k]);
    right = right + weight * levels[k].unsqueeze(2) * table[k];
  }
  return at::linalg_solve(normal_matrix, right).permute({2, 0, 1}).contiguous();
}

}  // namespace

Surface SolveSurface(const std::vector<at::Tensor>& pictures, const std::vector<Vector>& directions, double share) {
  constexpr int kRounds = 6;
  SHOTFIX_CHECK(pictures.size() == directions.size());
  if (pictures.size() < kFewestPictures)
    Throw(ErrorCode::kData, "{} pictures with known light; at least {} are needed", pictures.size(), kFewestPictures);
  for (const at::Tensor& picture : pictures)
    image::CheckTensor(picture, "picture", {3, image::kAnySize, image::kAnySize});
  const at::Tensor table = TableOf(directions).to(at::kFloat);
  CheckDirections(table);
  const at::Tensor all = at::stack(pictures);  // [K,3,h,w]
  const at::Tensor levels = all.mean(1);
  at::Tensor scaled = FromBrightest(levels, table, share);
  for (int round = 0; round < kRounds; ++round)
    scaled = Reweighted(levels, table, Believed(levels, table, scaled), scaled);
  const at::Tensor weights = Believed(levels, table, scaled);
  const at::Tensor length = scaled.norm(2, {0}, true);
  Surface surface;
  surface.normals = at::where(length > 1e-5, scaled / length.clamp_min(1e-5), at::zeros_like(scaled));
  at::Tensor lit = at::zeros_like(scaled);
  at::Tensor total = at::zeros_like(length);
  for (int64_t k = 0; k < levels.size(0); ++k) {
    const at::Tensor cosine = Cosine(surface.normals, table[k]).clamp_min(0).unsqueeze(0);
    lit = lit + all[k] * cosine * weights[k];
    total = total + cosine.square() * weights[k];
  }
  surface.albedo = lit / total.clamp_min(1e-3);
  return surface;
}

}  // namespace shotfix::light
