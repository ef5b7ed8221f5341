// SPDX-License-Identifier: Apache-2.0
// Lids: where the edges of an open eye are, how far they are open in each frame, and what of the ball they leave.
#pragma once

#include <opencv2/core/mat.hpp>

#include <vector>

#include "gaze/picture.h"

namespace shotfix::gaze {

// How eye and skin of one actor in one shot differ in colour.
class EyeColours {
 public:
  // `eye` and `skin` CV_8UC1 of the size of the crops: not 0 where a pixel is surely one or the other.
  void Learn(const cv::Mat& crop, const cv::Mat& eye, const cv::Mat& skin);
  void Finish();
  // CV_32FC1: log of how much likelier eye is than skin, within +-3.
  cv::Mat LikelyEye(const cv::Mat& crop) const;

 private:
  static size_t BinOf(const cv::Vec3f& colour);
  std::vector<double> eye_, skin_;
  std::vector<float> ratio_;
};

// What people's eyes are like, log of how much likelier eye than skin: an ellipse of about five by two iris radii
// around the irises' usual place (crop px). Decides where colours do not.
cv::Mat UsualEye(CropSize size, cv::Point2d irises, double iris_px);
// The two curves that part eye from skin best, by dynamic programming over columns. Nothing where no eye is.
LidShape FindLids(const cv::Mat& likely_eye);

// Colours cannot tell the roots of lashes from an iris, so that curves lie on their outer side. Where the white begins
// says how far inside each lid's edge is: each column votes by how much brighter it gets there, in all frames in which
// no iris covers it, and a smooth line takes the most votes.
class WhiteEdges {
 public:
  WhiteEdges(const LidShape& curves, double iris_px);
  void Vote(const cv::Mat& luma, const LidState& state, cv::Point2d iris);
  LidShape Inside() const;

 private:
  std::vector<float> DepthOf(const cv::Mat& votes, const std::vector<int>& counts) const;

  LidShape curves_;
  double iris_px_;
  cv::Mat upper_, lower_;  // CV_32FC1: depth in half px by column
  std::vector<int> upper_count_, lower_count_;
};

struct LidEvidence {
  const cv::Mat& likely_eye;  // CV_32FC1, as EyeColours tells it
  const cv::Mat& luma;        // CV_32FC1
};
// How far they are open in one frame: what lies between them is likely eye, and skin darkens to lashes at the upper
// one.
LidState FitLids(const LidEvidence& evidence, const LidShape& curves, double iris_px);

// Lashes stay as deep when a lid closes: how far the curves inside them are open where those on their outer side are so
// as `state` says.
LidState InsideLashes(const LidState& state, const LidShape& curves, const LidShape& inside);

// CV_32FC1 of `size`: 1 where the ball is seen, edges `soft_px` wide, `inset_px` inside the lids.
cv::Mat OpenMask(const LidShape& curves, const LidState& state, CropSize size, double inset_px, double soft_px);

}  // namespace shotfix::gaze
