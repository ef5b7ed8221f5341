// SPDX-License-Identifier: Apache-2.0
#include "shotfix/gaze/sheet.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "gaze/picture.h"

namespace shotfix::gaze {
namespace {

const cv::Scalar kSure(0.2, 1, 0.3);
const cv::Scalar kCarried(0.6, 0.6, 0.6);
const cv::Scalar kLid(1, 0.9, 0.1);

// Positions of the crop in an enlargement, in 1/16 px as OpenCV's drawing wants them.
constexpr int kShift = 4;

cv::Mat DrawOver(const cv::Mat& large, const EyeState& state, const EyeShape& shape, CropSize size, double zoom) {
  cv::Mat drawn = large.clone();
  const auto at = [&](double u, double v) {
    const double x = (u + size.half_width + 0.5) * zoom - 0.5;
    const double y = (v + size.half_height + 0.5) * zoom - 0.5;
    return cv::Point(static_cast<int>(std::lround(x * (1 << kShift))),
                     static_cast<int>(std::lround(y * (1 << kShift))));
  };
  const LidShape lids(shape.upper, shape.lower);
  const LidState open{state.open, state.lower};
  for (int u = -size.half_width; u < size.half_width; ++u) {
    if (std::isnan(lids.Upper(open, u)) || std::isnan(lids.Upper(open, u + 1))) continue;
    cv::line(drawn, at(u, lids.Upper(open, u)), at(u + 1, lids.Upper(open, u + 1)), kLid, 1, cv::LINE_AA, kShift);
    cv::line(drawn, at(u, lids.Lower(open, u)), at(u + 1, lids.Lower(open, u + 1)), kLid, 1, cv::LINE_AA, kShift);
  }
  const IrisDisc disc(shape.ball, state.iris);
  const double angle = std::atan2(disc.along.y, disc.along.x) * 180 / CV_PI;
  const double radius = disc.radius * zoom * (1 << kShift);
  cv::ellipse(drawn, at(state.iris.x, state.iris.y),
              cv::Size(static_cast<int>(radius * disc.squeeze), static_cast<int>(radius)), angle, 0, 360,
              state.sure > 0.3 ? kSure : kCarried, 1, cv::LINE_AA, kShift);
  return drawn;
}

// The white and the iris that eyes are drawn from, in the place of two eyes.
cv::Mat PicturesOf(const ShotGaze& gaze, cv::Size each) {
  std::vector<cv::Mat> row;
  for (size_t eye = 0; eye < kEyes; ++eye) {
    cv::Mat white;
    cv::resize(MatFromTensor(gaze.sclera[eye]), white, each, 0, 0, cv::INTER_CUBIC);
    row.push_back(white);
    cv::Mat iris;
    const cv::Mat small = MatFromTensor(gaze.iris[eye].slice(0, 0, 3));
    cv::resize(small, iris, cv::Size(each.height, each.height), 0, 0, cv::INTER_CUBIC);
    cv::Mat padded = cv::Mat::zeros(each, CV_32FC3);
    iris.copyTo(padded(cv::Rect((each.width - each.height) / 2, 0, each.height, each.height)));
    cv::Mat known;
    cv::resize(MatFromTensor(gaze.iris[eye].slice(0, 3, 4)), known, cv::Size(each.height, each.height), 0, 0,
               cv::INTER_LINEAR);
    cv::Mat drawn = padded(cv::Rect((each.width - each.height) / 2, 0, each.height, each.height));
    for (int y = 0; y < drawn.rows; y += 4) {
      for (int x = 0; x < drawn.cols; x += 4) {
        if (known.at<float>(y, x) < 0.5F) drawn.at<cv::Vec3f>(y, x) = {1, 0, 0};
      }
    }
    const double radius = each.height / 2.0 / kIrisReach;
    cv::circle(drawn, cv::Point(each.height / 2, each.height / 2), static_cast<int>(radius), kSure, 1, cv::LINE_AA);
    row.push_back(padded);
  }
  cv::Mat both;
  cv::hconcat(row, both);
  return both;
}

}  // namespace

at::Tensor DrawSheet(const ShotGaze& gaze, image::ShotReader& shot, int64_t most) {
  constexpr int kWidth = 240;  // of one enlarged eye
  const CropSize size{gaze.crop_half_width, gaze.crop_half_height};
  const double zoom = std::max(1.0, static_cast<double>(kWidth) / size.width());
  const auto count = std::min<int64_t>(most, static_cast<int64_t>(gaze.frames.size()));
  std::vector<cv::Mat> rows;
  for (int64_t k = 0; k < count; ++k) {
    const int64_t frame = gaze.first_frame + (2 * k + 1) * static_cast<int64_t>(gaze.frames.size()) / (2 * count);
    const cv::Mat picture = MatFromTensor(shot.Analysis(frame));
    std::vector<cv::Mat> row;
    for (size_t eye = 0; eye < kEyes; ++eye) {
      const EyeState& state = gaze.At(frame).eyes[eye];
      cv::Mat large;
      cv::resize(CropOf(picture, state.frame_from_crop, size), large, cv::Size(), zoom, zoom, cv::INTER_CUBIC);
      row.push_back(large);
      row.push_back(DrawOver(large, state, gaze.shapes[eye], size, zoom));
    }
    rows.emplace_back();
    cv::hconcat(row, rows.back());
  }
  rows.push_back(PicturesOf(gaze, cv::Size(rows.front().cols / 4, rows.front().rows)));
  cv::Mat sheet;
  cv::vconcat(rows, sheet);
  return TensorFromMat(sheet).clamp(0, 1);
}

}  // namespace shotfix::gaze
