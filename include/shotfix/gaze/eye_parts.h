// SPDX-License-Identifier: Apache-2.0
// The parts of an eye in a crop, for those who fit and those who draw: the iris as a disc on a ball, the lids' edges,
// reflections.
#pragma once

#include <ATen/core/Tensor.h>

#include <opencv2/core/mat.hpp>

#include <vector>

#include "shotfix/gaze/geometry.h"

namespace shotfix::gaze {

// How an iris at `centre` is squeezed by the ball's turn.
struct IrisDisc {
  IrisDisc(const EyeBall& ball, cv::Point2d centre);
  cv::Point2d operator()(cv::Point2d crop) const;  // a place on the disc, in iris radii from its centre, upright
  cv::Point2d CropFrom(cv::Point2d disc) const;    // the way back

  cv::Point2d centre;
  double radius;
  cv::Point2d along;   // unit vector of the turn
  double squeeze = 1;  // cosine of the turn
};

// How far lids are open in one frame, between closed (0) and the shot's usual (1).
struct LidState {
  double open = 1;
  double lower = 0;  // crop px by which the lower lid is below its usual place
};

// The edges of an open eye's lids: y for each column of the crop (origin in its middle), NaN outside the corners.
class LidShape {
 public:
  LidShape() = default;
  LidShape(std::vector<float> upper, std::vector<float> lower);

  // At crop column u; NaN outside the corners.
  double Upper(const LidState& state, double u) const;
  double Lower(const LidState& state, double u) const;
  // Share of a lid's movement at column u: 0 at the corners, 1 where the eye is high.
  double Bulge(double u) const;

  const std::vector<float>& upper() const { return upper_; }
  const std::vector<float>& lower() const { return lower_; }

 private:
  std::vector<float> upper_;
  std::vector<float> lower_;
  double highest_ = 1;
};

// How much of the white's light the upper lid leaves, by its lashes and its shade, for each column of the crop (across)
// and each depth inside its edge (down, kLashStep iris radii a row, from kLashFrom on): CV_32FC3.
inline constexpr double kLashFrom = -0.15;  // iris radii; negative is outside the edge
inline constexpr double kLashStep = 0.05;
inline constexpr int kLashRows = 14;
// Bilinear; `depth` in iris radii. The first row goes on beyond; towards the last one a lid's shade ends.
cv::Vec3f LashAt(const cv::Mat& lashes, double u, double depth);

// CV_32FC1 in [0,1] of an RGB picture: reflections, which are bright, or brighter than what is around them.
cv::Mat GlintMask(const cv::Mat& rgb, double iris_px);

// Pushes what is known (CV_32FC1 in [0,1]) of a CV_32FC3 picture to coarser grids and pulls it back to where nothing is
// (Gortler et al. 1996): the unknown goes over smoothly between what is known on all its sides.
void Spread(cv::Mat& picture, const cv::Mat& known);
// A Gaussian of `sigma_px` over known pixels alone: of neighbours that come from different frames what lies between
// them is no vein.
void Calm(cv::Mat& picture, const cv::Mat& known, double sigma_px);

// Bilinear, clamped at the border; CV_32FC3 and CV_32FC1.
cv::Vec3f ColourAt(const cv::Mat& rgb, double x, double y);
float ValueAt(const cv::Mat& plane, double x, double y);
// CV_32FC(C) from [C,H,W], what is no number as 0; and back.
cv::Mat MatFromTensor(const at::Tensor& picture);
at::Tensor TensorFromMat(const cv::Mat& picture);

}  // namespace shotfix::gaze
