// SPDX-License-Identifier: Apache-2.0
#include "passes/eyeline/eye_layers.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace shotfix::passes::eyeline {
namespace {

// Iris radii.
constexpr double kHalo = 0.2;    // around a reflection
constexpr double kInset = 0.15;  // from the lids: light is measured there
// Light.
constexpr double kAnchor = 12;  // px that say that it has not changed
constexpr float kMost = 0.2F;   // encoded: more difference is a lash or a corner

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
  MeasureIrisLight();
  MeasureWhiteLight();
}

void EyeLayers::FindGlints() {
  glints_ = gaze::GlintMask(d_.frame, radius() * scale_);
  // A reflection has a halo.
  const int halo = 2 * static_cast<int>(std::lround(std::max(1.0, kHalo * radius() * scale_))) + 1;
  cv::dilate(glints_, glints_, cv::getStructuringElement(cv::MORPH_ELLIPSE, cv::Size(halo, halo)));
  cv::GaussianBlur(glints_, glints_, cv::Size(), 0.3 * halo);
}

// An iris that leaves takes its shade and its blur with it: as much again as its rim is soft, and another over which
// that ends.
double EyeLayers::GoneFrom() const { return 1 + shape_.rim_softness; }

double EyeLayers::IrisShare(const gaze::IrisDisc& disc, cv::Point2d crop) const {
  const cv::Point2d at = disc(crop);
  const double half = shape_.rim_softness / 2;
  return 1 - std::clamp((std::hypot(at.x, at.y) - (1 - half)) / (2 * half), 0.0, 1.0);
}

double EyeLayers::GoneShare(cv::Point2d crop) const {
  const cv::Point2d at = before_(crop);
  return 1 - Ramp(std::hypot(at.x, at.y), GoneFrom(), GoneFrom() + shape_.rim_softness);
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

// Note [Lashes over the ball]: what darkens the white under a lid's edge is lashes, as dark as a pupil, which cover a
// share of it; the same share of an iris, which is hardly brighter than they are.
cv::Vec3f EyeLayers::UnderLashes(const cv::Vec3f& ball, cv::Point2d crop, const cv::Vec3f& left) const {
  constexpr float kLeast = 0.05F;
  const cv::Vec3f white = WhiteColour(crop);
  cv::Vec3f result;
  for (int c = 0; c < 3; ++c) {
    const float share = white[c] * (1 - left[c]) / std::max(kLeast, white[c] - darkest_[c]);
    result[c] = ball[c] + (darkest_[c] - ball[c]) * std::min(1.0F, share);
  }
  return result;
}

// Every place of the ball that neither lids nor reflections touch, with its distance from the iris' centre, in radii.
template <typename Visit>
void EyeLayers::ForEachSeen(Visit visit) const {
  for (int y = -d_.shot.crop_half_height; y <= d_.shot.crop_half_height; ++y) {
    for (int x = -d_.shot.crop_half_width; x <= d_.shot.crop_half_width; ++x) {
      const cv::Point2d crop(x, y);
      if (OpenAt(crop, kInset * radius()) < 1 || GlintAt(crop) > 0.25) continue;
      const cv::Point2d at = before_(crop);
      visit(crop, std::hypot(at.x, at.y));
    }
  }
}

void EyeLayers::MeasureIrisLight() {
  cv::Vec3d iris(0, 0, 0);
  double total = kAnchor;
  ForEachSeen([&](cv::Point2d crop, double rho) {
    if (rho >= 0.9) return;
    iris += FrameAt(crop) - IrisColour(before_, crop);
    ++total;
  });
  for (int c = 0; c < 3; ++c) iris_light_[c] = static_cast<float>(std::clamp<double>(iris[c] / total, -kMost, kMost));
  darkest_ = d_.pictures.darkest + iris_light_;
}

void EyeLayers::MeasureWhiteLight() {
  const cv::Size size(2 * d_.shot.crop_half_width + 1, 2 * d_.shot.crop_half_height + 1);
  white_light_ = cv::Mat::zeros(size, CV_32FC3);
  cv::Mat known = cv::Mat::zeros(size, CV_32FC1);
  int whites = 0;
  ForEachSeen([&](cv::Point2d crop, double rho) {
    if (rho <= GoneFrom() + shape_.rim_softness / 2) return;
    const cv::Point place(static_cast<int>(crop.x) + d_.shot.crop_half_width,
                          static_cast<int>(crop.y) + d_.shot.crop_half_height);
    const cv::Vec3f difference = FrameAt(crop) - d_.pictures.sclera.at<cv::Vec3f>(place);
    if (cv::norm(difference, cv::NORM_INF) > kMost) return;
    white_light_.at<cv::Vec3f>(place) = difference;
    known.at<float>(place) = 1;
    ++whites;
  });
  if (whites == 0) return;
  gaze::Calm(white_light_, known, std::max(1.0, 0.08 * radius()));
  gaze::Spread(white_light_, known);
  white_light_ *= whites / (whites + kAnchor);
}

}  // namespace shotfix::passes::eyeline
