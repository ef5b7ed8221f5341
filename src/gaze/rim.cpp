// SPDX-License-Identifier: Apache-2.0
// The rim of a gathered iris, all around: a circle through its steepest places.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/core.hpp>
#include <vector>

#include "gaze/iris.h"
#include "shotfix/gaze/shot_gaze.h"

namespace shotfix::gaze {
namespace {

constexpr double kRad = std::numbers::pi / 180;
constexpr double kHalf = 0.07;  // radii on each side, over which a rim's step is measured
constexpr double kWeak = 0.4;   // of the usual step: less is no rim

struct RimPoint {
  cv::Point2d place;  // radii
  double step = 0;
};

class Rim {
 public:
  explicit Rim(const IrisPicture& picture)
      : luma_(LumaOf(picture.rgb)),
        known_(picture.known),
        middle_((luma_.cols - 1) / 2.0),
        per_radius_((luma_.cols - 1) / (2 * kIrisReach)) {}

  // The steepest place of each direction that lids leave free.
  std::vector<RimPoint> Steepest() const {
    constexpr double kFromDeg = -35;  // above is lid
    constexpr double kToDeg = 215;
    constexpr double kStepDeg = 3;
    constexpr double kFrom = 0.78;  // radii
    constexpr double kTo = 1.22;
    constexpr double kFine = 0.01;
    std::vector<RimPoint> points;
    for (double angle = kFromDeg; angle < kToDeg; angle += kStepDeg) {
      const cv::Point2d way(std::cos(angle * kRad), std::sin(angle * kRad));
      RimPoint best;
      for (double rho = kFrom; rho <= kTo; rho += kFine) {
        if (Known(way * (rho - kHalf)) < 0.99F || Known(way * (rho + kHalf)) < 0.99F) continue;
        const double step = Luma(way * (rho + kHalf)) - Luma(way * (rho - kHalf));
        if (step > best.step) best = {way * rho, step};
      }
      if (best.step > 0) points.push_back(best);
    }
    return points;
  }

  // How wide the way from iris to white is, at its sides.
  double Softness(const std::vector<RimPoint>& points, double usual_step) const {
    constexpr double kAround = 0.24;  // radii: what is iris alone, and white alone
    constexpr size_t kFewest = 6;
    std::vector<double> widths;
    for (const RimPoint& point : points) {
      const cv::Point2d way = point.place / std::hypot(point.place.x, point.place.y);
      if (std::abs(way.y) > 0.6 || point.step < kWeak * usual_step) continue;
      const double whole = Luma(point.place + way * kAround) - Luma(point.place - way * kAround);
      widths.push_back(whole / (point.step / (2 * kHalf)));
    }
    if (widths.size() <= kFewest) return IrisRim{}.softness;
    std::nth_element(widths.begin(), widths.begin() + static_cast<ptrdiff_t>(widths.size() / 2), widths.end());
    return std::clamp(widths[widths.size() / 2], 0.08, 0.48);
  }

 private:
  double Luma(cv::Point2d at) const {
    return ValueAt(luma_, middle_ + at.x * per_radius_, middle_ + at.y * per_radius_);
  }
  float Known(cv::Point2d at) const {
    return ValueAt(known_, middle_ + at.x * per_radius_, middle_ + at.y * per_radius_);
  }

  cv::Mat luma_;
  cv::Mat known_;
  double middle_;
  double per_radius_;
};

// x, y, radius by Gauss-Newton, with weights that fall off for what is no circle. The radius is known well already.
cv::Vec3d FitCircle(const std::vector<RimPoint>& points, double usual_step) {
  constexpr int kRounds = 20;
  constexpr double kPlaceKnown = 0.5;  // as so many points of the rim
  constexpr double kRadiusKnown = 20;
  constexpr double kStray = 0.03;  // radii
  cv::Vec3d circle(0, 0, 1);
  for (int round = 0; round < kRounds; ++round) {
    cv::Matx33d normal = cv::Matx33d::diag({kPlaceKnown, kPlaceKnown, kRadiusKnown});
    cv::Vec3d right(-kPlaceKnown * circle[0], -kPlaceKnown * circle[1], kRadiusKnown * (1 - circle[2]));
    for (const RimPoint& point : points) {
      if (point.step < kWeak * usual_step) continue;
      const cv::Point2d from = point.place - cv::Point2d(circle[0], circle[1]);
      const double distance = std::hypot(from.x, from.y);
      const double miss = distance - circle[2];
      const double weight = 1 / (1 + miss * miss / (kStray * kStray));
      const cv::Vec3d slope(from.x / distance, from.y / distance, 1);
      normal += weight * (slope * slope.t());
      right += slope * (weight * miss);
    }
    circle += normal.solve(right, cv::DECOMP_CHOLESKY);
  }
  return circle;
}

}  // namespace

IrisRim FitRim(const IrisPicture& picture) {
  constexpr size_t kFewest = 20;
  const Rim rim(picture);
  const std::vector<RimPoint> points = rim.Steepest();
  if (points.size() < kFewest) return {};
  std::vector<double> steps;
  for (const RimPoint& point : points) steps.push_back(point.step);
  std::nth_element(steps.begin(), steps.begin() + static_cast<ptrdiff_t>(steps.size() / 2), steps.end());
  const double usual_step = steps[steps.size() / 2];
  const cv::Vec3d circle = FitCircle(points, usual_step);
  return {{circle[0], circle[1]}, circle[2], rim.Softness(points, usual_step)};
}

}  // namespace shotfix::gaze
