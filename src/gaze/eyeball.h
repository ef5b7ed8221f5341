// SPDX-License-Identifier: Apache-2.0
// How large an eyeball is beside its iris, from how narrow the iris gets where it looks aside.
#pragma once

#include <opencv2/core/mat.hpp>

#include <optional>
#include <vector>

#include "shotfix/gaze/geometry.h"

namespace shotfix::gaze {

// Note [Eyeball from the shot]: a disc on a ball is as high as it ever was when it looks aside, but narrower: by
// sqrt(1 - (x / travel)^2). On a small ball it gets narrower sooner. Widths of irises in many frames, beside what
// people's eyes are, tell the travel where gazes differ by some twenty degrees; where they do not, the answer is the
// mean eye's.
struct IrisWidth {
  double x = 0;      // iris radii from the middle of the crop
  double width = 1;  // half of it, iris radii
};

// From edges left and right of an iris on rows where lids hide neither (`open` CV_32FC1); nothing on too few rows.
std::optional<IrisWidth> WidthOf(const cv::Mat& luma, const cv::Mat& open, cv::Point2d iris, double radius_px);

// Travel in iris radii, 1.3 to 3.2, the most likely one: one for both eyes, each with a middle of its own.
double TravelFromWidths(const PerEye<std::vector<IrisWidth>>& seen);

}  // namespace shotfix::gaze
