// SPDX-License-Identifier: Apache-2.0
#include "shotfix/light/light_fit.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "shotfix/core/error.h"

namespace shotfix::light {
namespace {

constexpr int kRounds = 12;
constexpr double kDarkestAlbedo = 0.02;
constexpr double kPixelsPerFact = 100;  // neighbours err together: so many count as one
constexpr int64_t kFewestPixels = 500;
constexpr double kFaintestKey = 0.05;  // beside the ambient light: less is none

// All frames' pixels as rows.
struct Evidence {
  at::Tensor normals;  // [P,3] double
  at::Tensor shading;  // [P,3] double: picture over albedo
  at::Tensor weight;   // [P]
};

Evidence Gather(const std::vector<LitSurface>& frames) {
  std::vector<at::Tensor> normals, shading, weights;
  for (const LitSurface& frame : frames) {
    const at::Tensor known = (frame.weight > 0.5).logical_and(frame.albedo.amin(0, true) > kDarkestAlbedo);
    const at::Tensor places = known.reshape({-1}).nonzero().squeeze(1);
    const auto rows = [&](const at::Tensor& picture) {
      return picture.reshape({picture.size(0), -1}).index_select(1, places).t().to(at::kDouble);
    };
    normals.push_back(rows(frame.normals));
    shading.push_back(rows(frame.picture / frame.albedo.clamp_min(kDarkestAlbedo)));
    weights.push_back(rows(frame.weight).squeeze(1));
  }
  Evidence evidence{at::cat(normals), at::cat(shading), at::cat(weights)};
  if (evidence.weight.numel() < kFewestPixels)
    Throw(ErrorCode::kData, "too little of the subject is seen to find its light");
  return evidence;
}

struct Lines {
  at::Tensor solution;    // [C]
  at::Tensor covariance;  // [C,C], of the solution
  at::Tensor weight;      // [P] at the end
};

at::Tensor Column(const at::Tensor& columns) { return at::ones({columns.size(0), 1}, columns.options()); }

// Robust lines through shading [P] over columns(solution) [P,C].
template <typename Columns>
Lines Reweighted(const Evidence& evidence, const at::Tensor& shading, const Columns& columns, at::Tensor solution) {
  Lines lines{std::move(solution), {}, evidence.weight};
  for (int round = 0; round < kRounds; ++round) {
    const at::Tensor x = columns(lines.solution);
    const at::Tensor weighted = x * lines.weight.unsqueeze(1);
    const at::Tensor normal_matrix = weighted.t().mm(x) + 1e-9 * at::eye(x.size(1), x.options()) * lines.weight.sum();
    lines.solution = at::linalg_solve(normal_matrix, weighted.t().mv(shading));
    const at::Tensor residual = shading - columns(lines.solution).mv(lines.solution);
    const at::Tensor scale = 1.4826 * residual.abs().median() + 1e-6;
    lines.weight = evidence.weight / (1 + (residual / scale).square());
    lines.covariance = at::linalg_inv(normal_matrix) * scale.square() * kPixelsPerFact;
  }
  return lines;
}

Vector VectorOf(const at::Tensor& values) {
  return {values[0].item<double>(), values[1].item<double>(), values[2].item<double>()};
}

// Of the direction of g, whose covariance is given: the part across g.
double UncertaintyDegrees(const at::Tensor& g, const at::Tensor& covariance) {
  const at::Tensor unit = g / g.norm();
  const at::Tensor across = at::eye(3, g.options()) - at::outer(unit, unit);
  const double variance = across.mm(covariance).mm(across).trace().item<double>();
  return std::atan(std::sqrt(std::max(0.0, variance)) / g.norm().item<double>()) * 180 / 3.14159265358979;
}

}  // namespace

LightFit FitLight(const std::vector<LitSurface>& frames, const std::optional<Vector>& known_direction) {
  const Evidence evidence = Gather(frames);
  const at::Tensor grey = evidence.shading.mean(1);
  LightFit fit;
  Key key;
  if (known_direction) {
    key.direction = *known_direction;
  } else {
    // Columns: the normal where the key reaches, and one for the ambient light.
    const auto columns = [&](const at::Tensor& solution) {
      const at::Tensor lit = evidence.normals.mv(solution.slice(0, 0, 3)) > 0;
      return at::cat({evidence.normals * lit.unsqueeze(1), Column(evidence.normals)}, 1);
    };
    const Lines lines = Reweighted(evidence, grey, columns, at::tensor({0.0, 0.2, 1.0, 0.0}, at::kDouble));
    const at::Tensor g = lines.solution.slice(0, 0, 3);
    if (!(g.norm().item<double>() > 1e-9))
      Throw(ErrorCode::kData, "the subject is lit from everywhere: no key was found; give --light-from AZ,EL");
    key.direction = VectorOf(g / g.norm());
    fit.uncertainty_deg = UncertaintyDegrees(g, lines.covariance.slice(0, 0, 3).slice(1, 0, 3));
  }
  const at::Tensor towards = at::tensor({key.direction[0], key.direction[1], key.direction[2]}, at::kDouble);
  const at::Tensor lit = evidence.normals.mv(towards).clamp_min(0).unsqueeze(1);
  const at::Tensor x = at::cat({lit, Column(lit)}, 1);
  at::Tensor left = at::zeros({1}, at::kDouble);
  for (int64_t channel = 0; channel < 3; ++channel) {
    const at::Tensor shading = evidence.shading.select(1, channel);
    const Lines lines = Reweighted(
        evidence, shading, [&](const at::Tensor&) { return x; }, at::zeros({2}, at::kDouble));
    const double brightest = std::max(1e-6, lines.solution[0].item<double>());
    key.rgb[static_cast<size_t>(channel)] = brightest;
    fit.light.ambient[static_cast<size_t>(channel)] = std::max(0.02 * brightest, lines.solution[1].item<double>());
    const at::Tensor residual = shading - x.mv(lines.solution);
    const at::Tensor mean = (lines.weight * shading).sum() / lines.weight.sum();
    left += (lines.weight * residual.square()).sum() /
            (lines.weight * (shading - mean).square()).sum().clamp_min(1e-12) / 3;
  }
  fit.explained = 1 - left.item<double>();
  fit.light.keys = {key};
  if (!(LuminanceOf(key.rgb) > kFaintestKey * LuminanceOf(fit.light.ambient)))
    Throw(ErrorCode::kData, "no light comes from {:.0f},{:.0f} in this shot; look again where its key stands",
          AnglesOf(key.direction).azimuth_deg, AnglesOf(key.direction).elevation_deg);
  return fit;
}

}  // namespace shotfix::light
