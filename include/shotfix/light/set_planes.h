// SPDX-License-Identifier: Apache-2.0
// A set as few planes: walls, floor, table tops, as a moving camera tells them.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "shotfix/light/lights.h"
#include "shotfix/temporal/camera_solve.h"

namespace shotfix::light {

// Of the reference camera, in the units of its solution: what is seen along a ray has the nearness (1 / z) that the
// product of both says.
struct SetPlane {
  cv::Vec3d nearness;
  double spread_deg = 0;  // of its normal, by its points alone
  int points = 0;
};
Vector NormalOf(const SetPlane& plane);  // towards the camera
// What is too far to move: sky, a view through a window. It counts as facing the lens.
SetPlane FarAway();

// Largest first, one after the other by random samples (Fischler & Bolles 1981; the draws are fixed), with errors as
// they show in the views, px. Planes of few points or of an uncertain normal are left out; so there may be none.
std::vector<SetPlane> FitPlanes(const temporal::SolvedCamera& solved, const std::vector<cv::Point2d>& points);

// One picture of the set.
struct SetView {
  at::Tensor contrast;  // [3,h,w] as LocalContrast gives it
  at::Tensor set;       // [1,h,w] in [0,1]: what is not the actor
  temporal::CameraPose pose;
};
// Which plane each pixel of the reference lies on, [P,h,w] shares whose sum is 1: each view is laid over the reference
// as if all of it were that plane, and the plane under which they look most alike is it (Sinha, Steedly & Szeliski
// 2009, "Piecewise planar stereo for image-based rendering"). Where nothing tells, what tells around it does.
at::Tensor SharesOfPlanes(const std::vector<SetPlane>& planes, const temporal::Lens& lens, const SetView& reference,
                          const std::vector<SetView>& views);
// The shares as another pose of the camera sees them, [P,h,w]: nearer planes hide what is behind them, what comes out
// from behind is a plane that the reference may have hidden there, and what it did not see is the nearest plane.
at::Tensor SharesSeenFrom(const temporal::CameraPose& pose, const std::vector<SetPlane>& planes,
                          const temporal::Lens& lens, const at::Tensor& shares);
// Normals [3,h,w] in the reference camera's axes, in which the lights stand as still as the set does.
at::Tensor NormalsOfPlanes(const std::vector<SetPlane>& planes, const at::Tensor& shares);

}  // namespace shotfix::light
