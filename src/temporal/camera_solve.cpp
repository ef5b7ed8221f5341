// SPDX-License-Identifier: Apache-2.0
#include "shotfix/temporal/camera_solve.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <opencv2/calib3d.hpp>
#include <opencv2/core.hpp>

#include "shotfix/core/error.h"

namespace shotfix::temporal {
namespace {

constexpr double kUsualFocal = 1.2;   // long sides of the picture
constexpr double kFocalSpread = 0.3;  // natural logarithm
constexpr double kFocalWeight = 5;    // as so many points' errors of 1 px
constexpr double kNearnessWeight =
    0.01;  // px^2 for a nearness that is 1 off: holds what no view tells, and the unit of length
constexpr double kLeastNearness = 1e-3, kMostNearness = 20;
constexpr double kLeastDepth = 1e-6;
constexpr int kMostRounds = 80;

using Jacobian = cv::Matx<double, 2, 6>;

// What one observation says of all that it hangs on.
struct Slope {
  cv::Vec2d miss;  // px
  double weight = 0;
  Jacobian pose;  // turn, then shift
  cv::Vec2d nearness, focal;
};

struct Problem {
  const std::vector<cv::Point2d>& points;
  const std::vector<SeenPoints>& views;
};

struct State {
  Lens lens;
  std::vector<CameraPose> poses;
  std::vector<double> nearness;
};

double CauchyOf(const cv::Vec2d& miss) { return std::log1p(miss.dot(miss)); }

cv::Vec2d MissOf(const Lens& lens, const cv::Vec3d& seen, const cv::Point2d& place) {
  const cv::Point2d off = lens.PlaceOf(seen) - place;
  return {off.x, off.y};
}

Slope SlopeOf(const Lens& lens, const CameraPose& pose, const cv::Vec3d& ray, double nearness,
              const cv::Point2d& place) {
  const cv::Vec3d turned = pose.rotation * ray;
  const cv::Vec3d seen = pose.Of(ray, nearness);
  const double z = std::max(seen[2], kLeastDepth);
  const double f = lens.focal_px / z;
  const cv::Matx23d project(f, 0, -f * seen[0] / z, 0, f, -f * seen[1] / z);
  Slope slope;
  slope.miss = MissOf(lens, seen, place);
  slope.weight = 1 / (1 + slope.miss.dot(slope.miss));
  const cv::Matx33d turn(0, turned[2], -turned[1], -turned[2], 0, turned[0], turned[1], -turned[0], 0);
  const cv::Matx23d by_turn = project * turn;
  const cv::Matx23d by_shift = project * nearness;
  for (int row = 0; row < 2; ++row) {
    for (int column = 0; column < 3; ++column) {
      slope.pose(row, column) = by_turn(row, column);
      slope.pose(row, column + 3) = by_shift(row, column);
    }
  }
  slope.nearness = project * pose.shift;
  // A longer lens draws larger, and the ray of a place is nearer to the axis.
  slope.focal = cv::Vec2d(seen[0], seen[1]) * f + project * (pose.rotation * cv::Vec3d(-ray[0], -ray[1], 0));
  return slope;
}

double CostOf(const Problem& problem, const State& state) {
  double cost = 0;
  for (size_t k = 0; k < problem.points.size(); ++k) {
    const cv::Vec3d ray = state.lens.RayOf(problem.points[k]);
    for (size_t v = 0; v < problem.views.size(); ++v) {
      const std::optional<cv::Point2d>& place = problem.views[v][k];
      if (!place) continue;
      cost += CauchyOf(MissOf(state.lens, state.poses[v].Of(ray, state.nearness[k]), *place));
    }
    cost += kNearnessWeight * (state.nearness[k] - 1) * (state.nearness[k] - 1);
  }
  return cost;
}

double FocalCost(const State& state, double usual_px) {
  const double off = std::log(state.lens.focal_px / usual_px) / kFocalSpread;
  return kFocalWeight * off * off;
}

// The normal equations of all poses and the focal length, and beside them those of the points.
struct Normal {
  cv::Mat left;                        // [D,D]
  cv::Mat right;                       // [D,1]
  std::vector<double> own, own_right;  // of each point's nearness
  cv::Mat across;                      // [N,D]
};

Normal NormalOf(const Problem& problem, const State& state, double usual_px) {
  const int unknowns = 6 * static_cast<int>(problem.views.size()) + 1;
  const int focal = unknowns - 1;
  const int count = static_cast<int>(problem.points.size());
  Normal normal{cv::Mat::zeros(unknowns, unknowns, CV_64F),
                cv::Mat::zeros(unknowns, 1, CV_64F),
                {},
                {},
                cv::Mat::zeros(count, unknowns, CV_64F)};
  for (int k = 0; k < count; ++k) {
    const size_t point = static_cast<size_t>(k);
    const cv::Vec3d ray = state.lens.RayOf(problem.points[point]);
    double own = kNearnessWeight;
    double own_right = kNearnessWeight * (state.nearness[point] - 1);
    for (size_t v = 0; v < problem.views.size(); ++v) {
      const std::optional<cv::Point2d>& place = problem.views[v][point];
      if (!place) continue;
      const Slope slope = SlopeOf(state.lens, state.poses[v], ray, state.nearness[point], *place);
      const int first = 6 * static_cast<int>(v);
      own += slope.weight * slope.nearness.dot(slope.nearness);
      own_right += slope.weight * slope.nearness.dot(slope.miss);
      for (int a = 0; a < 6; ++a) {
        const cv::Vec2d by(slope.pose(0, a), slope.pose(1, a));
        for (int b = 0; b < 6; ++b)
          normal.left.at<double>(first + a, first + b) +=
              slope.weight * (by[0] * slope.pose(0, b) + by[1] * slope.pose(1, b));
        normal.left.at<double>(first + a, focal) += slope.weight * by.dot(slope.focal);
        normal.right.at<double>(first + a) += slope.weight * by.dot(slope.miss);
        normal.across.at<double>(k, first + a) += slope.weight * by.dot(slope.nearness);
      }
      normal.left.at<double>(focal, focal) += slope.weight * slope.focal.dot(slope.focal);
      normal.right.at<double>(focal) += slope.weight * slope.focal.dot(slope.miss);
      normal.across.at<double>(k, focal) += slope.weight * slope.focal.dot(slope.nearness);
    }
    normal.own.push_back(own);
    normal.own_right.push_back(own_right);
  }
  const double firm = kFocalWeight / (kFocalSpread * kFocalSpread);
  normal.left.at<double>(focal, focal) += firm;
  normal.right.at<double>(focal) += firm * std::log(state.lens.focal_px / usual_px);
  for (int a = 0; a < focal; ++a) normal.left.at<double>(focal, a) = normal.left.at<double>(a, focal);
  return normal;
}

CameraPose Moved(const CameraPose& pose, const cv::Vec3d& turn, const cv::Vec3d& shift) {
  cv::Matx33d rotation;
  cv::Rodrigues(turn, rotation);
  return {rotation * pose.rotation, pose.shift + shift};
}

// The points are eliminated: each has one unknown, so that what is left is as small as the number of views.
std::optional<State> Stepped(const Normal& normal, const State& state, double damping) {
  cv::Mat left = normal.left.clone();
  cv::Mat right = normal.right.clone();
  const int unknowns = left.rows;
  for (int a = 0; a < unknowns; ++a) left.at<double>(a, a) += damping * left.at<double>(a, a) + 1e-9;
  for (size_t k = 0; k < normal.own.size(); ++k) {
    const double* row = normal.across.ptr<double>(static_cast<int>(k));
    const double inverse = 1 / (normal.own[k] * (1 + damping));
    for (int a = 0; a < unknowns; ++a) {
      if (row[a] == 0) continue;
      for (int b = 0; b < unknowns; ++b) left.at<double>(a, b) -= row[a] * row[b] * inverse;
      right.at<double>(a) -= row[a] * normal.own_right[k] * inverse;
    }
  }
  cv::Mat step;
  if (!cv::solve(left, right, step, cv::DECOMP_CHOLESKY)) return std::nullopt;
  State next = state;
  const auto at = [&](size_t view, int entry) { return -step.at<double>(6 * static_cast<int>(view) + entry); };
  for (size_t v = 0; v < state.poses.size(); ++v)
    next.poses[v] = Moved(state.poses[v], {at(v, 0), at(v, 1), at(v, 2)}, {at(v, 3), at(v, 4), at(v, 5)});
  next.lens.focal_px *= std::exp(std::clamp(-step.at<double>(unknowns - 1), -0.5, 0.5));
  for (size_t k = 0; k < normal.own.size(); ++k) {
    double pull = normal.own_right[k];
    const double* row = normal.across.ptr<double>(static_cast<int>(k));
    for (int a = 0; a < unknowns; ++a) pull -= row[a] * step.at<double>(a);
    const double moved = state.nearness[k] - pull / (normal.own[k] * (1 + damping));
    next.nearness[k] = std::clamp(moved, kLeastNearness, kMostNearness);
  }
  return next;
}

struct Adjusted {
  State state;
  double cost;
};

Adjusted Adjust(const Problem& problem, State state, double usual_px) {
  constexpr double kEnough = 1e-7;  // of the cost
  double damping = 1e-3;
  double cost = CostOf(problem, state) + FocalCost(state, usual_px);
  for (int round = 0; round < kMostRounds && damping < 1e6; ++round) {
    const Normal normal = NormalOf(problem, state, usual_px);
    bool better = false;
    for (; !better && damping < 1e6; damping *= 10) {
      const std::optional<State> next = Stepped(normal, state, damping);
      const double now = next ? CostOf(problem, *next) + FocalCost(*next, usual_px) : INFINITY;
      if (!(now < cost)) continue;
      better = true;
      const bool enough = cost - now < kEnough * cost;
      state = *next;
      cost = now;
      damping = std::max(damping / 100, 1e-9);
      if (enough) return {state, cost};
    }
  }
  return {state, cost};
}

// From far, a set that is turned inside out and a camera that moves the other way look the same: the one is where a
// solution may end that should be the other.
State InsideOut(State state, double usual_px) {
  for (double& nearness : state.nearness) nearness = std::clamp(2 - nearness, kLeastNearness, kMostNearness);
  for (CameraPose& pose : state.poses) pose.shift = -pose.shift;
  state.lens.focal_px = usual_px;
  return state;
}

double MedianOf(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Correlation.
double Likeness(const std::vector<double>& a, const std::vector<double>& b) {
  const double count = static_cast<double>(a.size());
  const double mean_a = std::accumulate(a.begin(), a.end(), 0.0) / count;
  const double mean_b = std::accumulate(b.begin(), b.end(), 0.0) / count;
  double both = 0, own_a = 0, own_b = 0;
  for (size_t k = 0; k < a.size(); ++k) {
    both += (a[k] - mean_a) * (b[k] - mean_b);
    own_a += (a[k] - mean_a) * (a[k] - mean_a);
    own_b += (b[k] - mean_b) * (b[k] - mean_b);
  }
  return both / std::sqrt(std::max(1e-12, own_a * own_b));
}

SolvedCamera Judged(const Problem& problem, const State& state) {
  SolvedCamera solved{state.lens, state.poses, state.nearness, {}, 0, 0};
  std::vector<double> misses;
  std::vector<double> parallaxes;
  for (size_t k = 0; k < problem.points.size(); ++k) {
    const cv::Vec3d ray = state.lens.RayOf(problem.points[k]);
    double most = 0;
    double reach = 0;
    double seen = 0;
    for (size_t v = 0; v < problem.views.size(); ++v) {
      const std::optional<cv::Point2d>& place = problem.views[v][k];
      if (!place) continue;
      const CameraPose& pose = state.poses[v];
      const cv::Vec3d now = pose.Of(ray, state.nearness[k]);
      misses.push_back(cv::norm(MissOf(state.lens, now, *place)));
      most = std::max(most, cv::norm(state.lens.PlaceOf(now) - state.lens.PlaceOf(pose.rotation * ray)));
      const Slope slope = SlopeOf(state.lens, pose, ray, state.nearness[k], *place);
      reach += slope.nearness.dot(slope.nearness);
      ++seen;
    }
    solved.reach_px.push_back(seen > 0 ? std::sqrt(reach / seen) : 0);
    if (seen > 0) parallaxes.push_back(most);
  }
  solved.residual_px = MedianOf(std::move(misses));
  solved.parallax_px = MedianOf(std::move(parallaxes));
  return solved;
}

}  // namespace

cv::Vec3d Lens::RayOf(cv::Point2d place) const {
  return {(place.x - middle.x) / focal_px, (place.y - middle.y) / focal_px, 1};
}

cv::Point2d Lens::PlaceOf(const cv::Vec3d& point) const {
  const double z = std::max(point[2], kLeastDepth);
  return {middle.x + focal_px * point[0] / z, middle.y + focal_px * point[1] / z};
}

SolvedCamera SolveCamera(const std::vector<cv::Point2d>& points, const std::vector<SeenPoints>& views,
                         cv::Size picture) {
  SHOTFIX_CHECK(!views.empty());
  for (const SeenPoints& view : views) SHOTFIX_CHECK(view.size() == points.size());
  const double usual_px = kUsualFocal * std::max(picture.width, picture.height);
  const Problem problem{points, views};
  const State still{{usual_px, {(picture.width - 1) / 2.0, (picture.height - 1) / 2.0}},
                    std::vector<CameraPose>(views.size()),
                    std::vector<double>(points.size(), 1)};
  const Adjusted one = Adjust(problem, still, usual_px);
  const Adjusted other = Adjust(problem, InsideOut(one.state, usual_px), usual_px);
  const bool first = one.cost <= other.cost;
  SolvedCamera solved = Judged(problem, first ? one.state : other.state);
  constexpr double kSurely = 1000;  // squared misses
  solved.reversible = std::abs(one.cost - other.cost) < kSurely * solved.residual_px * solved.residual_px &&
                      Likeness(one.state.nearness, other.state.nearness) < 0.5;
  return solved;
}

std::optional<CameraPose> SolvePose(const SolvedCamera& solved, const std::vector<cv::Point2d>& points,
                                    const SeenPoints& view, const CameraPose& near) {
  constexpr size_t kFewest = 12;
  constexpr size_t kFewestOf = 20;  // or one of so many
  constexpr int kRounds = 20;
  SHOTFIX_CHECK(view.size() == points.size());
  const size_t fewest = std::max(kFewest, points.size() / kFewestOf);
  const double most_miss_px = std::max(1.0, 3 * solved.residual_px);  // median
  CameraPose pose = near;
  std::vector<double> misses;
  for (int round = 0; round <= kRounds; ++round) {
    cv::Matx66d left = cv::Matx66d::eye() * 1e-9;
    cv::Vec<double, 6> right{};
    misses.clear();
    for (size_t k = 0; k < points.size(); ++k) {
      if (!view[k]) continue;
      const Slope slope = SlopeOf(solved.lens, pose, solved.lens.RayOf(points[k]), solved.nearness[k], *view[k]);
      misses.push_back(cv::norm(slope.miss));
      left += slope.pose.t() * slope.pose * slope.weight;
      right += slope.pose.t() * slope.miss * slope.weight;
    }
    if (misses.size() < fewest) return std::nullopt;
    const cv::Vec<double, 6> step = left.solve(right, cv::DECOMP_CHOLESKY);
    if (round == kRounds || cv::norm(step) < 1e-9) break;
    pose = Moved(pose, {-step[0], -step[1], -step[2]}, {-step[3], -step[4], -step[5]});
  }
  if (!(MedianOf(misses) <= most_miss_px)) return std::nullopt;
  return pose;
}

}  // namespace shotfix::temporal
