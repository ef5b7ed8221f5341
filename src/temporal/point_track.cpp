// SPDX-License-Identifier: Apache-2.0
#include "shotfix/temporal/point_track.h"

#include <opencv2/imgproc.hpp>
#include <opencv2/video/tracking.hpp>

namespace shotfix::temporal {

std::vector<cv::Point2f> ChoosePoints(const cv::Mat& luma, const cv::Mat& mask, int most, double least_distance_px) {
  constexpr double kLeastQuality = 0.004;  // of the best corner: skin has few strong ones
  std::vector<cv::Point2f> points;
  cv::goodFeaturesToTrack(luma, points, most, kLeastQuality, least_distance_px, mask);
  return points;
}

std::vector<FollowedPoint> FollowPoints(const cv::Mat& from, const cv::Mat& to, const std::vector<cv::Point2f>& points,
                                        const std::vector<cv::Point2f>& guesses, int window_px) {
  constexpr int kLevels = 3;
  constexpr float kRoundTripPx = 0.5F;
  std::vector<FollowedPoint> followed(points.size());
  if (points.empty()) return followed;
  const cv::TermCriteria enough(cv::TermCriteria::COUNT + cv::TermCriteria::EPS, 30, 0.01);
  const cv::Size window(window_px, window_px);
  std::vector<cv::Point2f> there = guesses;
  std::vector<cv::Point2f> back = points;
  std::vector<uchar> found;
  std::vector<uchar> returned;
  std::vector<float> errors;
  cv::calcOpticalFlowPyrLK(from, to, points, there, found, errors, window, kLevels, enough,
                           cv::OPTFLOW_USE_INITIAL_FLOW);
  cv::calcOpticalFlowPyrLK(to, from, there, back, returned, errors, window, kLevels, enough,
                           cv::OPTFLOW_USE_INITIAL_FLOW);
  for (size_t k = 0; k < points.size(); ++k) {
    const cv::Point2f miss = back[k] - points[k];
    followed[k] = {there[k], found[k] != 0 && returned[k] != 0 && std::hypot(miss.x, miss.y) < kRoundTripPx};
  }
  return followed;
}

}  // namespace shotfix::temporal
