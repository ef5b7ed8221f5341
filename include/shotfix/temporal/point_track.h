// SPDX-License-Identifier: Apache-2.0
// Single points followed from picture to picture: what a head's pose is fitted to.
#pragma once

#include <opencv2/core/mat.hpp>

#include <vector>

namespace shotfix::temporal {

// Up to `most` corners (Shi & Tomasi 1994) of `luma` CV_8UC1 where `mask` CV_8UC1 is not 0, in px, pixel centres at
// whole numbers.
std::vector<cv::Point2f> ChoosePoints(const cv::Mat& luma, const cv::Mat& mask, int most, double least_distance_px);

struct FollowedPoint {
  cv::Point2f place;
  bool found = false;  // and back again to where it came from, within half a pixel
};
// Where points of `from` are in `to`, both CV_8UC1: pyramidal Lucas-Kanade from the guesses on, windows of `window_px`.
std::vector<FollowedPoint> FollowPoints(const cv::Mat& from, const cv::Mat& to, const std::vector<cv::Point2f>& points,
                                        const std::vector<cv::Point2f>& guesses, int window_px);

}  // namespace shotfix::temporal
