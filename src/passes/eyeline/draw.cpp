// SPDX-License-Identifier: Apache-2.0
#include "passes/eyeline/draw.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>

#include "passes/eyeline/eye_layers.h"

namespace shotfix::passes::eyeline {
namespace {

using gaze::IrisDisc;

// Iris radii.
constexpr double kLashDepth = 0.35;   // inside a lid's edge: what hangs over the ball moves with the lid
constexpr double kUnderLashes = 1.0;  // of an edge's width: so far the ball goes on under lashes, which dim it
constexpr double kSmallMove = 0.12;   // Note [Small turns]
constexpr double kLargeMove = 0.3;
constexpr double kStretchFrom = 0.95;
constexpr double kStretchTo = 1.5;
constexpr double kSkinReach = 1.3;  // outside: how far the skin of a lid goes along

class Painter {
 public:
  Painter(const EyeDrawing& drawing, cv::Point2d iris, double lids);
  cv::Mat Paint() const;

 private:
  double LidMoveAt(double u, double v, double upper_after) const;
  struct Depths {
    double upper = 0;  // crop px inside each lid's edge, where they will be
    double lower = 0;
  };
  cv::Vec3f Ball(cv::Point2d crop, cv::Point2d source, const Depths& depths) const;
  float Covered(cv::Point2d source, const cv::Vec3f& shade, const Depths& depths) const;
  bool InStretch(cv::Point2d crop) const {
    const cv::Point2d at = after_(crop);
    return small_turn_ > 0 && std::hypot(at.x, at.y) < kStretchTo;
  }
  cv::Vec3f Stretched(cv::Point2d crop, const cv::Vec3f& parts) const;
  void AddGlint(cv::Point2d crop, cv::Vec3f& ball) const;
  cv::Vec3f PixelAt(cv::Point2d crop, const cv::Vec3f& own) const;

  const EyeDrawing& d_;
  EyeLayers eye_;
  IrisDisc after_;
  double edge_px_;   // lids are as sharp as rims
  double lid_move_;  // crop px, down
  cv::Point2d glint_move_;
  double small_turn_;  // 1 where nothing has to be taken apart
};

// Note [Reflections]: a light's image in the cornea moves by about half of what the pupil moves, for the cornea's
// centre lies half way between the ball's and the pupil.
constexpr double kGlintTravel = 0.5;

Painter::Painter(const EyeDrawing& drawing, cv::Point2d iris, double lids)
    : d_(drawing),
      eye_(drawing),
      after_(drawing.shot.shapes[drawing.eye].ball, iris),
      edge_px_(std::max(1.0 / eye_.scale(), drawing.shot.shapes[drawing.eye].rim_softness * eye_.radius())),
      lid_move_((iris.y - drawing.state.iris.y) * drawing.shot.shapes[drawing.eye].upper_follows * lids *
                std::clamp(drawing.state.open, 0.0, 1.0)),
      glint_move_((iris - drawing.state.iris) * kGlintTravel),
      small_turn_(
          1 - Ramp(cv::norm(iris - drawing.state.iris) / (eye_.radius() * after_.squeeze), kSmallMove, kLargeMove)) {}

// By how much what is at v comes from above (+ when the lid goes down), crop px: the whole move at the lid's edge, less
// over the skin above it and over the lashes below it.
double Painter::LidMoveAt(double u, double v, double upper_after) const {
  const double whole = lid_move_ * eye_.lid().Bulge(u);
  const double over = upper_after - v;
  if (over >= 0) return whole * (1 - Ramp(over, 0, kSkinReach * eye_.radius()));
  return whole * (1 - Ramp(-over, 0, kLashDepth * eye_.radius() + 2 * std::abs(whole)));
}

// What is no ball at all, a lid or a corner, stays what it is.
float Painter::Covered(cv::Point2d source, const cv::Vec3f& shade, const Depths& depths) const {
  constexpr float kNoShade = 0.16F;  // encoded: more difference is no shade of a ball
  const double near = 1 - Ramp(std::min(depths.upper, depths.lower), 0.12 * eye_.radius(), kLashDepth * eye_.radius());
  if (near <= 0 || eye_.GlintAt(source) >= 0.25) return 0;
  const cv::Vec3f own = eye_.FrameAt(source);
  const cv::Vec3f model = eye_.UnderLashes(eye_.ModelBefore(source), source, shade);
  // A lid and a corner are redder than the ball. A lash is darker, but so is the rim of the iris that leaves.
  float most = (own[0] - own[2]) - (model[0] - model[2]);
  const auto white_before = static_cast<float>(1 - eye_.GoneShare(source));
  for (int c = 0; c < 3; ++c) most = std::max(most, (model[c] - own[c]) * white_before);
  return static_cast<float>(Ramp(most, kNoShade, 2 * kNoShade) * near);
}

// What of the ball is seen at `crop`; `source` is where the lid's part of it comes from.
cv::Vec3f Painter::Ball(cv::Point2d crop, cv::Point2d source, const Depths& depths) const {
  const auto gone = static_cast<float>(eye_.GoneShare(source));
  const auto iris_after = static_cast<float>(eye_.IrisShare(after_, crop));
  const cv::Vec3f own = eye_.FrameAt(source);
  // What the lid's lashes and shade leave of a white's light, as other frames show it.
  const cv::Vec3f shade = gaze::LashAt(d_.pictures.lashes, crop.x, depths.upper / eye_.radius());
  const float covered = Covered(source, shade, depths);
  cv::Vec3f white = eye_.WhiteColour(crop).mul(shade);
  if (gone < 1) white = white * gone + own * (1 - gone);
  if (iris_after <= 0) return Stretched(crop, white) * (1 - covered) + own * covered;
  // The iris' own pixels of this frame, wherever they are to be seen.
  const cv::Point2d from = eye_.before().CropFrom(eye_.WithinRim(after_(crop)));
  const auto seen =
      static_cast<float>(eye_.OpenAt(from, 0.18 * eye_.radius()) * (1 - std::min(1.0, eye_.GlintAt(from))));
  cv::Vec3f iris = eye_.UnderLashes(eye_.IrisColour(after_, crop), crop, shade);
  if (seen > 0) iris = iris * (1 - seen) + eye_.FrameAt(from) * seen;
  const cv::Vec3f parts = white * (1 - iris_after) + iris * iris_after;
  return Stretched(crop, parts) * (1 - covered) + own * covered;
}

// Note [Small turns]: what lies apart is not worth taking apart for a move of a pixel or two. The frame's own pixels
// are moved with the iris, less and less beside it, and the white is stretched by that; `parts` stands in where a lid
// or a reflection would come along.
cv::Vec3f Painter::Stretched(cv::Point2d crop, const cv::Vec3f& parts) const {
  if (small_turn_ <= 0) return parts;
  const cv::Point2d at = after_(crop);
  const cv::Point2d from =
      crop - (after_.centre - eye_.before().centre) * (1 - Ramp(std::hypot(at.x, at.y), kStretchFrom, kStretchTo));
  const auto own = static_cast<float>(small_turn_ * eye_.OpenAt(from, 0.18 * eye_.radius()) *
                                      (1 - std::min(1.0, eye_.GlintAt(from))));
  return own > 0 ? parts * (1 - own) + eye_.FrameAt(from) * own : parts;
}

void Painter::AddGlint(cv::Point2d crop, cv::Vec3f& ball) const {
  const cv::Point2d from = crop - glint_move_;
  const cv::Point2d disc = eye_.before()(from);
  const double cornea = (1 - Ramp(std::hypot(disc.x, disc.y), 0.8, 0.92)) * eye_.OpenAt(from, 0);
  if (cornea <= 0) return;
  const auto glint = static_cast<float>(eye_.GlintAt(from) * cornea);
  if (glint <= 0) return;
  const cv::Vec3f bright = eye_.FrameAt(from);
  for (int c = 0; c < 3; ++c) ball[c] += std::max(0.0F, bright[c] - ball[c]) * glint;
}

// `own` is what the frame has there.
cv::Vec3f Painter::PixelAt(cv::Point2d crop, const cv::Vec3f& own) const {
  const gaze::LidShape& lid = eye_.lid();
  const double upper_before = lid.Upper(eye_.lids(), crop.x);
  if (std::isnan(upper_before)) return own;
  const double upper = upper_before + lid_move_ * lid.Bulge(crop.x);
  const double lower = lid.Lower(eye_.lids(), crop.x);
  const double move = crop.y < lower ? LidMoveAt(crop.x, crop.y, upper) : 0;
  const cv::Point2d source(crop.x, crop.y - move);
  const cv::Vec3f skin = std::abs(move) > 1e-3 ? eye_.FrameAt(source) : own;
  const auto open =
      static_cast<float>(std::min(Ramp(crop.y - upper, -kUnderLashes * edge_px_, (1 - kUnderLashes) * edge_px_),
                                  Ramp(lower - crop.y, -0.35 * edge_px_, 0.65 * edge_px_)));
  if (open <= 0) return skin;
  if (eye_.GoneShare(source) <= 0 && eye_.IrisShare(after_, crop) <= 0 && !InStretch(crop)) return skin;
  cv::Vec3f ball = Ball(crop, source, {crop.y - upper, lower - crop.y});
  AddGlint(crop, ball);
  return skin * (1 - open) + ball * open;
}

cv::Mat Painter::Paint() const {
  const gaze::Affine crop_from_frame = eye_.frame_from_crop().Inverse();
  cv::Mat drawn = d_.frame.clone();
  for (int y = 0; y < drawn.rows; ++y) {
    for (int x = 0; x < drawn.cols; ++x) {
      cv::Vec3f& pixel = drawn.at<cv::Vec3f>(y, x);
      pixel = PixelAt(crop_from_frame(cv::Point2d(x, y)), pixel);
    }
  }
  return drawn;
}

// The colour than which one in twenty of a picture's pixels is darker.
cv::Vec3f DarkestOf(const cv::Mat& picture) {
  constexpr double kShare = 0.05;
  std::vector<std::pair<float, cv::Vec3f>> colours;
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      const cv::Vec3f& colour = picture.at<cv::Vec3f>(y, x);
      colours.emplace_back(colour[0] + colour[1] + colour[2], colour);
    }
  }
  const auto at = colours.begin() + static_cast<ptrdiff_t>(kShare * static_cast<double>(colours.size()));
  std::nth_element(colours.begin(), at, colours.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return at->second;
}

}  // namespace

EyePictures PicturesOf(const gaze::ShotGaze& shot, size_t eye) {
  EyePictures pictures{gaze::MatFromTensor(shot.sclera[eye]), gaze::MatFromTensor(shot.lashes[eye]),
                       gaze::MatFromTensor(shot.iris[eye].slice(0, 0, 3))};
  pictures.darkest = DarkestOf(pictures.iris);
  return pictures;
}

double DrawnShare(const EyeDrawing& drawing, cv::Point2d iris) {
  constexpr double kWholeMove = 0.6;  // crop px
  const cv::Point2d way = iris - drawing.state.iris;
  return Ramp(std::hypot(way.x, way.y), 0, kWholeMove);
}

cv::Mat DrawEye(const EyeDrawing& drawing, cv::Point2d iris, double lids) {
  const double share = DrawnShare(drawing, iris);
  if (share <= 0) return drawing.frame.clone();
  const cv::Mat drawn = Painter(drawing, iris, lids).Paint();
  if (share >= 1) return drawn;
  cv::Mat mixed;
  cv::addWeighted(drawing.frame, 1 - share, drawn, share, 0, mixed);
  return mixed;
}

}  // namespace shotfix::passes::eyeline
