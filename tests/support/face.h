// SPDX-License-Identifier: Apache-2.0
// A drawn face whose gaze is known: skin with texture, two almond eyes with whites, irises and lashes.
#pragma once

#include "support/synthetic.h"

#include "shotfix/gaze/geometry.h"

namespace shotfix::testing {

inline constexpr int64_t kFaceHeight = 200;
inline constexpr int64_t kFaceWidth = 300;
inline constexpr double kFaceIrisPx = 10;
inline constexpr double kFaceTravelPx = 19;

struct FaceFrameSpec {
  gaze::Direction gaze;
  double open = 1;    // 0 closed
  double shift = 0;   // of the head, px to the right
  bool away = false;  // nobody is there: a wall
};
// Where the iris of an eye is, px; 0 is picture left.
cv::Point2d FaceIris(const FaceFrameSpec& frame, size_t eye);
gaze::EyeBall FaceBall(const FaceFrameSpec& frame, size_t eye);
SyntheticShot MakeFaceShot(const std::vector<FaceFrameSpec>& frames);
// Twelve frames: three gazes, a head that drifts, closed on frame 6.
std::vector<FaceFrameSpec> UsualFace();
// `count` frames of as many gazes, up to 24 degrees aside.
std::vector<FaceFrameSpec> LookingAround(int count);

}  // namespace shotfix::testing
