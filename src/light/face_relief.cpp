// SPDX-License-Identifier: Apache-2.0
#include "shotfix/light/face_relief.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "shotfix/core/error.h"

namespace shotfix::light {
namespace {

// All lengths in distances between the eyes; u to picture right, v down, 0 between the eyeballs.
struct Bump {
  double u = 0;  // on both sides unless 0
  double v = 0;
  double reach_u = 1, reach_v = 1;
  double height = 0;
};
constexpr Bump kBumps[] = {
    {0.16, 0.52, 0.09, 0.22, 0.08},   // wings of the nose
    {0.43, 0.12, 0.37, 0.27, -0.22},  // sockets
    {0.52, 0.13, 0.18, 0.15, 0.15},   // eyeballs
    {0.54, -0.33, 0.40, 0.26, 0.06},  // brows
    {0, -0.30, 0.20, 0.20, -0.01},    // between the brows
    {0.62, 0.50, 0.30, 0.30, -0.02},  // cheeks
    {0.32, 0.77, 0.20, 0.30, -0.07},  // folds beside the nose
    {0, 1.07, 0.30, 0.08, 0.06},      // upper lip
    {0, 1.08, 0.35, 0.07, -0.05},     // the line of the mouth
    {0, 1.17, 0.25, 0.08, 0.06},      // lower lip
    {0, 1.25, 0.33, 0.05, -0.11},     // the fold under it
    {0, 1.78, 0.42, 0.20, 0.23},      // chin
    {0.36, 1.08, 0.12, 0.12, 0.01},   // corners of the mouth
    {0, 1.16, 0.45, 0.36, 0.17},      // the teeth under the lips
    {0.95, -0.30, 0.25, 0.40, 0.07},  // temples
};
constexpr double kHalfWidth = 1.11, kHalfHeight = 2.34, kDepth = 1.01, kMiddle = 0.07;  // of the ellipsoid
constexpr double kFlattest = 0.02;  // of 1 - u^2 - v^2: beyond, the ellipsoid ends
// Of the nose: where it begins, where it is highest and how high, half widths there, how fast it ends.
constexpr double kNoseTop = -0.10, kNoseTip = 0.76, kNoseHeight = 0.38;
constexpr double kNoseNarrow = 0.13, kNoseWide = 0.19, kNoseUnder = 0.05, kNoseDrop = 0.045;

constexpr double kEyesBelow = 0.05;  // what is seen of an eyeball lies below its middle
constexpr double kRad = std::numbers::pi / 180;

// Places on the face, all [h,w].
struct FacePlane {
  at::Tensor u, v;
  double unit_px = 1;
  double along_x = 1, along_y = 0;  // the line of the eyes in the picture, y down
};

FacePlane PlaneOf(const FacePlace& place, int64_t height, int64_t width) {
  const double dx = place.right_eye[0] - place.left_eye[0];
  const double dy = place.right_eye[1] - place.left_eye[1];
  const double apart = std::hypot(dx, dy);
  if (!(apart > 1)) Throw(ErrorCode::kData, "both eyes of the face are in one place; say again where they are");
  FacePlane plane;
  plane.unit_px = apart / std::cos(place.yaw_deg * kRad);
  plane.along_x = dx / apart;
  plane.along_y = dy / apart;
  const at::Tensor x = at::arange(width, at::kFloat).view({1, width}) - (place.left_eye[0] + place.right_eye[0]) / 2;
  const at::Tensor y = at::arange(height, at::kFloat).view({height, 1}) - (place.left_eye[1] + place.right_eye[1]) / 2;
  plane.u = (x * plane.along_x + y * plane.along_y) / plane.unit_px;
  plane.v = (y * plane.along_x - x * plane.along_y) / plane.unit_px + kEyesBelow;
  return plane;
}

at::Tensor Bell(const at::Tensor& x, double middle, double reach) { return (-((x - middle) / reach).square()).exp(); }

at::Tensor Inside(const at::Tensor& u, const at::Tensor& v) {
  return 1 - (u / kHalfWidth).square() - ((v - kMiddle) / kHalfHeight).square();
}

at::Tensor HeadHeights(const at::Tensor& u, const at::Tensor& v) {
  return kDepth * Inside(u, v).clamp_min(kFlattest).sqrt();
}

at::Tensor FaceHeights(const at::Tensor& u, const at::Tensor& v) {
  const at::Tensor along = ((v - kNoseTop) / (kNoseTip - kNoseTop)).clamp_min(0);
  const at::Tensor ends = at::sigmoid((kNoseTip + kNoseUnder - v) / kNoseDrop);
  const at::Tensor half_width = kNoseNarrow + (kNoseWide - kNoseNarrow) * along.clamp_max(1.2);
  at::Tensor heights = HeadHeights(u, v) + kNoseHeight * along.pow(1.2) * ends * (-(u / half_width).square()).exp();
  for (const Bump& bump : kBumps) {
    at::Tensor across = Bell(u, bump.u, bump.reach_u);
    if (bump.u != 0) across = across + Bell(u, -bump.u, bump.reach_u);
    heights = heights + bump.height * across * Bell(v, bump.v, bump.reach_v);
  }
  return heights;
}

using Heights = at::Tensor (*)(const at::Tensor& u, const at::Tensor& v);

// The place on the face that a pixel sees once the head has turned: u' = u cos + (z - z at the eyes) sin, solved by
// damped rounds.
at::Tensor Unturned(const FacePlane& plane, Heights heights, double yaw) {
  constexpr int kRounds = 12;
  constexpr double kStep = 0.6;
  const double at_eyes = heights(at::tensor({0.5F}), at::tensor({0.0F})).item<double>();
  at::Tensor u = plane.u;
  for (int round = 0; round < kRounds; ++round) {
    const at::Tensor next = (plane.u - (heights(u, plane.v) - at_eyes) * std::sin(yaw)) / std::cos(yaw);
    u = (u + kStep * (next - u)).clamp(-2, 2);
  }
  return u;
}

FaceRelief ReliefAt(const FacePlace& place, Heights heights, int64_t height, int64_t width) {
  constexpr double kReach = 0.01;
  const FacePlane plane = PlaneOf(place, height, width);
  const double yaw = place.yaw_deg * kRad;
  const at::Tensor u = Unturned(plane, heights, yaw);
  const at::Tensor& v = plane.v;
  const at::Tensor du = (heights(u + kReach, v) - heights(u - kReach, v)) / (2 * kReach);
  const at::Tensor dv = (heights(u, v + kReach) - heights(u, v - kReach)) / (2 * kReach);
  // On the face: (-du, dv, 1), y up; then turned with the head, then rolled with the line of the eyes.
  const at::Tensor x = -du * std::cos(yaw) + std::sin(yaw);
  const at::Tensor z = std::cos(yaw) + du * std::sin(yaw);
  const at::Tensor raw = at::stack({x * plane.along_x + dv * plane.along_y, dv * plane.along_x - x * plane.along_y, z});
  const auto ramp = [](const at::Tensor& value, double from, double to) {
    return ((value - from) / (to - from)).clamp(0, 1);
  };
  FaceRelief relief;
  const at::Tensor length = raw.norm(2, {0}, true);
  relief.normals = (raw / length).contiguous();
  relief.holds = (ramp(Inside(u, v), 0.08, 0.35) * ramp(v, -0.95, -0.7) * (1 - ramp(v, 1.75, 2.0))).unsqueeze(0) *
                 ramp(relief.normals.narrow(0, 2, 1), 0.0, 0.25);
  return relief;
}

}  // namespace

double YawFromOutline(const FacePlace& face, const at::Tensor& mask) {
  constexpr double kDepthOfEyes = 1.55;  // before the middle of the outline, in distances between the eyes
  constexpr double kNarrowest = 1.8, kWidest = 4.5;
  constexpr double kMostDeg = 35;
  constexpr int kRows = 9;
  const at::Tensor solid = (mask[0] > 0.5).contiguous();
  const double apart = std::hypot(face.right_eye[0] - face.left_eye[0], face.right_eye[1] - face.left_eye[1]);
  const double x = (face.left_eye[0] + face.right_eye[0]) / 2;
  const double y = (face.left_eye[1] + face.right_eye[1]) / 2;
  std::vector<double> offsets;
  for (int row = 0; row < kRows; ++row) {
    const auto at_row = std::llround(y + (row - kRows / 2) * 0.1 * apart);
    if (at_row < 0 || at_row >= solid.size(0)) continue;
    const bool* inside = solid[at_row].const_data_ptr<bool>();
    auto left = std::clamp<int64_t>(std::llround(x), 0, solid.size(1) - 1);
    auto right = left;
    if (!inside[left]) continue;
    while (left > 0 && inside[left - 1]) --left;
    while (right + 1 < solid.size(1) && inside[right + 1]) ++right;
    const double wide = static_cast<double>(right - left + 1) / apart;
    if (wide < kNarrowest || wide > kWidest || left == 0 || right + 1 == solid.size(1)) continue;
    offsets.push_back((x - static_cast<double>(left + right) / 2) / apart);
  }
  if (offsets.size() < kRows / 2) return 0;
  const auto middle = offsets.begin() + static_cast<ptrdiff_t>(offsets.size() / 2);
  std::nth_element(offsets.begin(), middle, offsets.end());
  // The offset goes with the sine, the distance between the eyes with the cosine.
  return std::clamp(std::atan(*middle / kDepthOfEyes) / kRad, -kMostDeg, kMostDeg);
}

FaceRelief MeanFaceAt(const FacePlace& place, int64_t height, int64_t width) {
  return ReliefAt(place, FaceHeights, height, width);
}

FaceRelief MeanHeadAt(const FacePlace& place, int64_t height, int64_t width) {
  return ReliefAt(place, HeadHeights, height, width);
}

}  // namespace shotfix::light
