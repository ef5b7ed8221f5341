// SPDX-License-Identifier: Apache-2.0
// Irises in crops of eyes: found by their rim, then placed by their own picture.
#pragma once

#include <opencv2/core/mat.hpp>

#include "gaze/picture.h"
#include "shotfix/gaze/eye_parts.h"

namespace shotfix::gaze {

struct IrisFinding {
  cv::Point2d centre;   // crop px, origin in the middle of the crop
  double radius = 0;    // px
  double contrast = 0;  // rim: how much brighter outside than inside, encoded values
};

struct IrisSearch {
  cv::Point2d around;  // crop px
  double reach_x = 0;  // px on each side
  double reach_y = 0;
  double least_radius = 0;  // px
  double most_radius = 0;
  double usual_radius = 0;  // people's irises differ little: others must show it by their rim; 0: any is as good
};
// The circle with the strongest dark-to-bright rim (Daugman's integro-differential operator). `luma` CV_32FC1.
IrisFinding FindIris(const cv::Mat& luma, const IrisSearch& search);

// What an iris and the white around it look like, for placing it to a fraction of a pixel.
struct IrisPicture {
  cv::Mat rgb;    // CV_32FC3, n x n, kIrisReach radii around the centre
  cv::Mat known;  // CV_32FC1 in [0,1]
};

// `open` CV_32FC1 crop: 1 where the ball is seen. Starts at `from`, moves at most `reach_px`.
struct IrisPlacing {
  const cv::Mat& crop;  // CV_32FC3
  const cv::Mat& open;
  const EyeBall& ball;
  const IrisPicture& picture;
};
// The circle through the rim of a gathered picture, in iris radii of the picture: where its middle is and how large it
// is. Single frames know it less: lids hide much of each, and not the same.
struct IrisRim {
  cv::Point2d middle;
  double radius = 1;
  double softness = 0.15;  // how wide the way from iris to white is
};
IrisRim FitRim(const IrisPicture& picture);

// Encoded: how much brighter the white around the iris is than the iris.
double ContrastOf(const IrisPicture& picture);

struct PlacedIris {
  cv::Point2d centre;
  double misfit = 1;      // mean absolute difference where it is seen, what is not seen counted as middling
  double difference = 1;  // where it is seen alone
  double seen = 0;        // share of the disc that is
  double score = 1;       // what places are compared by: misfit, and how little of the rim is there
};
// Steps down to the least score near `from`.
PlacedIris PlaceIris(const IrisPlacing& placing, cv::Point2d from, double reach_px);

}  // namespace shotfix::gaze
