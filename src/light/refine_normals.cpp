// SPDX-License-Identifier: Apache-2.0
#include "shotfix/light/refine_normals.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "shotfix/image/resample.h"
#include "shotfix/light/relief.h"

namespace shotfix::light {
namespace {

constexpr double kRad = std::numbers::pi / 180;
constexpr double kDarkest = 0.02;  // of the key: below is noise
constexpr double kReachDeg = 8;    // around the terminator

struct Lean {
  double right, up;  // radians around the guess
};

// Rings around the guess, as far as two standard deviations.
std::vector<Lean> LeansAround(double normals_deg) {
  constexpr int kRings = 6;
  std::vector<Lean> leans = {{0, 0}};
  for (int ring = 1; ring <= kRings; ++ring) {
    const double radius = 2 * normals_deg * kRad * ring / kRings;
    for (int k = 0; k < 6 * ring; ++k) {
      const double around = 2 * std::numbers::pi * k / (6 * ring);
      leans.push_back({radius * std::cos(around), radius * std::sin(around)});
    }
  }
  return leans;
}

// Two directions across each normal, which change smoothly with it: the camera's right and up, turned with it from the
// lens. (Defined but straight backwards.)
struct Across {
  at::Tensor right, up;  // [3,h,w]
};

Across AcrossOf(const at::Tensor& n) {
  const at::Tensor x = n.narrow(0, 0, 1), y = n.narrow(0, 1, 1), z = n.narrow(0, 2, 1);
  const at::Tensor a = -1 / (1 + z).clamp_min(0.05);
  return {at::cat({1 + x * x * a, x * y * a, -x}), at::cat({x * y * a, 1 + y * y * a, -y})};
}

at::Tensor Leaning(const at::Tensor& normals, const Across& across, const Lean& lean) {
  const double angle = std::hypot(lean.right, lean.up);
  if (angle == 0) return normals;
  return normals * std::cos(angle) + (across.right * lean.right + across.up * lean.up) * (std::sin(angle) / angle);
}

at::Tensor LogShading(const at::Tensor& normals, const ShadingView& view) {
  const Key key{view.key, {1, 1, 1}, kReachDeg};
  const SceneLight light{{key}, {view.ambient, view.ambient, view.ambient}};
  return Shade(normals, light, {}).narrow(0, 0, 1).clamp_min(kDarkest).log();
}

// What all views together miss of normals that are tried, [1,h,w]. Their common part is the albedo's: a mean in which
// views that stand apart (a shadow that no shape here throws) count less, round by round.
at::Tensor CostOf(const at::Tensor& tried, const std::vector<ShadingView>& views, const NormalSpread& spread) {
  constexpr int kRounds = 3;
  const double of_view = 1 / (spread.view * spread.view);
  const at::Tensor of_albedo = spread.albedo.square().reciprocal();
  std::vector<at::Tensor> missed, apart(views.size(), at::zeros_like(spread.albedo));
  for (const ShadingView& view : views)
    missed.push_back(view.shading.clamp_min(kDarkest).log() - LogShading(tried, view));
  at::Tensor albedo;
  for (int round = 0; round < kRounds; ++round) {
    at::Tensor sum = at::zeros_like(spread.albedo);
    at::Tensor total = of_albedo;
    for (size_t k = 0; k < views.size(); ++k) {
      const at::Tensor weight = views[k].weight * of_view / (1 + apart[k]);
      sum = sum + missed[k] * weight;
      total = total + weight;
    }
    albedo = sum / total;
    for (size_t k = 0; k < views.size(); ++k) apart[k] = (missed[k] - albedo).square() * of_view;
  }
  at::Tensor cost = at::zeros_like(albedo);
  at::Tensor seen = at::zeros_like(albedo);
  for (size_t k = 0; k < views.size(); ++k) {
    cost = cost + apart[k].log1p() * views[k].weight;
    seen = at::maximum(seen, views[k].weight);
  }
  return cost + (albedo.square() * of_albedo).log1p() * seen;
}

}  // namespace

at::Tensor RefineNormals(const at::Tensor& normals, const std::vector<ShadingView>& views, const NormalSpread& spread) {
  const double sigma = spread.reach * static_cast<double>(std::max(normals.size(1), normals.size(2)));
  at::Tensor known = at::zeros_like(spread.albedo);
  for (const ShadingView& view : views) known = at::maximum(known, (view.weight > 1e-3).to(at::kFloat));
  const at::Tensor near = image::GaussianBlur(known, sigma).clamp_min(1e-3);
  const at::Tensor precision = (spread.normals_deg * kRad).square().reciprocal();
  const Across across = AcrossOf(normals);
  at::Tensor all = at::zeros_like(known), right = at::zeros_like(known), up = at::zeros_like(known);
  for (const Lean& lean : LeansAround(spread.normals_deg.max().item<double>())) {
    const at::Tensor cost = image::GaussianBlur(CostOf(Leaning(normals, across, lean), views, spread) * known, sigma);
    const at::Tensor unlikely = precision * ((lean.right * lean.right + lean.up * lean.up) / 2);
    const at::Tensor likelihood = (-(cost / near + unlikely)).exp();
    all = all + likelihood;
    right = right + likelihood * lean.right;
    up = up + likelihood * lean.up;
  }
  const at::Tensor lean = (across.right * right + across.up * up) / all * known;
  return OfLengthOne(normals + lean);
}

}  // namespace shotfix::light
