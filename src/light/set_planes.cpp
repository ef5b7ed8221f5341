// SPDX-License-Identifier: Apache-2.0
#include "shotfix/light/set_planes.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/core.hpp>
#include <random>

namespace shotfix::light {
namespace {

constexpr double kDeg = 180 / std::numbers::pi;

// A point as planes are fitted to it.
struct Known {
  cv::Vec3d ray;
  double nearness;
  double reach_px;  // per unit of nearness
  double Miss(const cv::Vec3d& plane) const { return std::abs(plane.dot(ray) - nearness) * reach_px; }
};

double Support(const std::vector<Known>& points, const cv::Vec3d& plane, double near_px) {
  double sum = 0;
  for (const Known& point : points) {
    const double off = point.Miss(plane) / near_px;
    sum += std::max(0.0, 1 - off * off);
  }
  return sum;
}

std::optional<cv::Vec3d> Through(const Known& a, const Known& b, const Known& c) {
  const cv::Matx33d rays(a.ray[0], a.ray[1], 1, b.ray[0], b.ray[1], 1, c.ray[0], c.ray[1], 1);
  if (std::abs(cv::determinant(rays)) < 1e-5) return std::nullopt;
  return rays.solve(cv::Vec3d(a.nearness, b.nearness, c.nearness), cv::DECOMP_LU);
}

// The best of many planes through three points that lie near to each other in the picture.
std::optional<cv::Vec3d> Drawn(const std::vector<Known>& points, double near_px, std::mt19937& draws) {
  constexpr int kDraws = 2500;
  constexpr double kFarthest = 0.45;  // of a ray's length at the axis
  std::optional<cv::Vec3d> best;
  double most = 0;
  const auto any = [&]() -> const Known& { return points[draws() % points.size()]; };
  for (int k = 0; k < kDraws; ++k) {
    const Known& a = any();
    const Known& b = any();
    const Known& c = any();
    if (cv::norm(a.ray - b.ray) > kFarthest || cv::norm(a.ray - c.ray) > kFarthest) continue;
    const std::optional<cv::Vec3d> plane = Through(a, b, c);
    if (!plane) continue;
    const double support = Support(points, *plane, near_px);
    if (support <= most) continue;
    most = support;
    best = plane;
  }
  return best;
}

// Least squares, what is far counting less; and how sure its normal is.
SetPlane Fitted(const std::vector<Known>& points, cv::Vec3d nearness, double near_px) {
  constexpr int kRounds = 8;
  SetPlane plane;
  cv::Matx33d left;
  double sum = 0;
  double misses = 0;
  for (int round = 0; round < kRounds; ++round) {
    left = cv::Matx33d::eye() * 1e-9;
    cv::Vec3d right{};
    plane.points = 0;
    sum = misses = 0;
    for (const Known& point : points) {
      const double off = point.Miss(nearness) / near_px;
      if (off >= 1) continue;
      const double weight = (1 - off * off) * (1 - off * off);  // Tukey's
      const double strength = weight * point.reach_px * point.reach_px;
      left += point.ray * point.ray.t() * strength;
      right += point.ray * (strength * point.nearness);
      misses += weight * point.Miss(nearness) * point.Miss(nearness);
      sum += weight;
      ++plane.points;
    }
    nearness = left.solve(right, cv::DECOMP_CHOLESKY);
  }
  plane.nearness = nearness;
  const double length = cv::norm(nearness);
  const cv::Vec3d normal = nearness / length;
  const cv::Matx33d across = (cv::Matx33d::eye() - normal * normal.t()) * (1 / length);
  const cv::Matx33d spread = across * left.inv() * across.t() * (misses / std::max(1.0, sum - 3));
  plane.spread_deg = std::sqrt(std::max(0.0, cv::trace(spread))) * kDeg;
  return plane;
}

}  // namespace

Vector NormalOf(const SetPlane& plane) {
  const cv::Vec3d unit = plane.nearness / cv::norm(plane.nearness);
  return {-unit[0], unit[1], unit[2]};
}

SetPlane FarAway() {
  constexpr double kNearness = 1e-4;  // more than none: it is before the camera
  return {{0, 0, kNearness}};
}

std::vector<SetPlane> FitPlanes(const temporal::SolvedCamera& solved, const std::vector<cv::Point2d>& points) {
  constexpr size_t kMostPlanes = 6;
  constexpr double kFewestPoints = 16, kLeastShare = 0.04;
  constexpr double kMostSpreadDeg = 10;
  constexpr double kLeastReachPx = 1;  // of points that no view has seen move nothing is known
  const double near_px = std::clamp(3 * solved.residual_px, 0.6, 2.0);
  std::vector<Known> left;
  for (size_t k = 0; k < points.size(); ++k) {
    if (solved.reach_px[k] < kLeastReachPx) continue;
    left.push_back({solved.lens.RayOf(points[k]), solved.nearness[k], solved.reach_px[k]});
  }
  const double fewest = std::max(kFewestPoints, kLeastShare * static_cast<double>(left.size()));
  std::vector<SetPlane> planes;
  std::mt19937 draws(1);
  while (planes.size() < kMostPlanes && static_cast<double>(left.size()) >= fewest) {
    const std::optional<cv::Vec3d> drawn = Drawn(left, near_px, draws);
    if (!drawn) break;
    const SetPlane plane = Fitted(left, *drawn, near_px);
    if (plane.points < fewest) break;
    if (plane.spread_deg <= kMostSpreadDeg) planes.push_back(plane);
    std::erase_if(left, [&](const Known& point) { return point.Miss(plane.nearness) < 1.5 * near_px; });
  }
  return planes;
}

}  // namespace shotfix::light
