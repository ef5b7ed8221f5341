// SPDX-License-Identifier: Apache-2.0
#include "shotfix/light/light_from_motion.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "light/rows.h"
#include "light/terminator.h"
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

double TurnedDegrees(const Points& points) {
  const at::Tensor cosine = (points.before * points.now).sum(1).clamp(-1, 1);
  return cosine.acos().median().item<double>() / kRad;
}

// The shading's logarithm for cosines of any shape.
at::Tensor Shading(const at::Tensor& cosine, double reach, double ambient) {
  return (SoftCosine(cosine, reach) + ambient).log();
}

// The cost of every light, by direction, ambient share and part of the subject: [D,A,parts]. Costs are a logarithm of
// likelihood once neighbours, which err together, count as one. directions: [D,3].
at::Tensor CostTable(const Points& points, const at::Tensor& directions, double reach) {
  constexpr double kScale = 0.12;  // of the residuals, natural logarithm
  constexpr int64_t kAtOnce = 50;  // directions
  const auto cosines = [](const at::Tensor& normals, const at::Tensor& towards) {
    // Term by term: the sums of a matrix product hang on the number of threads.
    at::Tensor sum = normals.select(1, 0).unsqueeze(1) * towards.select(1, 0);
    for (int64_t axis = 1; axis < 3; ++axis) sum = sum + normals.select(1, axis).unsqueeze(1) * towards.select(1, axis);
    return sum;  // [P,D]
  };
  std::vector<at::Tensor> costs;
  for (int64_t begin = 0; begin < directions.size(0); begin += kAtOnce) {
    const at::Tensor towards = directions.slice(0, begin, std::min(begin + kAtOnce, directions.size(0))).to(at::kFloat);
    const at::Tensor now = cosines(points.now, towards);
    const at::Tensor before = cosines(points.before, towards);
    std::vector<at::Tensor> by_ambient;
    for (const double ambient : kAmbient) {
      const at::Tensor modelled = Shading(now, reach, ambient) - Shading(before, reach, ambient);
      const at::Tensor residual = (points.ratio.unsqueeze(1) - modelled) / kScale;
      const at::Tensor cost = residual.square().log1p() * points.weight.unsqueeze(1);
      by_ambient.push_back(at::zeros({kParts * kParts, towards.size(0)}).index_add_(0, points.part, cost).t());
    }
    costs.push_back(at::stack(by_ambient, 1));  // [d,A,parts]
  }
  return at::cat(costs).to(at::kDouble) / kPointsPerFact;
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
  const at::Tensor mean = mean_of(SharesOf(total));
  found.direction = VectorOf(mean / mean.norm());
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
  const at::Tensor directions = TableOf(Sphere(kDirections));
  Weigh(CostTable(All(seen), directions, reach), directions, found);
  return found;
}

}  // namespace shotfix::light
