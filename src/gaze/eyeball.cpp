// SPDX-License-Identifier: Apache-2.0
#include "gaze/eyeball.h"

#include <algorithm>
#include <cmath>

#include "gaze/learn_eyes.h"
#include "shotfix/gaze/eye_parts.h"

namespace shotfix::gaze {
namespace {

// A row of the crop from the iris' middle outwards; `side` is -1 or 1.
struct Row {
  cv::Point2d from;
  int side = 1;
  double expected_px = 0;  // where the rim is thought to be
};

// Where the way from iris to white is steepest along a row, px from its beginning, or nothing.
std::optional<double> EdgeOf(const cv::Mat& luma, const cv::Mat& open, const Row& row, double radius_px) {
  constexpr double kReach = 0.24;   // radii on each side of where it is expected
  constexpr double kAround = 0.12;  // over which a step is measured
  constexpr double kWeak = 0.06;    // encoded
  double sum = 0;
  double moment = 0;
  double most = 0;
  for (double offset = -kReach; offset <= kReach; offset += 0.02) {
    const double at = row.expected_px + offset * radius_px;
    const double inner = row.from.x + row.side * (at - kAround * radius_px);
    const double outer = row.from.x + row.side * (at + kAround * radius_px);
    if (ValueAt(open, outer, row.from.y) < 0.99F || ValueAt(open, inner, row.from.y) < 0.99F) return std::nullopt;
    const double step = std::max(0.0F, ValueAt(luma, outer, row.from.y) - ValueAt(luma, inner, row.from.y));
    sum += step * step;
    moment += step * step * at;
    most = std::max(most, step);
  }
  if (most < kWeak) return std::nullopt;
  return moment / sum;
}

struct Widths {
  std::vector<double> squares;  // of the widths
  std::vector<double> xs;
};

// What is left of an eye's widths with this travel and middle, as robust cost; the disc's own width is free.
double CostOf(const Widths& widths, double travel, double middle) {
  constexpr double kNoise = 0.05;  // of a squared width
  std::vector<double> shares;
  std::vector<double> whole;
  for (size_t k = 0; k < widths.xs.size(); ++k) {
    const double sine = (widths.xs[k] - middle) / travel;
    shares.push_back(std::max(0.1, 1 - sine * sine));
    whole.push_back(widths.squares[k] / shares.back());
  }
  const double disc = MedianOf(whole);
  double cost = 0;
  for (size_t k = 0; k < shares.size(); ++k) {
    const double miss = (widths.squares[k] - disc * shares[k]) / kNoise;
    cost += std::log1p(miss * miss / 2);
  }
  return cost;
}

}  // namespace

std::optional<IrisWidth> WidthOf(const cv::Mat& luma, const cv::Mat& open, cv::Point2d iris, double radius_px) {
  constexpr double kFrom = -0.25;  // rows, radii
  constexpr double kTo = 0.6;
  constexpr size_t kFewest = 3;
  const cv::Point2d centre = iris + cv::Point2d((luma.cols - 1) / 2.0, (luma.rows - 1) / 2.0);
  std::vector<double> widths;
  for (double row = kFrom; row <= kTo; row += std::max(0.06, 1 / radius_px)) {
    const double circle = std::sqrt(1 - row * row);
    const cv::Point2d from = centre + cv::Point2d(0, row * radius_px);
    const auto left = EdgeOf(luma, open, {from, -1, circle * radius_px}, radius_px);
    const auto right = EdgeOf(luma, open, {from, 1, circle * radius_px}, radius_px);
    if (left && right) widths.push_back((*left + *right) / (2 * circle * radius_px));
  }
  if (widths.size() < kFewest) return std::nullopt;
  return IrisWidth{iris.x / radius_px, MedianOf(widths)};
}

double TravelFromWidths(const PerEye<std::vector<IrisWidth>>& seen) {
  constexpr double kSpread = 0.3;        // of eyes, people's and puppets', radii
  constexpr double kMiddleSpread = 0.5;  // of where irises look straight ahead, beside their median
  PerEye<Widths> widths;
  PerEye<double> middles{};
  for (size_t eye = 0; eye < kEyes; ++eye) {
    for (const IrisWidth& width : seen[eye]) {
      widths[eye].xs.push_back(width.x);
      widths[eye].squares.push_back(width.width * width.width);
    }
    if (!widths[eye].xs.empty()) middles[eye] = MedianOf(widths[eye].xs);
  }
  double best = kMeanTravel;
  double least = 1e18;
  for (double travel = 1.3; travel <= 3.2; travel += 0.05) {
    double cost = std::pow((travel - kMeanTravel) / kSpread, 2) / 2;
    for (size_t eye = 0; eye < kEyes; ++eye) {
      if (widths[eye].xs.empty()) continue;
      double least_of_middles = 1e18;
      for (double off = -1; off <= 1; off += 0.1)
        least_of_middles = std::min(
            least_of_middles, CostOf(widths[eye], travel, middles[eye] + off) + std::pow(off / kMiddleSpread, 2) / 2);
      cost += least_of_middles;
    }
    if (cost >= least) continue;
    least = cost;
    best = travel;
  }
  return best;
}

}  // namespace shotfix::gaze
