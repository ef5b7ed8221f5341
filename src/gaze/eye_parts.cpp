// SPDX-License-Identifier: Apache-2.0
#include "shotfix/gaze/eye_parts.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>

#include "gaze/picture.h"

namespace shotfix::gaze {
namespace {

template <typename T>
T Bilinear(const cv::Mat& plane, double x, double y) {
  x = x > 0 ? std::min(x, plane.cols - 1.0) : 0;  // no number is the border too
  y = y > 0 ? std::min(y, plane.rows - 1.0) : 0;
  const int x0 = std::min(static_cast<int>(x), plane.cols - 1);
  const int y0 = std::min(static_cast<int>(y), plane.rows - 1);
  const int x1 = std::min(x0 + 1, plane.cols - 1);
  const int y1 = std::min(y0 + 1, plane.rows - 1);
  const auto fx = static_cast<float>(x - x0);
  const auto fy = static_cast<float>(y - y0);
  const T above = plane.at<T>(y0, x0) * (1 - fx) + plane.at<T>(y0, x1) * fx;
  const T below = plane.at<T>(y1, x0) * (1 - fx) + plane.at<T>(y1, x1) * fx;
  return above * (1 - fy) + below * fy;
}

// Of a curve at a place between columns; NaN where either neighbour is.
double Along(const std::vector<float>& curve, double u) {
  const double place = u + static_cast<double>(curve.size() - 1) / 2;
  if (!(place >= 0 && place <= static_cast<double>(curve.size() - 1))) return std::numeric_limits<double>::quiet_NaN();
  const auto k = std::min(static_cast<size_t>(place), curve.size() - 2);
  const double share = place - static_cast<double>(k);
  if (share == 0) return curve[k];
  return curve[k] * (1 - share) + curve[k + 1] * share;
}

}  // namespace

IrisDisc::IrisDisc(const EyeBall& ball, cv::Point2d at) : centre(at), radius(ball.radius_px), along(1, 0) {
  const cv::Point2d offset = at - ball.straight;
  const double length = std::hypot(offset.x, offset.y);
  if (length < 1e-6) return;
  along = offset / length;
  const double sine = std::min(0.87, length / ball.travel_px);
  squeeze = std::sqrt(1 - sine * sine);
}

cv::Point2d IrisDisc::operator()(cv::Point2d crop) const {
  const cv::Point2d offset = crop - centre;
  const double part = offset.dot(along);
  return (offset + along * (part / squeeze - part)) / radius;
}

cv::Point2d IrisDisc::CropFrom(cv::Point2d disc) const {
  const double part = disc.dot(along);
  return centre + (disc + along * (part * squeeze - part)) * radius;
}

LidShape::LidShape(std::vector<float> upper, std::vector<float> lower)
    : upper_(std::move(upper)), lower_(std::move(lower)), highest_(1e-6) {
  for (size_t k = 0; k < upper_.size(); ++k) {
    if (!std::isnan(upper_[k])) highest_ = std::max<double>(highest_, lower_[k] - upper_[k]);
  }
}

double LidShape::Bulge(double u) const {
  const double height = Along(lower_, u) - Along(upper_, u);
  return std::isnan(height) ? 0 : std::clamp(1.5 * height / highest_, 0.0, 1.0);
}

double LidShape::Lower(const LidState& state, double u) const { return Along(lower_, u) + state.lower * Bulge(u); }

double LidShape::Upper(const LidState& state, double u) const {
  return Lower(state, u) + state.open * (Along(upper_, u) - Along(lower_, u));
}

cv::Vec3f LashAt(const cv::Mat& lashes, double u, double depth) {
  constexpr double kFade = 0.15;  // iris radii
  const cv::Vec3f left = ColourAt(lashes, u + (lashes.cols - 1) / 2.0, (depth - kLashFrom) / kLashStep);
  const double beyond = depth - (kLashFrom + (kLashRows - 1 - 3) * kLashStep);
  const auto share = static_cast<float>(std::clamp(1 - beyond / kFade, 0.0, 1.0));
  return cv::Vec3f::all(1 - share) + left * share;
}

cv::Mat GlintMask(const cv::Mat& crop, double iris_px) {
  constexpr float kAbove = 0.14F;
  constexpr float kBright = 1.0F;  // a white in full light is as bright as many a reflection
  constexpr float kSoft = 0.1F;
  const cv::Mat luma = LumaOf(crop);
  const int reach = std::max(3, static_cast<int>(iris_px * 0.4) | 1);
  cv::Mat opened;
  cv::morphologyEx(luma, opened, cv::MORPH_OPEN, cv::getStructuringElement(cv::MORPH_ELLIPSE, cv::Size(reach, reach)));
  cv::Mat mask(crop.size(), CV_32FC1);
  for (int y = 0; y < crop.rows; ++y) {
    for (int x = 0; x < crop.cols; ++x) {
      const float value = luma.at<float>(y, x);
      const float above = std::max(value - kBright, value - opened.at<float>(y, x) - kAbove);
      mask.at<float>(y, x) = std::clamp(above / kSoft + 0.5F, 0.0F, 1.0F);
    }
  }
  return mask;
}

cv::Mat MatFromTensor(const at::Tensor& picture) {
  const at::Tensor numbers = at::nan_to_num(picture.to(at::kCPU, at::kFloat), 0.0, 1.0, 0.0);
  const at::Tensor interleaved = numbers.permute({1, 2, 0}).contiguous();
  return cv::Mat(static_cast<int>(interleaved.size(0)), static_cast<int>(interleaved.size(1)),
                 CV_32FC(static_cast<int>(interleaved.size(2))), interleaved.data_ptr())
      .clone();
}

at::Tensor TensorFromMat(const cv::Mat& picture) {
  CV_Assert(picture.depth() == CV_32F && picture.isContinuous());
  return at::from_blob(const_cast<uchar*>(picture.data), {picture.rows, picture.cols, picture.channels()}, at::kFloat)
      .permute({2, 0, 1})
      .contiguous()
      .clone();
}

cv::Vec3f ColourAt(const cv::Mat& rgb, double x, double y) { return Bilinear<cv::Vec3f>(rgb, x, y); }
float ValueAt(const cv::Mat& plane, double x, double y) { return Bilinear<float>(plane, x, y); }

}  // namespace shotfix::gaze
