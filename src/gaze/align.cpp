// SPDX-License-Identifier: Apache-2.0
#include "gaze/align.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace shotfix::gaze {

cv::Mat StillSurroundings(const LidShape& lids, CropSize size, double iris_px) {
  constexpr double kBelow = 0.9;   // iris radii under the lower lid
  constexpr double kBeside = 0.9;  // and beyond a corner
  cv::Mat weights = cv::Mat::zeros(size.height(), size.width(), CV_32FC1);
  int first = size.width();
  int last = 0;
  for (int x = 0; x < size.width(); ++x) {
    if (std::isnan(lids.lower()[static_cast<size_t>(x)])) continue;
    first = std::min(first, x);
    last = std::max(last, x);
  }
  if (first > last) return weights;
  for (int x = 0; x < size.width(); ++x) {
    const int inside = std::clamp(x, first, last);
    const double away = std::abs(x - inside);
    if (away > kBeside * iris_px) continue;
    const double lower = lids.lower()[static_cast<size_t>(inside)] + size.half_height;
    if (std::isnan(lower)) continue;
    // Beside the corners the skin above counts too; over the eye it goes with the lid.
    const double from = away > 1 ? lower - 0.5 * iris_px : lower + 1;
    for (int y = std::max(0, static_cast<int>(from)); y < std::min<double>(size.height(), lower + kBelow * iris_px);
         ++y)
      weights.at<float>(y, x) = 1;
  }
  return weights;
}

cv::Point2d ShiftBetween(const cv::Mat& reference, const cv::Mat& crop, const cv::Mat& weights, double most_px) {
  constexpr int kRounds = 12;
  constexpr double kStranger = 0.06;  // encoded: what differs more counts less
  cv::Mat calm;
  cv::Mat wanted;
  cv::GaussianBlur(crop, calm, cv::Size(), 0.8);
  cv::GaussianBlur(reference, wanted, cv::Size(), 0.8);
  cv::Point2d shift(0, 0);
  double offset = 0;
  for (int round = 0; round < kRounds; ++round) {
    cv::Matx33d normal = cv::Matx33d::diag({1e-3, 1e-3, 1e-3});
    cv::Vec3d right(0, 0, 0);
    for (int y = 1; y + 1 < calm.rows; ++y) {
      for (int x = 1; x + 1 < calm.cols; ++x) {
        const double weight = weights.at<float>(y, x);
        if (weight <= 0) continue;
        const double u = x + shift.x;
        const double v = y + shift.y;
        const double miss = wanted.at<float>(y, x) - ValueAt(calm, u, v) - offset;
        const double trust = weight / (1 + miss * miss / (kStranger * kStranger));
        const cv::Vec3d slope((ValueAt(calm, u + 1, v) - ValueAt(calm, u - 1, v)) / 2,
                              (ValueAt(calm, u, v + 1) - ValueAt(calm, u, v - 1)) / 2, 1);
        normal += trust * (slope * slope.t());
        right += slope * (trust * miss);
      }
    }
    const cv::Vec3d change = normal.solve(right, cv::DECOMP_CHOLESKY);
    shift += cv::Point2d(change[0], change[1]);
    offset += change[2];
    const double length = std::hypot(shift.x, shift.y);
    if (length > most_px) shift *= most_px / length;
    if (std::abs(change[0]) + std::abs(change[1]) < 1e-3) break;
  }
  return shift;
}

}  // namespace shotfix::gaze
