// SPDX-License-Identifier: Apache-2.0
#include "gaze/iris.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/core.hpp>
#include <vector>

#include "shotfix/gaze/shot_gaze.h"

namespace shotfix::gaze {
namespace {

constexpr double kRad = std::numbers::pi / 180;
constexpr double kGlint = 0.97;  // encoded: brighter is a reflection

// Directions of the rim that lids leave free, for the side at picture right; the other is mirrored.
std::vector<cv::Point2d> LateralArc() {
  constexpr double kFromDeg = -28;  // above, the upper lid covers more
  constexpr double kToDeg = 52;
  constexpr double kStepDeg = 4;
  std::vector<cv::Point2d> arc;
  for (double angle = kFromDeg; angle <= kToDeg; angle += kStepDeg)
    arc.emplace_back(std::cos(angle * kRad), std::sin(angle * kRad));
  return arc;
}

double Rim(const cv::Mat& luma, cv::Point2d centre, double radius, const std::vector<cv::Point2d>& arc) {
  constexpr double kMostStep = 0.35;  // skin and lights beyond count no more than a white does
  const cv::Point2d middle((luma.cols - 1) / 2.0, (luma.rows - 1) / 2.0);
  const double half = std::max(1.0, 0.14 * radius);
  double sides[2] = {0, 0};
  for (int side = 0; side < 2; ++side) {
    for (const cv::Point2d& to : arc) {
      const cv::Point2d direction(side == 0 ? to.x : -to.x, to.y);
      const cv::Point2d inner = middle + centre + direction * (radius - half);
      const cv::Point2d outer = middle + centre + direction * (radius + half);
      const double step = ValueAt(luma, outer.x, outer.y) - ValueAt(luma, inner.x, inner.y);
      sides[side] += std::clamp(step, -kMostStep, kMostStep);
    }
    sides[side] /= static_cast<double>(arc.size());
  }
  // One side may lie in a corner, where there is no white; both must not be bad.
  return 0.65 * std::max(sides[0], sides[1]) + 0.35 * std::min(sides[0], sides[1]);
}

// Mean of the disc: an iris is the dark thing in an eye.
double Darkness(const cv::Mat& luma, cv::Point2d centre, double radius) {
  const cv::Point2d middle((luma.cols - 1) / 2.0, (luma.rows - 1) / 2.0);
  double sum = 0;
  int count = 0;
  for (double y = -0.3; y <= 0.75; y += 0.21) {
    for (double x = -0.75; x <= 0.75; x += 0.25) {
      if (x * x + y * y > 0.7) continue;
      sum +=
          std::min<double>(kGlint, ValueAt(luma, middle.x + centre.x + x * radius, middle.y + centre.y + y * radius));
      ++count;
    }
  }
  return 1 - sum / count;
}

}  // namespace

IrisFinding FindIris(const cv::Mat& luma, const IrisSearch& search) {
  constexpr double kDarkShare = 0.35;
  constexpr double kUsualSpread = 0.1;
  constexpr double kUsualShare = 0.025;
  const std::vector<cv::Point2d> arc = LateralArc();
  IrisFinding best;
  double best_score = -1e9;
  const auto look = [&](cv::Point2d centre, double radius) {
    const double rim = Rim(luma, centre, radius, arc);
    const double unusual = search.usual_radius > 0 ? (radius / search.usual_radius - 1) / kUsualSpread : 0;
    const double score = rim + kDarkShare * Darkness(luma, centre, radius) - kUsualShare * unusual * unusual;
    if (score <= best_score) return;
    best_score = score;
    best = {centre, radius, rim};
  };
  const double step = std::max(1.0, search.least_radius / 8);
  const double radius_step = std::max(0.5, (search.most_radius - search.least_radius) / 8);
  const auto reach = [&](double limit) { return std::floor(limit / step) * step; };
  for (double radius = search.least_radius; radius <= search.most_radius + 1e-6; radius += radius_step) {
    for (double y = -reach(search.reach_y); y <= search.reach_y; y += step) {
      for (double x = -reach(search.reach_x); x <= search.reach_x; x += step)
        look(search.around + cv::Point2d(x, y), radius);
    }
  }
  for (double fine = step / 2; fine >= 0.1; fine /= 2) {
    const IrisFinding from = best;
    for (int y = -1; y <= 1; ++y) {
      for (int x = -1; x <= 1; ++x) {
        for (int r = -1; r <= 1; ++r) {
          const double radius = from.radius + r * std::min(fine, radius_step / 2);
          const cv::Point2d centre = from.centre + cv::Point2d(x, y) * fine;
          const cv::Point2d way = centre - search.around;
          const bool within = std::abs(way.x) <= search.reach_x && std::abs(way.y) <= search.reach_y;
          if (within && radius >= search.least_radius && radius <= search.most_radius) look(centre, radius);
        }
      }
    }
  }
  return best;
}

namespace {

struct Misfit {
  double error = 1;
  double difference = 1;
  double seen = 0;
  double score = 1;  // what a place is chosen by: the error and how little of a rim is there
};

// Shades change what is dark and what is bright; where an iris ends they do not. How much it brightens across the rim,
// of what it does in the gathered picture; what is not seen counts as middling.
double RimSeen(const IrisPlacing& placing, const IrisDisc& disc) {
  constexpr double kStepDeg = 6;
  constexpr double kHalf = 0.14;  // radii on each side
  constexpr double kUnseen = 0.5;
  constexpr double kWeak = 0.06;  // encoded: less is no rim
  const cv::Point2d crop_middle((placing.crop.cols - 1) / 2.0, (placing.crop.rows - 1) / 2.0);
  const double per_radius = (placing.picture.rgb.cols - 1) / (2 * kIrisReach);
  const cv::Point2d middle = cv::Point2d(1, 1) * ((placing.picture.rgb.cols - 1) / 2.0);
  const auto luma = [](const cv::Vec3f& colour) {
    return std::min(kGlint, 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]);
  };
  double seen = 0;
  double whole = 0;
  for (double angle = 0; angle < 360; angle += kStepDeg) {
    const cv::Point2d way(std::cos(angle * kRad), std::sin(angle * kRad));
    const cv::Point2d inner = middle + way * ((1 - kHalf) * per_radius);
    const cv::Point2d outer = middle + way * ((1 + kHalf) * per_radius);
    if (ValueAt(placing.picture.known, outer.x, outer.y) < 0.5F) continue;
    const double usual =
        luma(ColourAt(placing.picture.rgb, outer.x, outer.y)) - luma(ColourAt(placing.picture.rgb, inner.x, inner.y));
    if (usual < kWeak) continue;
    whole += usual;
    const cv::Point2d from = crop_middle + disc.CropFrom(way * (1 - kHalf));
    const cv::Point2d to = crop_middle + disc.CropFrom(way * (1 + kHalf));
    const bool open = ValueAt(placing.open, from.x, from.y) > 0.5F && ValueAt(placing.open, to.x, to.y) > 0.5F;
    const double step = luma(ColourAt(placing.crop, to.x, to.y)) - luma(ColourAt(placing.crop, from.x, from.y));
    seen += open ? std::clamp(step, -usual, usual) : kUnseen * usual;
  }
  return whole > 0 ? seen / whole : kUnseen;
}

Misfit MisfitAt(const IrisPlacing& placing, cv::Point2d centre) {
  constexpr double kMostDifference = 0.25;
  const IrisDisc disc(placing.ball, centre);
  const int half_w = (placing.crop.cols - 1) / 2;
  const int half_h = (placing.crop.rows - 1) / 2;
  const double reach = kIrisReach * disc.radius;
  const double per_radius = (placing.picture.rgb.cols - 1) / (2 * kIrisReach);
  const double middle = (placing.picture.rgb.cols - 1) / 2.0;
  double error = 0;
  double weights = 0;
  double disc_all = 0;
  double disc_seen = 0;
  for (int y = static_cast<int>(std::floor(centre.y - reach)); y <= centre.y + reach; ++y) {
    for (int x = static_cast<int>(std::floor(centre.x - reach)); x <= centre.x + reach; ++x) {
      const cv::Point2d at = disc({static_cast<double>(x), static_cast<double>(y)});
      const double rho = std::hypot(at.x, at.y);
      if (rho > kIrisReach) continue;
      if (rho <= 1) ++disc_all;
      if (x < -half_w || x > half_w || y < -half_h || y > half_h) continue;
      const double open = placing.open.at<float>(y + half_h, x + half_w);
      if (rho <= 1) disc_seen += open;
      if (open < 0.5) continue;
      const cv::Point2d in(middle + at.x * per_radius, middle + at.y * per_radius);
      const double known = ValueAt(placing.picture.known, in.x, in.y);
      if (known < 0.5) continue;
      const cv::Vec3f own = placing.crop.at<cv::Vec3f>(y + half_h, x + half_w);
      if (std::max({own[0], own[1], own[2]}) > kGlint) continue;
      const cv::Vec3f wanted = ColourAt(placing.picture.rgb, in.x, in.y);
      double difference = 0;
      for (int c = 0; c < 3; ++c) difference += std::abs(own[c] - wanted[c]) / 3;
      error += open * std::min(kMostDifference, difference);
      weights += open;
    }
  }
  // What is not seen does not speak for a place.
  constexpr double kUnseen = 0.12;
  const double area = std::numbers::pi * kIrisReach * kIrisReach * disc.radius * disc.radius * disc.squeeze;
  const double unseen = 0.2 * std::max(0.0, area - weights);
  constexpr double kRim = 0.1;  // encoded difference that a whole rim is worth
  const double misfit = (error + kUnseen * unseen) / (weights + unseen + 1e-9);
  return {misfit, error / (weights + 1e-9), disc_seen / std::max(1.0, disc_all),
          misfit + kRim * (1 - RimSeen(placing, disc))};
}

}  // namespace

PlacedIris PlaceIris(const IrisPlacing& placing, cv::Point2d from, double reach_px) {
  cv::Point2d best = from;
  Misfit least = MisfitAt(placing, from);
  for (double step = std::max(0.5, reach_px / 2); step > 0.04; step /= 2) {
    for (bool moved = true; moved;) {
      moved = false;
      const cv::Point2d centre = best;
      for (const cv::Point2d& way : {cv::Point2d(1, 0), cv::Point2d(-1, 0), cv::Point2d(0, 1), cv::Point2d(0, -1)}) {
        const cv::Point2d place = centre + way * step;
        if (std::hypot(place.x - from.x, place.y - from.y) > reach_px) continue;
        const Misfit misfit = MisfitAt(placing, place);
        if (misfit.score >= least.score) continue;
        least = misfit;
        best = place;
        moved = true;
      }
    }
  }
  return {best, least.error, least.difference, least.seen, least.score};
}

double ContrastOf(const IrisPicture& picture) {
  constexpr double kIris = 0.8;  // radii: iris alone
  constexpr double kWhite = 1.15;
  constexpr double kLeast = 0.1;  // where no white was ever seen
  const cv::Mat luma = LumaOf(picture.rgb);
  const double middle = (luma.cols - 1) / 2.0;
  cv::Vec2d sums(0, 0);
  cv::Vec2d counts(0, 0);
  for (int y = 0; y < luma.rows; ++y) {
    for (int x = 0; x < luma.cols; ++x) {
      const double rho = std::hypot(x - middle, y - middle) * kIrisReach / middle;
      if (picture.known.at<float>(y, x) < 0.5F || (rho > kIris && rho < kWhite)) continue;
      const int which = rho <= kIris ? 0 : 1;
      sums[which] += luma.at<float>(y, x);
      ++counts[which];
    }
  }
  if (counts[0] == 0 || counts[1] == 0) return kLeast;
  return std::max(kLeast, sums[1] / counts[1] - sums[0] / counts[0]);
}

}  // namespace shotfix::gaze
