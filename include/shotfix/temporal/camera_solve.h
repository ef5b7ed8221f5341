// SPDX-License-Identifier: Apache-2.0
// How a camera moved through a set that stands still, and how far the set's points are: a shot's own parallax.
#pragma once

#include <opencv2/core/matx.hpp>
#include <opencv2/core/types.hpp>

#include <optional>
#include <vector>

namespace shotfix::temporal {

// A pinhole whose principal point is the picture's middle, without distortion. Axes as OpenCV's: x right, y down, z
// away from the lens. The unit of length is arbitrary: the reference camera sees points at a mean distance of about 1.
struct Lens {
  double focal_px = 0;
  cv::Point2d middle;  // px, pixel centres at whole numbers
  cv::Vec3d RayOf(cv::Point2d place) const;
  cv::Point2d PlaceOf(const cv::Vec3d& point) const;
};
struct CameraPose {  // camera from reference
  cv::Matx33d rotation = cv::Matx33d::eye();
  cv::Vec3d shift{0, 0, 0};
  // Where a point that the reference camera sees along `ray` at 1 / nearness stands for this camera, times nearness.
  cv::Vec3d Of(const cv::Vec3d& ray, double nearness) const { return rotation * ray + shift * nearness; }
};

// Where points of a reference picture are in another one; nothing where they were lost.
using SeenPoints = std::vector<std::optional<cv::Point2d>>;

struct SolvedCamera {
  Lens lens;
  std::vector<CameraPose> poses;  // one a view
  std::vector<double> nearness;   // 1 / z of each point, of the reference camera
  // Of each point: by so many px its places change, rms over its views, if its nearness changes by 1.
  std::vector<double> reach_px;
  double residual_px = 0;   // median over all that was seen
  bool reversible = false;  // a set turned inside out and a camera that moves the other way explain it as well
  double parallax_px = 0;   // median over the points of the most that the camera's shift alone moves them
};
// Bundle adjustment with one nearness a point along its reference ray, from poses that stand still and a flat set (Yu &
// Gallup 2014, "3D reconstruction from accidental motion"): robust (Cauchy, 1 px) Levenberg-Marquardt over all poses,
// the focal length and all points, the points eliminated (Schur); from a flat set, and once more from what comes of
// that turned inside out. A wide move is solved as well as a small one. The focal length is held near 1.2 long sides of
// the picture as far as the views leave it open. Each view has one entry a point.
SolvedCamera SolveCamera(const std::vector<cv::Point2d>& points, const std::vector<SeenPoints>& views,
                         cv::Size picture);
// One more view of solved points, from a pose nearby: nothing where fewer than 12 points or a twentieth of them are
// seen, or they do not fit.
std::optional<CameraPose> SolvePose(const SolvedCamera& solved, const std::vector<cv::Point2d>& points,
                                    const SeenPoints& view, const CameraPose& near);

}  // namespace shotfix::temporal
