// SPDX-License-Identifier: Apache-2.0
#include "shotfix/gaze/meter.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <opencv2/core.hpp>
#include <vector>

namespace shotfix::gaze {
namespace {

constexpr double kRad = std::numbers::pi / 180;

// What a disc on the ball looks like around one place: `across` is squeezed, `upright` is not. Px.
struct Ellipse {
  cv::Point2d across;
  cv::Point2d upright;

  cv::Point2d Way(double u, double v) const { return across * u + upright * v; }
  // The way back: px from the centre as radii of the disc.
  cv::Point2d Disc(cv::Point2d px) const {
    return {px.dot(across) / across.dot(across), px.dot(upright) / upright.dot(upright)};
  }
};

Ellipse EllipseAt(const EyeBall& ball, cv::Point2d centre) {
  constexpr double kMostTurn = 0.87;  // sine
  const cv::Point2d way = (centre - ball.straight) / ball.travel_px;
  const double sine = std::hypot(way.x, way.y);
  const cv::Point2d along = sine > 1e-9 ? way / sine : cv::Point2d(1, 0);
  const double squeeze = std::sqrt(1 - std::pow(std::min(sine, kMostTurn), 2));
  return {along * (squeeze * ball.radius_px), cv::Point2d(-along.y, along.x) * ball.radius_px};
}

class Luma {
 public:
  explicit Luma(const at::Tensor& picture)
      : plane_((picture[0] * 0.2126 + picture[1] * 0.7152 + picture[2] * 0.0722).to(at::kCPU, at::kFloat).contiguous()),
        data_(plane_.const_data_ptr<float>()),
        height_(plane_.size(0)),
        width_(plane_.size(1)) {}

  double At(int64_t x, int64_t y) const {
    return data_[std::clamp<int64_t>(y, 0, height_ - 1) * width_ + std::clamp<int64_t>(x, 0, width_ - 1)];
  }
  double Around(int64_t x, int64_t y) const {  // mean of 3 x 3
    double sum = 0;
    for (int64_t v = y - 1; v <= y + 1; ++v) {
      for (int64_t u = x - 1; u <= x + 1; ++u) sum += At(u, v);
    }
    return sum / 9;
  }
  double Between(cv::Point2d place) const {
    const double left = std::floor(place.x);
    const double top = std::floor(place.y);
    const auto x = static_cast<int64_t>(left);
    const auto y = static_cast<int64_t>(top);
    const double fx = place.x - left;
    const double fy = place.y - top;
    return (At(x, y) * (1 - fx) + At(x + 1, y) * fx) * (1 - fy) +
           (At(x, y + 1) * (1 - fx) + At(x + 1, y + 1) * fx) * fy;
  }
  bool Inside(int64_t x, int64_t y) const { return x >= 1 && y >= 1 && x + 1 < width_ && y + 1 < height_; }

 private:
  at::Tensor plane_;
  const float* data_;
  int64_t height_;
  int64_t width_;
};

// Where most gradients turn their backs.
class Votes {
 public:
  Votes(const Luma& luma, cv::Point2d near, const EyeBall& ball);
  std::optional<cv::Point2d> Middle() const;

 private:
  struct Edge {
    cv::Point2d place;  // px
    cv::Point2d rise;   // unit vector from dark to bright
    double weight;
  };
  double ScoreAt(cv::Point2d centre) const;

  cv::Point2d near_;
  const EyeBall& ball_;
  std::vector<Edge> edges_;
};

constexpr double kReach = 1.1;     // radii around `near` in which the middle is looked for
constexpr double kNearest = 0.86;  // radii: rims lie between these
constexpr double kFarthest = 1.18;

Votes::Votes(const Luma& luma, cv::Point2d near, const EyeBall& ball) : near_(near), ball_(ball) {
  constexpr double kLevel = 0.62;  // sine of how steep a rim's direction may be
  constexpr double kWeak = 0.008;
  constexpr double kStrong = 0.06;  // a reflection's edge is steeper than a rim's: it counts no more
  const double far = (kReach + kFarthest) * ball.radius_px + 1;
  for (auto y = static_cast<int64_t>(near.y - far); y <= near.y + far; ++y) {
    for (auto x = static_cast<int64_t>(near.x - far); x <= near.x + far; ++x) {
      if (!luma.Inside(x, y)) continue;
      const cv::Point2d rise((luma.Around(x + 1, y) - luma.Around(x - 1, y)) / 2,
                             (luma.Around(x, y + 1) - luma.Around(x, y - 1)) / 2);
      const double length = std::hypot(rise.x, rise.y);
      if (length < kWeak || std::abs(rise.y) > kLevel * length) continue;
      edges_.push_back({{static_cast<double>(x), static_cast<double>(y)}, rise / length, std::min(length, kStrong)});
    }
  }
}

double Votes::ScoreAt(cv::Point2d centre) const {
  const Ellipse ellipse = EllipseAt(ball_, centre);
  double sides[2] = {0, 0};
  for (const Edge& edge : edges_) {
    const cv::Point2d from = edge.place - centre;
    const cv::Point2d disc = ellipse.Disc(from);
    const double distance = std::hypot(disc.x, disc.y);
    if (distance < kNearest || distance > kFarthest) continue;
    const double along = from.dot(edge.rise) / std::hypot(from.x, from.y);
    if (along <= 0.8) continue;
    const double nearness = 1 - std::abs(distance - 1.02) / 0.16;
    sides[from.x > 0 ? 1 : 0] += edge.weight * along * along * std::max(0.0, nearness);
  }
  // A corner may hide one side, never both.
  return sides[0] + sides[1] + 0.5 * std::min(sides[0], sides[1]);
}

std::optional<cv::Point2d> Votes::Middle() const {
  double best = 0;
  cv::Point2d middle;
  const double coarse = std::max(0.5, ball_.radius_px / 12);
  const double reach = kReach * ball_.radius_px;
  for (double y = -reach / 2; y <= reach / 2; y += coarse) {
    for (double x = -reach; x <= reach; x += coarse) {
      const double score = ScoreAt(near_ + cv::Point2d(x, y));
      if (score <= best) continue;
      best = score;
      middle = near_ + cv::Point2d(x, y);
    }
  }
  if (best <= 0) return std::nullopt;
  return middle;
}

// The ellipse of the ball through the steepest places around it.
class RimFit {
 public:
  RimFit(const Luma& luma, const EyeBall& ball) : luma_(luma), ball_(ball) {}
  struct Finding {
    cv::Point2d centre;
    double agree = 0;  // how much of a rim speaks for it
  };
  Finding From(cv::Point2d centre) const;

 private:
  struct Ray {
    cv::Point2d way;   // of the disc, unit
    double miss = 0;   // of its steepest place from the rim, radii
    double steep = 0;  // how steep that is
  };
  std::vector<Ray> RaysAt(cv::Point2d centre, double rim, double width) const;
  struct Change {
    cv::Vec3d step;  // across, upright, radius; radii
    double agree = 0;
  };
  static Change ChangeFrom(std::vector<Ray> rays);

  const Luma& luma_;
  const EyeBall& ball_;
};

std::vector<RimFit::Ray> RimFit::RaysAt(cv::Point2d centre, double rim, double width) const {
  constexpr double kFromDeg = -25;  // above is lid
  constexpr double kToDeg = 205;
  constexpr double kStepDeg = 3;
  constexpr double kInner = 0.72;  // radii
  constexpr double kFine = 0.02;
  constexpr size_t kPlaces = 29;
  constexpr size_t kApart = 2;  // places on each side, over which a step is measured
  const Ellipse ellipse = EllipseAt(ball_, centre);
  std::vector<Ray> rays;
  for (double angle = kFromDeg; angle <= kToDeg; angle += kStepDeg) {
    // Angles are of the picture: above is above, whichever way the ball is turned.
    const cv::Point2d disc =
        ellipse.Disc(cv::Point2d(std::cos(angle * kRad), std::sin(angle * kRad)) * ball_.radius_px);
    Ray ray{disc / std::hypot(disc.x, disc.y)};
    std::array<double, kPlaces> along{};
    for (size_t k = 0; k < kPlaces; ++k) {
      const double rho = kInner + static_cast<double>(k) * kFine;
      along[k] = luma_.Between(centre + ellipse.Way(ray.way.x * rho, ray.way.y * rho));
    }
    double sum = 0;
    double moment = 0;
    for (size_t k = kApart; k + kApart < kPlaces; ++k) {
      const double miss = kInner + static_cast<double>(k) * kFine - rim;
      const double step = std::max(0.0, along[k + kApart] - along[k - kApart]);
      const double weight = step * std::exp(-0.5 * miss * miss / (width * width));
      sum += weight;
      moment += weight * miss;
      ray.steep = std::max(ray.steep, weight);
    }
    ray.miss = moment / std::max(1e-6, sum);
    rays.push_back(ray);
  }
  return rays;
}

// By how much the disc has to move and grow, radii: least squares, strays aside.
RimFit::Change RimFit::ChangeFrom(std::vector<Ray> rays) {
  constexpr int kRounds = 6;
  constexpr double kStray = 0.03;     // radii
  constexpr double kRadiusKnown = 2;  // as so many times all rays
  constexpr double kWeak = 0.35;      // of the steepest quarter: less is no rim
  std::vector<double> steeps;
  for (const Ray& ray : rays) steeps.push_back(ray.steep);
  const auto quarter = steeps.begin() + static_cast<ptrdiff_t>(3 * steeps.size() / 4);
  std::nth_element(steeps.begin(), quarter, steeps.end());
  const double usual = *quarter;
  double total = 1e-9;
  for (Ray& ray : rays) {
    ray.steep = ray.steep > kWeak * usual ? std::min(ray.steep, usual) : 0;
    total += ray.steep;
  }
  Change change;
  for (int round = 0; round < kRounds; ++round) {
    change.agree = 0;
    cv::Matx33d normal = cv::Matx33d::diag({1e-3, 1e-3, kRadiusKnown * total});
    cv::Vec3d right(0, 0, 0);
    for (const Ray& ray : rays) {
      const cv::Vec3d slope(ray.way.x, ray.way.y, 1);
      const double left = ray.miss - slope.dot(change.step);
      const double weight = round == 0 ? ray.steep : ray.steep / (1 + left * left / (kStray * kStray));
      normal += weight * (slope * slope.t());
      right += slope * (weight * ray.miss);
      change.agree += weight;
    }
    change.step = normal.solve(right, cv::DECOMP_CHOLESKY);
  }
  return change;
}

RimFit::Finding RimFit::From(cv::Point2d centre) const {
  constexpr int kRounds = 12;
  constexpr int kWideRounds = 4;
  constexpr double kFarthestMove = 0.5;  // radii: what was found is not the rim that was begun with
  Finding found{centre};
  double rim = 1;
  for (int round = 0; round < kRounds; ++round) {
    const Ellipse ellipse = EllipseAt(ball_, found.centre);
    const Change change = ChangeFrom(RaysAt(found.centre, rim, round < kWideRounds ? 0.14 : 0.09));
    found.centre += ellipse.Way(change.step[0], change.step[1]);
    found.agree = change.agree;
    rim += change.step[2];
  }
  const cv::Point2d moved = found.centre - centre;
  if (!(std::hypot(moved.x, moved.y) < kFarthestMove * ball_.radius_px)) found.agree = 0;
  return found;
}

}  // namespace

std::optional<cv::Point2d> MeasureIris(const at::Tensor& picture, cv::Point2d near, const EyeBall& ball) {
  const Luma luma(picture);
  const auto middle = Votes(luma, near, ball).Middle();
  if (!middle) return std::nullopt;
  // An iris of which a corner leaves a third gets few votes: where it is thought to be is worth a look too.
  const RimFit rim(luma, ball);
  const RimFit::Finding voted = rim.From(*middle);
  const RimFit::Finding thought = rim.From(near);
  const RimFit::Finding& best = voted.agree > thought.agree ? voted : thought;
  if (best.agree <= 0) return std::nullopt;
  return best.centre;
}

}  // namespace shotfix::gaze
