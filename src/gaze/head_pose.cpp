// SPDX-License-Identifier: Apache-2.0
#include "gaze/head_pose.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/core.hpp>

namespace shotfix::gaze {
namespace {

constexpr int kParameters = 6;
constexpr double kFarPx = 1.5;  // Huber: points that miss by more are another thing (a lid, a lip, hair)

}  // namespace

double Relief(double x, double y) {
  const double sides = -0.5 * std::pow(std::abs(x), 2.6);
  const double brows = 0.1 * std::exp(-std::pow((y + 0.36) / 0.22, 2)) - 0.15 * std::max(0.0, -0.4 - y);
  const double ridge = y < 0.72 ? std::clamp(0.1 + 0.55 * y, 0.0, 0.5) : std::max(0.06, 0.5 - 2.4 * (y - 0.72));
  return sides + brows + ridge * std::exp(-std::pow(x / 0.2, 2));
}

double Rigid(double x, double y) {
  if (y < -0.12) return 0.05;
  return std::abs(x) < 0.26 && y < 0.88 ? 1 : 0.15;
}

Basis BasisOf(const Pose& pose) {
  const double cy = std::cos(pose[0]), sy = std::sin(pose[0]);
  const double cp = std::cos(pose[1]), sp = std::sin(pose[1]);
  const double cr = std::cos(pose[2]), sr = std::sin(pose[2]);
  // Turned by yaw, then pitch, then roll.
  const double ax = cy, az = sy;
  const double bx = sy * sp, by = cp, bz = -cy * sp;
  return {std::exp(pose[3]), cr * ax - sr * bx, -sr * by,         cr * az - sr * bz,
          sr * ax + cr * bx, cr * by,           sr * az + cr * bz};
}

cv::Point2d Project(const Basis& basis, const Pose& pose, const cv::Point3d& p) {
  return {pose[4] + basis.scale * (basis.xx * p.x + basis.xy * p.y + basis.xz * p.z),
          pose[5] + basis.scale * (basis.yx * p.x + basis.yy * p.y + basis.yz * p.z)};
}

Pose FitPose(Pose pose, const std::vector<HeadPoint>& head, const std::vector<temporal::FollowedPoint>& seen) {
  constexpr int kRounds = 12;
  constexpr double kStep = 1e-4;
  for (int round = 0; round < kRounds; ++round) {
    cv::Matx<double, kParameters, kParameters> normal = cv::Matx<double, kParameters, kParameters>::eye() * 1e-6;
    Pose gradient;
    const Basis basis = BasisOf(pose);
    std::array<Pose, kParameters> moved;
    std::array<Basis, kParameters> bases;
    for (int i = 0; i < kParameters; ++i) {
      moved[static_cast<size_t>(i)] = pose;
      moved[static_cast<size_t>(i)][i] += kStep;
      bases[static_cast<size_t>(i)] = BasisOf(moved[static_cast<size_t>(i)]);
    }
    for (size_t k = 0; k < head.size(); ++k) {
      if (!seen[k].found) continue;
      const cv::Point2d at = Project(basis, pose, head[k].place);
      const cv::Point2d miss(seen[k].place.x - at.x, seen[k].place.y - at.y);
      const double weight = std::min(1.0, kFarPx / std::max(1e-9, std::hypot(miss.x, miss.y)));
      Pose jx, jy;
      for (int i = 0; i < kParameters; ++i) {
        const cv::Point2d step =
            Project(bases[static_cast<size_t>(i)], moved[static_cast<size_t>(i)], head[k].place) - at;
        jx[i] = step.x / kStep;
        jy[i] = step.y / kStep;
      }
      normal += weight * (jx * jx.t() + head[k].rigid * (jy * jy.t()));
      gradient += weight * (jx * miss.x + head[k].rigid * (jy * miss.y));
    }
    const Pose change = normal.solve(gradient, cv::DECOMP_CHOLESKY);
    pose += change;
    if (cv::norm(change) < 1e-5) break;
  }
  return pose;
}

std::vector<double> DepthsFrom(const std::vector<HeadPoint>& head, const std::vector<SeenHead>& frames) {
  constexpr double kAnchor = 0.02;  // sum of squared turns (radians) that outweighs the relief: 5 frames of 4 degrees
  std::vector<double> depths(head.size());
  std::vector<double> along(head.size());
  std::vector<double> spread(head.size(), kAnchor);
  for (size_t k = 0; k < head.size(); ++k) along[k] = kAnchor * head[k].place.z;
  for (const SeenHead& frame : frames) {
    const Basis basis = BasisOf(frame.pose);
    const cv::Point2d forward(basis.scale * basis.xz, basis.scale * basis.yz);
    for (size_t k = 0; k < head.size(); ++k) {
      if (!frame.points[k].found) continue;
      const cv::Point2d flat = Project(basis, frame.pose, {head[k].place.x, head[k].place.y, 0});
      const cv::Point2d miss(frame.points[k].place.x - flat.x, frame.points[k].place.y - flat.y);
      along[k] += miss.x * forward.x + head[k].rigid * miss.y * forward.y;
      spread[k] += forward.x * forward.x + head[k].rigid * forward.y * forward.y;
    }
  }
  for (size_t k = 0; k < head.size(); ++k) depths[k] = along[k] / spread[k];
  return depths;
}

std::vector<double> MissesOf(const std::vector<HeadPoint>& head, const std::vector<double>& depths,
                             const std::vector<SeenHead>& frames, double least_found) {
  std::vector<double> misses(head.size());
  std::vector<double> found(head.size());
  double followed = 0;
  for (const SeenHead& frame : frames) {
    followed += frame.followed ? 1 : 0;
    const Basis basis = BasisOf(frame.pose);
    for (size_t k = 0; k < head.size(); ++k) {
      if (!frame.points[k].found) continue;
      const cv::Point2d at = Project(basis, frame.pose, {head[k].place.x, head[k].place.y, depths[k]});
      misses[k] += std::hypot(at.x - frame.points[k].place.x, head[k].rigid * (at.y - frame.points[k].place.y));
      ++found[k];
    }
  }
  for (size_t k = 0; k < head.size(); ++k) misses[k] = found[k] < least_found * followed ? 1e9 : misses[k] / found[k];
  return misses;
}

}  // namespace shotfix::gaze
