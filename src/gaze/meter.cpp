// SPDX-License-Identifier: Apache-2.0
#include "shotfix/gaze/meter.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace shotfix::gaze {
namespace {

constexpr double kReach = 1.1;     // radii around `near` in which the middle is looked for
constexpr double kNearest = 0.86;  // radii: rims lie between these
constexpr double kFarthest = 1.18;
constexpr double kLevel = 0.62;  // sine of how steep a rim's direction may be
constexpr double kStep = 0.25;   // px

struct Edge {
  double x, y;    // px
  double dx, dy;  // unit vector from dark to bright
  double weight;
};

// Central differences of a picture that was averaged over 3 x 3.
std::vector<Edge> EdgesOf(const at::Tensor& luma, cv::Point2d near, double radius_px) {
  const auto plane = luma.accessor<float, 2>();
  const int64_t height = luma.size(0);
  const int64_t width = luma.size(1);
  const auto at = [&](int64_t x, int64_t y) {
    double sum = 0;
    for (int64_t v = y - 1; v <= y + 1; ++v) {
      for (int64_t u = x - 1; u <= x + 1; ++u)
        sum += plane[std::clamp<int64_t>(v, 0, height - 1)][std::clamp<int64_t>(u, 0, width - 1)];
    }
    return sum / 9;
  };
  const double far = (kReach + kFarthest) * radius_px + 1;
  std::vector<Edge> edges;
  for (auto y = static_cast<int64_t>(near.y - far); y <= near.y + far; ++y) {
    for (auto x = static_cast<int64_t>(near.x - far); x <= near.x + far; ++x) {
      if (x < 1 || y < 1 || x + 1 >= width || y + 1 >= height) continue;
      const double gx = (at(x + 1, y) - at(x - 1, y)) / 2;
      const double gy = (at(x, y + 1) - at(x, y - 1)) / 2;
      const double length = std::hypot(gx, gy);
      if (length < 0.008 || std::abs(gy) > kLevel * length) continue;
      // A reflection's edge is steeper than a rim's: it counts no more.
      edges.push_back(
          {static_cast<double>(x), static_cast<double>(y), gx / length, gy / length, std::min(length, 0.06)});
    }
  }
  return edges;
}

double ScoreAt(const std::vector<Edge>& edges, double x, double y, double radius_px) {
  double sides[2] = {0, 0};
  for (const Edge& edge : edges) {
    const double ox = edge.x - x;
    const double oy = edge.y - y;
    const double distance = std::hypot(ox, oy);
    if (distance < kNearest * radius_px || distance > kFarthest * radius_px) continue;
    const double along = (ox * edge.dx + oy * edge.dy) / distance;
    if (along <= 0.8) continue;
    const double nearness = 1 - std::abs(distance / radius_px - 1.02) / 0.16;
    sides[ox > 0 ? 1 : 0] += edge.weight * along * along * std::max(0.0, nearness);
  }
  // A corner may hide one side, never both.
  return sides[0] + sides[1] + 0.5 * std::min(sides[0], sides[1]);
}

}  // namespace

std::optional<cv::Point2d> MeasureIris(const at::Tensor& picture, cv::Point2d near, double radius_px) {
  const at::Tensor luma =
      (picture[0] * 0.2126 + picture[1] * 0.7152 + picture[2] * 0.0722).to(at::kCPU, at::kFloat).contiguous();
  const std::vector<Edge> edges = EdgesOf(luma, near, radius_px);
  const int count = static_cast<int>(std::ceil(kReach * radius_px / kStep));
  double best = 0;
  int best_x = 0;
  int best_y = 0;
  const auto score = [&](int i, int j) { return ScoreAt(edges, near.x + i * kStep, near.y + j * kStep, radius_px); };
  constexpr int kCoarse = 4;
  for (int j = -count / 2; j <= count / 2; j += kCoarse) {
    for (int i = -count; i <= count; i += kCoarse) {
      const double value = score(i, j);
      if (value <= best) continue;
      best = value;
      best_x = i;
      best_y = j;
    }
  }
  if (best <= 0) return std::nullopt;
  const int from_x = best_x;
  const int from_y = best_y;
  // The middle of what scores nearly as well as the best: a plateau has no corner.
  double sum = 0;
  cv::Point2d middle(0, 0);
  std::vector<std::pair<cv::Point2d, double>> fine;
  for (int j = from_y - 2 * kCoarse; j <= from_y + 2 * kCoarse; ++j) {
    for (int i = from_x - 2 * kCoarse; i <= from_x + 2 * kCoarse; ++i) {
      const double value = score(i, j);
      fine.emplace_back(cv::Point2d(near.x + i * kStep, near.y + j * kStep), value);
      best = std::max(best, value);
    }
  }
  for (const auto& [place, value] : fine) {
    const double weight = std::max(0.0, value / best - 0.9);
    middle += place * weight;
    sum += weight;
  }
  return middle / sum;
}

}  // namespace shotfix::gaze
