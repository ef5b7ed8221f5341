// SPDX-License-Identifier: Apache-2.0
#include "shotfix/light/light_from_motion.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "light/rows.h"
#include "shotfix/core/error.h"
#include "shotfix/image/resample.h"

namespace shotfix::light {
namespace {

constexpr int64_t kMostPoints = 3000;  // of each pair
constexpr int64_t kFewestPoints = 300;
constexpr double kPointsPerFact = 60;  // neighbours err together: so many count as one
constexpr int64_t kParts = 8;          // along each side of the subject's box, for leaving out
constexpr double kSmoothPx = 2;        // finer detail is not registered that well
constexpr double kDarkest = 0.004;     // scene-linear: below is noise
constexpr double kBrightest = 0.98;
constexpr std::array<double, 6> kAmbient = {0.03, 0.06, 0.12, 0.25, 0.5, 1.0};
constexpr double kRad = std::numbers::pi / 180;

struct Points {
  at::Tensor before, now;  // [P,3] normals
  at::Tensor ratio;        // [P] natural logarithm
  at::Tensor weight;       // [P]
  at::Tensor part;         // [P] long
};

Points PointsOf(const TurnedSurface& pair) {
  const at::Tensor solid = (pair.weight > 0.5).to(at::kFloat);
  const auto level = [&](const at::Tensor& picture) {
    const at::Tensor grey = picture.mean(0, true) * solid;
    return image::GaussianBlur(grey, kSmoothPx) / image::GaussianBlur(solid, kSmoothPx).clamp_min(1e-3);
  };
  const at::Tensor before = level(pair.before_picture);
  const at::Tensor now = level(pair.picture);
  const auto usable = [](const at::Tensor& grey) { return (grey > kDarkest).logical_and(grey < kBrightest); };
  at::Tensor places = PlacesOf(solid.to(at::kBool).logical_and(usable(before)).logical_and(usable(now)));
  const int64_t step = std::max<int64_t>(1, places.numel() / kMostPoints);
  places = places.slice(0, step / 2, places.numel(), step);
  Points points;
  points.before = RowsAt(pair.before_normals, places);
  points.now = RowsAt(pair.normals, places);
  points.ratio = (RowsAt(now, places) / RowsAt(before, places)).log().squeeze(1);
  points.weight = RowsAt(pair.weight, places).squeeze(1);
  const int64_t width = solid.size(2);
  const auto part_along = [&](const at::Tensor& along) {
    if (along.numel() == 0) return along;
    const int64_t from = along.min().item<int64_t>();
    const int64_t span = along.max().item<int64_t>() - from + 1;
    return ((along - from) * kParts).floor_divide(span);
  };
  points.part = part_along(places.floor_divide(width)) * kParts + part_along(places.remainder(width));
  return points;
}

at::Tensor Shading(const at::Tensor& cosine, double reach, double ambient) {
  const at::Tensor soft = (cosine + reach).clamp_min(0).square() / (4 * reach);
  return (at::where(cosine > reach, cosine, soft) + ambient).log();
}

// The cost of one light in each part of the subject.
at::Tensor CostsOf(const Points& points, const Vector& direction, double ambient, double reach, double scale) {
  const at::Tensor towards = at::tensor({direction[0], direction[1], direction[2]}).to(at::kFloat);
  const at::Tensor modelled =
      Shading(points.now.mv(towards), reach, ambient) - Shading(points.before.mv(towards), reach, ambient);
  const at::Tensor cost = ((points.ratio - modelled) / scale).square().log1p() * points.weight;
  return at::zeros({kParts * kParts}).index_add_(0, points.part, cost).to(at::kDouble);
}

std::vector<Vector> Sphere(int count) {
  std::vector<Vector> directions;  // a Fibonacci lattice, without what stands straight behind
  for (int k = 0; k < count; ++k) {
    const double z = 1 - 1.7 * (k + 0.5) / count;
    const double around = k * std::numbers::pi * (3 - std::sqrt(5.0));
    const double radius = std::sqrt(1 - z * z);
    directions.push_back({radius * std::cos(around), radius * std::sin(around), z});
  }
  return directions;
}

Points All(const std::vector<Points>& pairs) {
  const auto joined = [&](at::Tensor Points::*what) {
    std::vector<at::Tensor> parts;
    for (const Points& points : pairs) parts.push_back(points.*what);
    return at::cat(parts);
  };
  return {joined(&Points::before), joined(&Points::now), joined(&Points::ratio), joined(&Points::weight),
          joined(&Points::part)};
}

at::Tensor Stack(const std::vector<Vector>& directions) {
  at::Tensor table = at::empty({static_cast<int64_t>(directions.size()), 3}, at::kDouble);
  auto rows = table.accessor<double, 2>();
  for (size_t k = 0; k < directions.size(); ++k) {
    for (size_t axis = 0; axis < 3; ++axis)
      rows[static_cast<int64_t>(k)][static_cast<int64_t>(axis)] = directions[k][axis];
  }
  return table;
}

Vector VectorOf(const at::Tensor& values) {
  return {values[0].item<double>(), values[1].item<double>(), values[2].item<double>()};
}

double TurnedDegrees(const Points& points) {
  const at::Tensor cosine = (points.before * points.now).sum(1).clamp(-1, 1);
  return cosine.acos().median().item<double>() / kRad;
}

// The cost of every light, by direction, ambient share and part of the subject: [D,A,parts]. Costs are a logarithm of
// likelihood once neighbours, which err together, count as one.
at::Tensor CostTable(const Points& points, const std::vector<Vector>& directions, double reach) {
  constexpr double kScale = 0.12;  // of the residuals, natural logarithm
  std::vector<at::Tensor> costs;
  for (const Vector& direction : directions) {
    std::vector<at::Tensor> by_ambient;
    for (const double ambient : kAmbient) by_ambient.push_back(CostsOf(points, direction, ambient, reach, kScale));
    costs.push_back(at::stack(by_ambient));
  }
  return at::stack(costs) / kPointsPerFact;
}

// Each light's share of all of the likelihood, [D,A].
at::Tensor SharesOf(const at::Tensor& cost) {
  const at::Tensor likelihood = (-(cost - cost.min())).exp();
  return likelihood / likelihood.sum();
}

// The mean direction and how far it is spread; what the subject would say without each of its parts widens that.
void Weigh(const at::Tensor& table, const at::Tensor& places, MotionLight& found) {
  const at::Tensor total = table.sum(2);
  const auto mean_of = [&](const at::Tensor& shares) { return (places * shares.sum(1, true)).sum(0); };
  const at::Tensor shares = SharesOf(total);
  const at::Tensor mean = mean_of(shares);
  found.direction = VectorOf(mean / mean.norm());
  const at::Tensor ambient = at::tensor(std::vector<double>(kAmbient.begin(), kAmbient.end()), at::kDouble);
  found.ambient_share = (shares.sum(0) * ambient.log()).sum().exp().item<double>();
  // Of vectors of length 1 around their mean: |mean|^2 = 1 - variance.
  double variance = std::max(0.0, 1 - mean.square().sum().item<double>()) / (kRad * kRad);
  double squares = 0;
  int parts = 0;
  for (int64_t part = 0; part < table.size(2); ++part) {
    const at::Tensor own = table.select(2, part);
    if (own.max().item<double>() <= 0) continue;
    const double apart = DegreesBetween(found.direction, VectorOf(mean_of(SharesOf(total - own))));
    squares += apart * apart;
    ++parts;
  }
  if (parts > 1) found.uncertainty_deg = std::sqrt(variance + squares * (parts - 1) / parts);
}

}  // namespace

MotionLight FindLightFromMotion(const std::vector<TurnedSurface>& pairs, double shape_error_deg) {
  constexpr int kDirections = 1500;
  constexpr double kHardestDeg = 8, kSoftestDeg = 60;
  MotionLight found;
  std::vector<Points> seen;
  for (const TurnedSurface& pair : pairs) {
    Points points = PointsOf(pair);
    if (points.ratio.numel() < kFewestPoints) continue;
    found.turned_deg = std::max(found.turned_deg, TurnedDegrees(points));
    seen.push_back(std::move(points));
  }
  if (seen.empty()) Throw(ErrorCode::kData, "too little of the subject is seen in more than one frame");
  const double reach = std::sin(std::clamp(2 * shape_error_deg, kHardestDeg, kSoftestDeg) * kRad);
  const std::vector<Vector> directions = Sphere(kDirections);
  Weigh(CostTable(All(seen), directions, reach), Stack(directions), found);
  return found;
}

}  // namespace shotfix::light
