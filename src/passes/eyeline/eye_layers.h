// SPDX-License-Identifier: Apache-2.0
// What an eye of one frame is made of: the white, the iris before and after, reflections, each in this frame's light.
#pragma once

#include "passes/eyeline/draw.h"
#include "shotfix/gaze/eye_parts.h"

namespace shotfix::passes::eyeline {

// 0 up to `from`, 1 from `to` on, smooth between.
double Ramp(double value, double from, double to);

// Note [Layers of an eye]: an iris' rim is a mixture of iris and white over a width of its own, which is the lens' and
// the focus'. What moves is unmixed: the iris goes on beyond its rim in the colour that it has just inside, and covers
// the white by a ramp of that width.
//
// Note [Light of the frame]: the gathered pictures are of the whole shot; what this frame is brighter or darker by is
// added to them. For the iris that is one offset. The white is large and round, and where an iris leaves, its edge
// would show at the slightest difference: there it is the difference itself, which every white pixel of the frame
// tells, carried on to where the iris was.
//
// Places are crop px; colours are perceptual.
class EyeLayers {
 public:
  explicit EyeLayers(const EyeDrawing& drawing);

  cv::Vec3f FrameAt(cv::Point2d crop) const;
  double GlintAt(cv::Point2d crop) const;  // 0 to 1, with its halo
  // 0 outside the lids, as they are in this frame, 1 from `inset_px` inside them on.
  double OpenAt(cv::Point2d crop, double inset_px) const;
  double IrisShare(const gaze::IrisDisc& disc, cv::Point2d crop) const;  // how much of a place an iris covers
  double GoneShare(cv::Point2d crop) const;       // how much of a place has to go with the iris that leaves
  cv::Point2d WithinRim(cv::Point2d disc) const;  // the nearest place of the disc that is iris alone
  cv::Vec3f IrisColour(const gaze::IrisDisc& disc, cv::Point2d crop) const;
  cv::Vec3f WhiteColour(cv::Point2d crop) const;
  cv::Vec3f ModelBefore(cv::Point2d crop) const;  // the ball with its iris where it is
  // What is seen of a ball of that colour where lashes leave `left` of a white.
  cv::Vec3f UnderLashes(const cv::Vec3f& ball, cv::Point2d crop, const cv::Vec3f& left) const;

  const gaze::IrisDisc& before() const { return before_; }
  const gaze::LidShape& lid() const { return lid_; }
  const gaze::LidState& lids() const { return lids_; }
  const gaze::Affine& frame_from_crop() const { return frame_from_crop_; }  // px of the part
  double scale() const { return scale_; }                                   // px of the frame per crop px
  double radius() const { return shape_.ball.radius_px; }

 private:
  void FindGlints();
  void MeasureIrisLight();
  void MeasureWhiteLight();
  template <typename Visit>
  void ForEachSeen(Visit visit) const;
  double GoneFrom() const;

  const EyeDrawing& d_;
  const gaze::EyeShape& shape_;
  gaze::Affine frame_from_crop_;
  double scale_;
  gaze::IrisDisc before_;
  gaze::LidShape lid_;
  gaze::LidState lids_;
  cv::Mat glints_;  // of the part
  cv::Vec3f iris_light_{0, 0, 0};
  cv::Mat white_light_;  // CV_32FC3, crop px
  cv::Vec3f darkest_{0, 0, 0};
};

}  // namespace shotfix::passes::eyeline
