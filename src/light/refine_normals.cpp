// SPDX-License-Identifier: Apache-2.0
#include "shotfix/light/refine_normals.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "light/terminator.h"
#include "shotfix/core/error.h"
#include "shotfix/image/check.h"
#include "shotfix/image/resample.h"
#include "shotfix/light/relief.h"

namespace shotfix::light {
namespace {

constexpr double kRad = std::numbers::pi / 180;
constexpr double kDarkest = 0.02;  // of the key: below is noise
constexpr double kSourceDeg = 8;   // radius, as keys have where nobody says

struct Lean {
  double right, up;  // standard deviations of the guess
};

// Rings around the guess, as far as two standard deviations.
std::vector<Lean> LeansAround() {
  constexpr int kRings = 5;
  std::vector<Lean> leans = {{0, 0}};
  for (int ring = 1; ring <= kRings; ++ring) {
    const double radius = 2.0 * ring / kRings;
    for (int k = 0; k < 6 * ring; ++k) {
      const double around = 2 * std::numbers::pi * k / (6 * ring);
      leans.push_back({radius * std::cos(around), radius * std::sin(around)});
    }
  }
  return leans;
}

// Two directions across each normal, which change smoothly with it: the camera's right and up, turned with it from the
// lens. (Short of straight behind, where nothing is seen.)
struct Across {
  at::Tensor right, up;  // [3,h,w]
};

Across AcrossOf(const at::Tensor& n) {
  const at::Tensor x = n.narrow(0, 0, 1), y = n.narrow(0, 1, 1), z = n.narrow(0, 2, 1);
  const at::Tensor a = -1 / (1 + z).clamp_min(0.05);
  return {at::cat({1 + x * x * a, x * y * a, -x}), at::cat({x * y * a, 1 + y * y * a, -y})};
}

// right, up: radians, [1,h,w].
at::Tensor Leaning(const at::Tensor& normals, const Across& across, const at::Tensor& right, const at::Tensor& up) {
  const at::Tensor angle = (right.square() + up.square()).sqrt().clamp_min(1e-6);
  return normals * angle.cos() + (across.right * right + across.up * up) * (angle.sin() / angle);
}

at::Tensor LogShading(const at::Tensor& normals, const ShadingView& view) {
  at::Tensor cosine = normals.narrow(0, 0, 1) * view.key[0];
  for (int64_t axis = 1; axis < 3; ++axis)
    cosine = cosine + normals.narrow(0, axis, 1) * view.key[static_cast<size_t>(axis)];
  return (SoftCosine(cosine, std::sin(kSourceDeg * kRad)) + view.ambient).clamp_min(kDarkest).log();
}

// What all views together miss of normals that are tried, [1,h,w]. Their common part is the albedo's: a mean in which
// views that stand apart (a shadow that no shape here throws) count less, round by round, and an albedo that stands
// apart from what it was taken for costs less the farther it does. seen: the logarithm of each view's shading.
at::Tensor CostOf(const at::Tensor& tried, const std::vector<ShadingView>& views, const std::vector<at::Tensor>& seen,
                  const NormalSpread& spread) {
  constexpr int kRounds = 3;
  const double of_view = 1 / (spread.view * spread.view);
  const at::Tensor of_albedo = spread.albedo.square().reciprocal();
  std::vector<at::Tensor> missed;
  std::vector<at::Tensor> apart(views.size(), at::zeros_like(spread.albedo));  // squares, standard deviations
  at::Tensor off = at::zeros_like(spread.albedo);                              // the albedo's
  for (size_t k = 0; k < views.size(); ++k) missed.push_back(seen[k] - LogShading(tried, views[k]));
  for (int round = 0; round < kRounds; ++round) {
    at::Tensor sum = at::zeros_like(off);
    at::Tensor total = of_albedo / (1 + off);
    for (size_t k = 0; k < views.size(); ++k) {
      const at::Tensor weight = views[k].weight * of_view / (1 + apart[k]);
      sum = sum + missed[k] * weight;
      total = total + weight;
    }
    const at::Tensor albedo = sum / total;
    off = albedo.square() * of_albedo;
    for (size_t k = 0; k < views.size(); ++k) apart[k] = (missed[k] - albedo).square() * of_view;
  }
  at::Tensor cost = at::zeros_like(off);
  at::Tensor known = at::zeros_like(off);
  for (size_t k = 0; k < views.size(); ++k) {
    cost = cost + apart[k].log1p() * views[k].weight;
    known = at::maximum(known, views[k].weight);
  }
  return cost + off.log1p() * known;
}

}  // namespace

at::Tensor RefineNormals(const at::Tensor& normals, const std::vector<ShadingView>& views, const NormalSpread& spread) {
  image::CheckTensor(normals, "normals", {3, image::kAnySize, image::kAnySize});
  for (const at::Tensor& each : {spread.normals_deg, spread.albedo}) {
    image::CheckTensor(each, "spread", {1, normals.size(1), normals.size(2)});
    SHOTFIX_CHECK(each.min().item<double>() > 0);
  }
  if (views.empty()) return normals;
  std::vector<at::Tensor> seen;
  at::Tensor known = at::zeros_like(spread.albedo);
  for (const ShadingView& view : views) {
    seen.push_back(view.shading.clamp_min(kDarkest).log());
    known = at::maximum(known, (view.weight > 1e-3).to(at::kFloat));
  }
  const double sigma = spread.reach * static_cast<double>(std::max(normals.size(1), normals.size(2)));
  const at::Tensor near = image::GaussianBlur(known, sigma).clamp_min(1e-3);
  const at::Tensor radians = spread.normals_deg * kRad;
  const Across across = AcrossOf(normals);
  at::Tensor of_guess;
  at::Tensor all = at::zeros_like(known), right = at::zeros_like(known), up = at::zeros_like(known);
  for (const Lean& lean : LeansAround()) {
    const at::Tensor tried = Leaning(normals, across, radians * lean.right, radians * lean.up);
    const at::Tensor cost = image::GaussianBlur(CostOf(tried, views, seen, spread) * known, sigma) / near;
    if (!of_guess.defined()) of_guess = cost;  // the first is the guess itself
    constexpr double kFarthest = 40;           // beside the guess, before what is likely is no number any more
    const double unlikely = (lean.right * lean.right + lean.up * lean.up) / 2;
    const at::Tensor likelihood = (of_guess - cost - unlikely).clamp(-kFarthest, kFarthest).exp();
    all = all + likelihood;
    right = right + likelihood * lean.right;
    up = up + likelihood * lean.up;
  }
  const at::Tensor share = radians * known / all;
  return OfLengthOne(Leaning(normals, across, right * share, up * share));
}

}  // namespace shotfix::light
