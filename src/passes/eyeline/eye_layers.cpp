// SPDX-License-Identifier: Apache-2.0
#include "passes/eyeline/eye_layers.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace shotfix::passes::eyeline {
namespace {

// Iris radii.
constexpr double kShade = 0.07;      // beyond its rim a leaving iris takes its shade with it
constexpr double kGoneWidth = 0.17;  // over which that ends
constexpr double kHalo = 0.2;        // around a reflection
constexpr double kInset = 0.15;      // from the lids: light is measured there

}  // namespace

double Ramp(double value, double from, double to) {
  const double share = std::clamp((value - from) / (to - from), 0.0, 1.0);
  return share * share * (3 - 2 * share);
}

EyeLayers::EyeLayers(const EyeDrawing& drawing)
    : d_(drawing),
      shape_(drawing.shot.shapes[drawing.eye]),
      frame_from_crop_(drawing.state.frame_from_crop.Shifted(-cv::Point2d(drawing.origin))),
      scale_(frame_from_crop_.Scale()),
      before_(shape_.ball, drawing.state.iris),
      lid_(shape_.upper, shape_.lower),
      lids_{drawing.state.open, drawing.state.lower} {
  FindGlints();
  MeasureLight();
}

void EyeLayers::FindGlints() {
  glints_ = gaze::GlintMask(d_.frame, radius() * scale_);
  // A reflection has a halo.
  const int halo = 2 * static_cast<int>(std::lround(std::max(1.0, kHalo * radius() * scale_))) + 1;
  cv::dilate(glints_, glints_, cv::getStructuringElement(cv::MORPH_ELLIPSE, cv::Size(halo, halo)));
  cv::GaussianBlur(glints_, glints_, cv::Size(), 0.3 * halo);
}

double EyeLayers::GoneFrom() const { return 1 + shape_.rim_softness / 2 + kShade; }

double EyeLayers::IrisShare(const gaze::IrisDisc& disc, cv::Point2d crop) const {
  const cv::Point2d at = disc(crop);
  const double half = shape_.rim_softness / 2;
  return 1 - std::clamp((std::hypot(at.x, at.y) - (1 - half)) / (2 * half), 0.0, 1.0);
}

double EyeLayers::GoneShare(cv::Point2d crop) const {
  const cv::Point2d at = before_(crop);
  return 1 - Ramp(std::hypot(at.x, at.y), GoneFrom(), GoneFrom() + kGoneWidth);
}

cv::Point2d EyeLayers::WithinRim(cv::Point2d disc) const {
  const double rho = std::hypot(disc.x, disc.y);
  const double most = 1 - shape_.rim_softness / 2;
  return rho > most ? disc * (most / rho) : disc;
}

cv::Vec3f EyeLayers::FrameAt(cv::Point2d crop) const {
  const cv::Point2d at = frame_from_crop_(crop);
  return gaze::ColourAt(d_.frame, at.x, at.y);
}

double EyeLayers::GlintAt(cv::Point2d crop) const {
  const cv::Point2d at = frame_from_crop_(crop);
  return gaze::ValueAt(glints_, at.x, at.y);
}

double EyeLayers::OpenAt(cv::Point2d crop, double inset_px) const {
  const double upper = lid_.Upper(lids_, crop.x);
  if (std::isnan(upper)) return 0;
  return std::clamp(std::min(crop.y - upper, lid_.Lower(lids_, crop.x) - crop.y) - inset_px + 0.5, 0.0, 1.0);
}

cv::Vec3f EyeLayers::IrisColour(const gaze::IrisDisc& disc, cv::Point2d crop) const {
  const cv::Point2d at = WithinRim(disc(crop));
  const double middle = (d_.pictures.iris.cols - 1) / 2.0;
  const double per_radius = middle / gaze::kIrisReach;
  return gaze::ColourAt(d_.pictures.iris, middle + at.x * per_radius, middle + at.y * per_radius) + iris_light_;
}

cv::Vec3f EyeLayers::WhiteColour(cv::Point2d crop) const {
  const double x = crop.x + d_.shot.crop_half_width;
  const double y = crop.y + d_.shot.crop_half_height;
  return gaze::ColourAt(d_.pictures.sclera, x, y) + gaze::ColourAt(white_light_, x, y);
}

cv::Vec3f EyeLayers::ModelBefore(cv::Point2d crop) const {
  const auto share = static_cast<float>(IrisShare(before_, crop));
  if (share <= 0) return WhiteColour(crop);
  if (share >= 1) return IrisColour(before_, crop);
  return IrisColour(before_, crop) * share + WhiteColour(crop) * (1 - share);
}

void EyeLayers::MeasureLight() {
  constexpr double kAnchor = 12;  // px that say that the light has not changed
  constexpr float kMost = 0.2F;   // more difference is a lash or a corner
  const int half_w = d_.shot.crop_half_width;
  const int half_h = d_.shot.crop_half_height;
  const cv::Size size(2 * half_w + 1, 2 * half_h + 1);
  white_light_ = cv::Mat::zeros(size, CV_32FC3);
  cv::Mat known = cv::Mat::zeros(size, CV_32FC1);
  cv::Vec3d iris(0, 0, 0);
  double iris_total = kAnchor;
  int whites = 0;
  for (int y = -half_h; y <= half_h; ++y) {
    for (int x = -half_w; x <= half_w; ++x) {
      const cv::Point2d crop(x, y);
      if (OpenAt(crop, kInset * radius()) < 1 || GlintAt(crop) > 0.25) continue;
      const cv::Point2d at = before_(crop);
      const double rho = std::hypot(at.x, at.y);
      if (rho < 0.9) {
        iris += FrameAt(crop) - IrisColour(before_, crop);
        iris_total += 1;
      } else if (rho > GoneFrom() + 0.5 * kGoneWidth) {
        const cv::Vec3f difference = FrameAt(crop) - d_.pictures.sclera.at<cv::Vec3f>(y + half_h, x + half_w);
        if (cv::norm(difference, cv::NORM_INF) > kMost) continue;
        white_light_.at<cv::Vec3f>(y + half_h, x + half_w) = difference;
        known.at<float>(y + half_h, x + half_w) = 1;
        ++whites;
      }
    }
  }
  for (int c = 0; c < 3; ++c)
    iris_light_[c] = static_cast<float>(std::clamp<double>(iris[c] / iris_total, -kMost, kMost));
  if (whites == 0) return;
  gaze::Calm(white_light_, known, std::max(1.0, 0.08 * radius()));
  gaze::Spread(white_light_, known);
  white_light_ *= whites / (whites + kAnchor);
}

}  // namespace shotfix::passes::eyeline
