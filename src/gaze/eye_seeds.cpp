// SPDX-License-Identifier: Apache-2.0
#include "gaze/eye_seeds.h"

#include <cmath>
#include <opencv2/core.hpp>

namespace shotfix::gaze {

void SeedByIris(cv::Point2d iris, cv::Point2d usual, double radius, cv::Mat& eye, cv::Mat& skin) {
  const int half_w = (eye.cols - 1) / 2;
  const int half_h = (eye.rows - 1) / 2;
  for (int y = 0; y < eye.rows; ++y) {
    for (int x = 0; x < eye.cols; ++x) {
      const double dx = (x - half_w - iris.x) / radius;
      const double dy = (y - half_h - iris.y) / radius;
      const bool disc = std::hypot(dx, dy) < 0.85 && dy > -0.4;
      const bool within = std::abs(x - half_w - usual.x) < 1.6 * radius;
      const bool beside = (std::abs(dx) < 1.6 || within) && std::abs(dy - 0.1) < 0.3;
      eye.at<uchar>(y, x) = disc || beside ? 1 : 0;
      skin.at<uchar>(y, x) = !(disc || beside) && (std::abs(dy) > 1.4 || std::abs(dx) > 3.0) ? 1 : 0;
    }
  }
}

void AddSkin(const LidShape& lids, CropSize size, const cv::Mat& eye, cv::Mat& skin) {
  constexpr double kOutsidePx = 1.5;
  const cv::Mat around = OpenMask(lids, {}, size, -kOutsidePx, 1);
  for (int y = 0; y < skin.rows; ++y) {
    for (int x = 0; x < skin.cols; ++x) {
      if (around.at<float>(y, x) < 0.5F && eye.at<uchar>(y, x) == 0) skin.at<uchar>(y, x) = 1;
    }
  }
}

}  // namespace shotfix::gaze
