// SPDX-License-Identifier: Apache-2.0
#include "shotfix/light/light_fit.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "light/rows.h"
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
    const at::Tensor places = PlacesOf(known);
    const auto rows = [&](const at::Tensor& picture) { return RowsAt(picture, places).to(at::kDouble); };
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

// Of the direction of g, whose covariance is given: the part across g.
double UncertaintyDegrees(const at::Tensor& g, const at::Tensor& covariance) {
  const at::Tensor unit = g / g.norm();
  const at::Tensor across = at::eye(3, g.options()) - at::outer(unit, unit);
  const double variance = across.mm(covariance).mm(across).trace().item<double>();
  return std::atan(std::sqrt(std::max(0.0, variance)) / g.norm().item<double>()) * 180 / 3.14159265358979;
}

void MustReach(const SceneLight& light) {
  const Key& key = light.keys.front();
  if (!(LuminanceOf(key.rgb) > kFaintestKey * LuminanceOf(light.ambient)))
    Throw(ErrorCode::kData, "no light comes from {:.0f},{:.0f} in this shot; look again where its key stands",
          AnglesOf(key.direction).azimuth_deg, AnglesOf(key.direction).elevation_deg);
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
  MustReach(fit.light);
  return fit;
}

std::optional<double> AmbientBySpread(const std::vector<ShadedPicture>& frames) {
  constexpr double kStray = 0.1;  // of the pixels at either end: brows, lips, highlights
  constexpr double kLeast = 0.03;
  constexpr double kStep = 1.1;
  constexpr int kSteps = 52;           // to 4
  constexpr double kLeastRange = 0.3;  // of the key over those places: where it does not vary, nothing is told by it
  if (frames.empty()) return std::nullopt;
  std::vector<at::Tensor> levels, keys;
  for (const ShadedPicture& frame : frames) {
    const at::Tensor places = PlacesOf(frame.mask > 0.5);
    levels.push_back(RowsAt(frame.picture, places).to(at::kDouble).mean(1).clamp_min(1e-4).log2());
    keys.push_back(RowsAt(frame.key, places).to(at::kDouble).squeeze(1));
  }
  const at::Tensor all = at::cat(levels);
  const int64_t count = all.size(0);
  if (count < kFewestPixels) return std::nullopt;
  const auto from = static_cast<int64_t>(kStray * static_cast<double>(count));
  const auto in_order = [&](const at::Tensor& values) {
    return std::get<0>(values.sort()).slice(0, from, count - from);
  };
  const at::Tensor level = in_order(all);
  const at::Tensor share = in_order(at::cat(keys));
  if (share[-1].item<double>() - share[0].item<double>() < kLeastRange) return std::nullopt;
  double best = kLeast;
  double least = std::numeric_limits<double>::infinity();
  for (int k = 0; k < kSteps; ++k) {
    const double ambient = kLeast * std::pow(kStep, k);
    const double error = (level - (share + ambient).log2()).var().item<double>();
    if (error >= least) continue;
    least = error;
    best = ambient;
  }
  return best;
}

LightFit FitLightBySpread(const std::vector<ShadedPicture>& frames, const std::vector<at::Tensor>& albedos,
                          const Vector& direction, std::optional<double> ambient) {
  constexpr double kStray = 0.02;  // of the pixels at either end
  constexpr double kDarkestShare = 0.01;
  std::vector<at::Tensor> lights, keys;
  for (size_t k = 0; k < frames.size(); ++k) {
    const at::Tensor level = albedos[k].mean(0, true);  // an albedo here has no scale but its brightest
    const at::Tensor known = (frames[k].mask > 0.5).logical_and(level > kDarkestShare * level.max());
    const at::Tensor places = PlacesOf(known);
    const auto rows = [&](const at::Tensor& picture) { return RowsAt(picture, places).to(at::kDouble); };
    lights.push_back(rows(frames[k].picture / albedos[k]));
    keys.push_back(rows(frames[k].key).squeeze(1));
  }
  const at::Tensor light = at::cat(lights);
  const int64_t count = light.size(0);
  if (count < kFewestPixels)
    Throw(ErrorCode::kData,
          "too little of the subject is seen to find its light; look at its matte with background --matte-only");
  const auto from = static_cast<int64_t>(kStray * static_cast<double>(count));
  const auto sorted = [&](const at::Tensor& values, const at::Tensor& order) {
    return values.index_select(0, order.slice(0, from, count - from));
  };
  const at::Tensor key = at::cat(keys);
  const at::Tensor share = sorted(key, key.argsort());
  const at::Tensor level = sorted(light, light.mean(1).argsort());
  LightFit fit;
  Key found;
  found.direction = direction;
  // What is darker must fit as well as what is bright.
  const at::Tensor weight = 1 / (share + 0.35 * level.mean());
  constexpr double kReached = 0.05;  // by the key: what has less is in its shade, and its strength could be anything
  const bool ratio_known = ambient.has_value() && share[-1].item<double>() > kReached;
  const double ratio = ambient.value_or(0);
  // Columns: the key and the ambient light, or both in their known ratio.
  const at::Tensor parts = ratio_known ? (share + ratio).unsqueeze(1) : at::stack({share, at::ones_like(share)}, 1);
  const at::Tensor x = parts * weight.unsqueeze(1);
  at::Tensor solution =
      at::linalg_solve(x.t().mm(x) + 1e-9 * at::eye(x.size(1), x.options()), x.t().mm(level * weight.unsqueeze(1)));
  if (ratio_known) solution = at::cat({solution, solution * ratio});
  for (int64_t c = 0; c < 3; ++c) {
    const double brightest = std::max(1e-6, solution[0][c].item<double>());
    found.rgb[static_cast<size_t>(c)] = brightest;
    fit.light.ambient[static_cast<size_t>(c)] = std::max(0.02 * brightest, solution[1][c].item<double>());
  }
  const at::Tensor modelled = at::stack({share, at::ones_like(share)}, 1).mm(solution);
  fit.explained =
      1 - ((level - modelled).square().sum() / (level - level.mean(0)).square().sum().clamp_min(1e-12)).item<double>();
  fit.light.keys = {found};
  MustReach(fit.light);
  return fit;
}

}  // namespace shotfix::light
