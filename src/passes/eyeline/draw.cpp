// SPDX-License-Identifier: Apache-2.0
#include "passes/eyeline/draw.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "shotfix/gaze/eye_parts.h"

namespace shotfix::passes::eyeline {
namespace {

using gaze::IrisDisc;
using gaze::LidState;

// Iris radii.
constexpr double kShade = 0.07;       // beyond its rim a leaving iris takes its shade with it
constexpr double kGoneWidth = 0.17;   // over which that ends
constexpr double kHalo = 0.2;         // around a reflection
constexpr double kLashDepth = 0.35;   // inside a lid's edge: what hangs over the ball moves with the lid
constexpr double kUnderLashes = 1.0;  // of an edge's width: so far the ball goes on under lashes, which dim it
constexpr double kSkinReach = 1.3;    // outside: how far the skin of a lid goes along

double Ramp(double value, double from, double to) {
  const double share = std::clamp((value - from) / (to - from), 0.0, 1.0);
  return share * share * (3 - 2 * share);
}

// Note [Layers of an eye]: an iris' rim is a mixture of iris and white over a width of its own, which is the lens' and
// the focus'. What moves is unmixed: the iris goes on beyond its rim in the colour that it has just inside, and covers
// the white by a ramp of that width.
class Painter {
 public:
  Painter(const EyeDrawing& drawing, cv::Point2d iris, double lids);
  cv::Mat Paint();

 private:
  struct Offsets {
    cv::Vec3f iris{0, 0, 0};
    cv::Matx33d white = cv::Matx33d::zeros();  // colour from 1, across and down
  };
  double IrisShare(const IrisDisc& disc, cv::Point2d crop) const;
  double GoneShare(const IrisDisc& disc, cv::Point2d crop) const;
  double GoneFrom() const { return 1 + shape_.rim_softness / 2 + kShade; }
  cv::Point2d WithinRim(cv::Point2d disc) const;
  cv::Vec3f FrameAt(cv::Point2d crop) const;
  cv::Vec3f IrisColour(const IrisDisc& disc, cv::Point2d crop) const;
  cv::Vec3f WhiteColour(cv::Point2d crop) const;
  cv::Vec3f Model(const IrisDisc& disc, cv::Point2d crop) const;
  double OpenBefore(cv::Point2d crop, double inset_px) const;
  void MeasureOffsets();
  cv::Vec3d LeanRow(cv::Point2d crop) const;
  double GlintAt(cv::Point2d crop) const;
  double LidMoveAt(double u, double v, double upper_after) const;
  struct Depths {
    double upper = 0;  // crop px inside each lid's edge, where they will be
    double lower = 0;
  };
  cv::Vec3f Colour(cv::Point2d crop, cv::Point2d source, const Depths& depths) const;

  const EyeDrawing& d_;
  const gaze::EyeShape& shape_;
  gaze::Affine frame_from_crop_;  // px of the part
  IrisDisc before_;
  IrisDisc after_;
  double radius_;
  double scale_;  // px of the frame per crop px
  gaze::LidShape lid_;
  LidState lids_;
  double lid_move_;  // crop px, down
  cv::Mat glints_;   // of the part
  Offsets offsets_;
};

Painter::Painter(const EyeDrawing& drawing, cv::Point2d iris, double lids)
    : d_(drawing),
      shape_(drawing.shot.shapes[drawing.eye]),
      frame_from_crop_(drawing.state.frame_from_crop),
      before_(shape_.ball, drawing.state.iris),
      after_(shape_.ball, iris),
      radius_(shape_.ball.radius_px),
      scale_(frame_from_crop_.Scale()),
      lid_(shape_.upper, shape_.lower),
      lids_{drawing.state.open, drawing.state.lower},
      lid_move_((iris.y - drawing.state.iris.y) * shape_.upper_follows * lids *
                std::clamp(drawing.state.open, 0.0, 1.0)),
      glints_(gaze::GlintMask(drawing.frame, radius_ * scale_)) {
  frame_from_crop_.x0 -= drawing.origin.x;
  frame_from_crop_.y0 -= drawing.origin.y;
  // A reflection has a halo.
  const int halo = 2 * static_cast<int>(std::lround(std::max(1.0, kHalo * radius_ * scale_))) + 1;
  cv::dilate(glints_, glints_, cv::getStructuringElement(cv::MORPH_ELLIPSE, cv::Size(halo, halo)));
  cv::GaussianBlur(glints_, glints_, cv::Size(), 0.3 * halo);
}

// How much of a place is covered by the iris.
double Painter::IrisShare(const IrisDisc& disc, cv::Point2d crop) const {
  const cv::Point2d at = disc(crop);
  const double half = shape_.rim_softness / 2;
  return 1 - std::clamp((std::hypot(at.x, at.y) - (1 - half)) / (2 * half), 0.0, 1.0);
}

// How much of a place has to go with an iris that leaves.
double Painter::GoneShare(const IrisDisc& disc, cv::Point2d crop) const {
  const cv::Point2d at = disc(crop);
  return 1 - Ramp(std::hypot(at.x, at.y), GoneFrom(), GoneFrom() + kGoneWidth);
}

// The nearest place of the disc that is iris alone.
cv::Point2d Painter::WithinRim(cv::Point2d disc) const {
  const double rho = std::hypot(disc.x, disc.y);
  const double most = 1 - shape_.rim_softness / 2;
  return rho > most ? disc * (most / rho) : disc;
}

cv::Vec3f Painter::FrameAt(cv::Point2d crop) const {
  const cv::Point2d at = frame_from_crop_(crop);
  return gaze::ColourAt(d_.frame, at.x, at.y);
}

double Painter::GlintAt(cv::Point2d crop) const {
  const cv::Point2d at = frame_from_crop_(crop);
  return gaze::ValueAt(glints_, at.x, at.y);
}

cv::Vec3f Painter::IrisColour(const IrisDisc& disc, cv::Point2d crop) const {
  const cv::Point2d at = WithinRim(disc(crop));
  const double middle = (d_.pictures.iris.cols - 1) / 2.0;
  const double per_radius = middle / gaze::kIrisReach;
  return gaze::ColourAt(d_.pictures.iris, middle + at.x * per_radius, middle + at.y * per_radius) + offsets_.iris;
}

cv::Vec3f Painter::WhiteColour(cv::Point2d crop) const {
  const cv::Vec3d offset = offsets_.white.t() * LeanRow(crop);
  return gaze::ColourAt(d_.pictures.sclera, crop.x + d_.shot.crop_half_width, crop.y + d_.shot.crop_half_height) +
         cv::Vec3f(offset);
}

cv::Vec3f Painter::Model(const IrisDisc& disc, cv::Point2d crop) const {
  const auto share = static_cast<float>(IrisShare(disc, crop));
  if (share <= 0) return WhiteColour(crop);
  if (share >= 1) return IrisColour(disc, crop);
  return IrisColour(disc, crop) * share + WhiteColour(crop) * (1 - share);
}

double Painter::OpenBefore(cv::Point2d crop, double inset_px) const {
  const double upper = lid_.Upper(lids_, crop.x);
  if (std::isnan(upper)) return 0;
  return std::clamp(std::min(crop.y - upper, lid_.Lower(lids_, crop.x) - crop.y) - inset_px + 0.5, 0.0, 1.0);
}

// The light of this frame beside that of the gathered pictures: one offset for the iris, one that leans for the white,
// which is large and round.
void Painter::MeasureOffsets() {
  constexpr double kInset = 0.15;  // iris radii
  constexpr double kAnchor = 12;   // px that say that the light has not changed
  constexpr double kFlat = 40;     // px that say that the white's offset does not lean
  constexpr float kMost = 0.2F;
  cv::Vec3d iris(0, 0, 0);
  double iris_total = kAnchor;
  cv::Matx33d normal = cv::Matx33d::diag({kAnchor, kFlat, kFlat});
  cv::Matx33d right = cv::Matx33d::zeros();
  const int half_w = d_.shot.crop_half_width;
  const int half_h = d_.shot.crop_half_height;
  for (int y = -half_h; y <= half_h; ++y) {
    for (int x = -half_w; x <= half_w; ++x) {
      const cv::Point2d crop(x, y);
      if (OpenBefore(crop, kInset * radius_) < 1 || GlintAt(crop) > 0.25) continue;
      const cv::Point2d at = before_(crop);
      const double rho = std::hypot(at.x, at.y);
      if (rho < 0.9) {
        iris += FrameAt(crop) - IrisColour(before_, crop);
        iris_total += 1;
      } else if (rho > GoneFrom() + kGoneWidth) {
        const cv::Vec3d difference = FrameAt(crop) - WhiteColour(crop);
        if (cv::norm(difference, cv::NORM_INF) > kMost) continue;  // a lash, a corner
        const cv::Vec3d row = LeanRow(crop);
        normal += row * row.t();
        right += row * difference.t();
      }
    }
  }
  offsets_.iris = iris / iris_total;
  for (int c = 0; c < 3; ++c) offsets_.iris[c] = std::clamp(offsets_.iris[c], -kMost, kMost);
  offsets_.white = normal.solve(right, cv::DECOMP_CHOLESKY);
}

cv::Vec3d Painter::LeanRow(cv::Point2d crop) const {
  return {1, (crop.x - shape_.ball.straight.x) / (2 * radius_), (crop.y - shape_.ball.straight.y) / (2 * radius_)};
}

// By how much what is at v comes from above (+ when the lid goes down), crop px: the whole move at the lid's edge, less
// over the skin above it and over the lashes below it.
double Painter::LidMoveAt(double u, double v, double upper_after) const {
  const double whole = lid_move_ * lid_.Bulge(u);
  const double over = upper_after - v;
  if (over >= 0) return whole * (1 - Ramp(over, 0, kSkinReach * radius_));
  return whole * (1 - Ramp(-over, 0, kLashDepth * radius_ + 2 * std::abs(whole)));
}

// What of the ball is seen at `crop`; `source` is where the lid's part of it comes from.
cv::Vec3f Painter::Colour(cv::Point2d crop, cv::Point2d source, const Depths& depths) const {
  const double iris_before = GoneShare(before_, source);
  constexpr float kNoShade = 0.16F;  // encoded: more difference is no shade of a ball
  const auto iris_after = static_cast<float>(IrisShare(after_, crop));
  const cv::Vec3f own = FrameAt(source);
  if (iris_before <= 0 && iris_after <= 0) return own;
  // What the lid's lashes and shade leave of the light, as other frames show it: over an iris a lash hardly shows.
  const cv::Vec3f shade = gaze::LashAt(d_.pictures.lashes, crop.x, depths.upper / radius_);
  // What is no ball at all, a lid or a corner, stays what it is.
  const double near = 1 - Ramp(std::min(depths.upper, depths.lower), 0.12 * radius_, kLashDepth * radius_);
  float covered = 0;
  if (near > 0 && GlintAt(source) < 0.25) {
    const cv::Vec3f model = Model(before_, source).mul(shade);
    // A lid and a corner are redder than the ball. A lash is darker, but so is the rim of the iris that leaves.
    float most = (own[0] - own[2]) - (model[0] - model[2]);
    const auto white_before = static_cast<float>(1 - iris_before);
    for (int c = 0; c < 3; ++c) most = std::max(most, (model[c] - own[c]) * white_before);
    covered = static_cast<float>(Ramp(most, kNoShade, 2 * kNoShade) * near);
  }
  cv::Vec3f white = WhiteColour(crop).mul(shade);
  if (iris_before < 1) white = white * static_cast<float>(iris_before) + own * static_cast<float>(1 - iris_before);
  if (iris_after <= 0) return white * (1 - covered) + own * covered;
  // The iris' own pixels of this frame, wherever they are to be seen.
  const cv::Point2d from = before_.CropFrom(WithinRim(after_(crop)));
  const auto seen = static_cast<float>(OpenBefore(from, 0.18 * radius_) * (1 - std::min(1.0, GlintAt(from))));
  cv::Vec3f iris = IrisColour(after_, crop).mul(shade);
  if (seen > 0) iris = iris * (1 - seen) + FrameAt(from) * seen;
  return (white * (1 - iris_after) + iris * iris_after) * (1 - covered) + own * covered;
}

cv::Mat Painter::Paint() {
  // Note [Reflections]: a light's image in the cornea moves by about half of what the pupil moves, for the cornea's
  // centre lies half way between the ball's and the pupil.
  constexpr double kGlintTravel = 0.5;
  MeasureOffsets();
  const gaze::Affine crop_from_frame = frame_from_crop_.Inverse();
  const cv::Point2d glint_move = (after_.centre - before_.centre) * kGlintTravel;
  cv::Mat drawn = d_.frame.clone();
  for (int y = 0; y < drawn.rows; ++y) {
    for (int x = 0; x < drawn.cols; ++x) {
      const cv::Point2d crop = crop_from_frame(cv::Point2d(x, y));
      const double upper_before = lid_.Upper(lids_, crop.x);
      if (std::isnan(upper_before)) continue;
      const double upper = upper_before + lid_move_ * lid_.Bulge(crop.x);
      const double lower = lid_.Lower(lids_, crop.x);
      const double move = crop.y < lower ? LidMoveAt(crop.x, crop.y, upper) : 0;
      const cv::Point2d source(crop.x, crop.y - move);
      const double edge_px = std::max(1.0 / scale_, shape_.rim_softness * radius_);  // lids are as sharp as rims
      const auto open =
          static_cast<float>(std::min(Ramp(crop.y - upper, -kUnderLashes * edge_px, (1 - kUnderLashes) * edge_px),
                                      Ramp(lower - crop.y, -0.35 * edge_px, 0.65 * edge_px)));
      cv::Vec3f& pixel = drawn.at<cv::Vec3f>(y, x);
      const cv::Vec3f skin = std::abs(move) > 1e-3 ? FrameAt(source) : pixel;
      if (open <= 0) {
        pixel = skin;
        continue;
      }
      const bool touched = GoneShare(before_, source) > 0 || IrisShare(after_, crop) > 0;
      if (!touched) {
        pixel = skin;
        continue;
      }
      cv::Vec3f ball = Colour(crop, source, {crop.y - upper, lower - crop.y});
      const cv::Point2d glint_from = crop - glint_move;
      const double cornea = 1 - Ramp(std::hypot(before_(glint_from).x, before_(glint_from).y), 0.8, 0.92);
      if (cornea > 0 && OpenBefore(glint_from, 0) > 0) {
        const double glint = GlintAt(glint_from) * cornea * OpenBefore(glint_from, 0);
        if (glint > 0) {
          const cv::Vec3f bright = FrameAt(glint_from);
          for (int c = 0; c < 3; ++c) ball[c] += std::max(0.0F, bright[c] - ball[c]) * static_cast<float>(glint);
        }
      }
      pixel = skin * (1 - open) + ball * open;
    }
  }
  return drawn;
}

}  // namespace

cv::Mat DrawEye(const EyeDrawing& drawing, cv::Point2d iris, double lids) {
  // An ease begins with hardly a turn: what is drawn comes in with it, or the first frame would show that it is drawn.
  constexpr double kWholeMove = 0.6;  // crop px
  const cv::Point2d way = iris - drawing.state.iris;
  const double share = Ramp(std::hypot(way.x, way.y), 0, kWholeMove);
  if (share <= 0) return drawing.frame.clone();
  const cv::Mat drawn = Painter(drawing, iris, lids).Paint();
  if (share >= 1) return drawn;
  cv::Mat mixed;
  cv::addWeighted(drawing.frame, 1 - share, drawn, share, 0, mixed);
  return mixed;
}

}  // namespace shotfix::passes::eyeline
