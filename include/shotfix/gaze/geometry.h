// SPDX-License-Identifier: Apache-2.0
// Eyes as balls in a head: where an iris is for a gaze, and the gaze for an iris.
#pragma once

#include <opencv2/core/mat.hpp>

#include <array>
#include <string>

namespace shotfix::gaze {

// Where an eye looks: yaw + is towards picture right, pitch + is up; 0,0 is straight ahead (of the head) or into the
// lens (of the camera), as the place that uses it says.
struct Direction {
  double yaw_deg = 0;
  double pitch_deg = 0;
};
inline Direction operator+(Direction a, Direction b) { return {a.yaw_deg + b.yaw_deg, a.pitch_deg + b.pitch_deg}; }
inline Direction operator-(Direction a, Direction b) { return {a.yaw_deg - b.yaw_deg, a.pitch_deg - b.pitch_deg}; }
inline Direction operator*(Direction a, double share) { return {a.yaw_deg * share, a.pitch_deg * share}; }
// The angle between two gazes.
double DegreesBetween(Direction a, Direction b);
// "YAW,PITCH" in degrees, each -90 to 90. Throws kUsage and says the form.
Direction ParseDirection(const std::string& text);

// Eyes in the order of the picture, not of the head: 0 is the one at picture left.
inline constexpr size_t kEyes = 2;
template <typename T>
using PerEye = std::array<T, kEyes>;

// Note [Eyeballs]: an iris is a disc that rides on a ball at `travel` px from its centre, seen from so far away that
// rays are parallel: its centre is straight + travel * (sin yaw cos pitch, -sin pitch). The mean human eye has
// travel / radius = 10.45 / 5.9 mm (a ball of 12 mm); actors differ, and an error of 20 % there is an error of 2
// degrees in a change of 10.
struct EyeBall {
  cv::Point2d straight;  // px: the iris' centre when the eye looks straight ahead
  double travel_px = 0;  // from the ball's centre to the iris' disc
  double radius_px = 0;  // of the iris (the limbus, not the pupil)
};
inline constexpr double kMeanTravel = 10.45 / 5.9;  // in iris radii

cv::Point2d IrisAt(const EyeBall& ball, Direction gaze);
// Clamped to 60 degrees.
Direction GazeAt(const EyeBall& ball, cv::Point2d iris);

// A linear map with a shift, b_from_a.
struct Affine {
  double xx = 1, xy = 0, x0 = 0;  // x' = xx x + xy y + x0
  double yx = 0, yy = 1, y0 = 0;
  cv::Point2d operator()(cv::Point2d p) const { return {xx * p.x + xy * p.y + x0, yx * p.x + yy * p.y + y0}; }
  Affine Inverse() const;
  // The same after a step: p -> this(p + shift).
  Affine After(cv::Point2d shift) const;
  // The same and a step: p -> this(p) + shift.
  Affine Shifted(cv::Point2d shift) const;
  // The same map between pictures that are `scale` times as large on the b side (pixel centres at whole numbers).
  Affine ScaledBy(double scale) const;
  double Scale() const;  // root of the determinant
};

}  // namespace shotfix::gaze
