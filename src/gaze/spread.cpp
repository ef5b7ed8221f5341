// SPDX-License-Identifier: Apache-2.0
// What is known of a picture, carried on to where nothing is known.
#include <algorithm>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "shotfix/gaze/eye_parts.h"

namespace shotfix::gaze {

void Spread(cv::Mat& picture, const cv::Mat& known) {
  if (picture.rows <= 2 || picture.cols <= 2 || cv::countNonZero(known) == static_cast<int>(known.total())) return;
  cv::Mat weighted(picture.size(), CV_32FC3);
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x)
      weighted.at<cv::Vec3f>(y, x) = picture.at<cv::Vec3f>(y, x) * known.at<float>(y, x);
  }
  cv::Mat small;
  cv::Mat small_known;
  cv::pyrDown(weighted, small);
  cv::pyrDown(known, small_known);
  for (int y = 0; y < small.rows; ++y) {
    for (int x = 0; x < small.cols; ++x) {
      float& weight = small_known.at<float>(y, x);
      small.at<cv::Vec3f>(y, x) /= std::max(1e-6F, weight);
      weight = weight > 1e-4F ? std::min(1.0F, 4 * weight) : 0;
    }
  }
  Spread(small, small_known);
  cv::Mat large;
  cv::pyrUp(small, large, picture.size());
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      const float weight = known.at<float>(y, x);
      cv::Vec3f& value = picture.at<cv::Vec3f>(y, x);
      value = value * weight + large.at<cv::Vec3f>(y, x) * (1 - weight);
    }
  }
}

void Calm(cv::Mat& picture, const cv::Mat& known, double sigma_px) {
  cv::Mat weighted(picture.size(), CV_32FC3);
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x)
      weighted.at<cv::Vec3f>(y, x) = picture.at<cv::Vec3f>(y, x) * known.at<float>(y, x);
  }
  cv::Mat total;
  cv::GaussianBlur(weighted, weighted, cv::Size(), sigma_px);
  cv::GaussianBlur(known, total, cv::Size(), sigma_px);
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      if (known.at<float>(y, x) > 0) picture.at<cv::Vec3f>(y, x) = weighted.at<cv::Vec3f>(y, x) / total.at<float>(y, x);
    }
  }
}

}  // namespace shotfix::gaze
