// SPDX-License-Identifier: Apache-2.0
#include "gaze/face_track.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "shotfix/core/error.h"
#include "shotfix/image/opencv.h"
#include "shotfix/temporal/point_track.h"

namespace shotfix::gaze {
namespace {

constexpr double kRad = std::numbers::pi / 180;
constexpr int kMostPoints = 240;
constexpr size_t kFewestPoints = 12;
constexpr int kParameters = 6;
constexpr double kFarPx = 1.5;  // Huber: points that miss by more are another thing (a lid, a lip, hair)

using Pose = cv::Vec<double, kParameters>;  // yaw, pitch, roll (radians), log scale, x, y (px)

// Note [Face relief]: how far a face comes towards the camera, in distances between the eyes, for a place on it in the
// same unit (x along the eyes, y down, 0 between the eyes). Sides, brows, nose and cheeks lie as anthropometry has them
// on average; it is nobody's face. Its one use is that a turn of the head moves near points more than far ones.
double Relief(double x, double y) {
  const double sides = -0.5 * std::pow(std::abs(x), 2.6);
  const double brows = 0.1 * std::exp(-std::pow((y + 0.36) / 0.22, 2)) - 0.15 * std::max(0.0, -0.4 - y);
  const double ridge = y < 0.72 ? std::clamp(0.1 + 0.55 * y, 0.0, 0.5) : std::max(0.06, 0.5 - 2.4 * (y - 0.72));
  return sides + brows + ridge * std::exp(-std::pow(x / 0.2, 2));
}

// How much the upward movement of a place speaks for the head: brows rise, cheeks and lips move with every expression,
// a nose stays.
double Rigid(double x, double y) {
  if (y < -0.12) return 0.05;
  return std::abs(x) < 0.26 && y < 0.88 ? 1 : 0.15;
}

struct Basis {  // of a pose: the two rows that the picture sees
  double scale, xx, xy, xz, yx, yy, yz;
};

Basis BasisOf(const Pose& pose) {
  const double cy = std::cos(pose[0]), sy = std::sin(pose[0]);
  const double cp = std::cos(pose[1]), sp = std::sin(pose[1]);
  const double cr = std::cos(pose[2]), sr = std::sin(pose[2]);
  // Turned by yaw, then pitch, then roll.
  const double ax = cy, az = sy;
  const double bx = sy * sp, by = cp, bz = -cy * sp;
  return {std::exp(pose[3]), cr * ax - sr * bx, -sr * by,         cr * az - sr * bz,
          sr * ax + cr * bx, cr * by,           sr * az + cr * bz};
}

cv::Point2d Project(const Basis& basis, const Pose& pose, const cv::Point3d& p) {
  return {pose[4] + basis.scale * (basis.xx * p.x + basis.xy * p.y + basis.xz * p.z),
          pose[5] + basis.scale * (basis.yx * p.x + basis.yy * p.y + basis.yz * p.z)};
}

struct Seen {
  Pose pose;
  std::vector<temporal::FollowedPoint> points;
};

// A point on the head, px; `rigid` is what its upward movement counts.
struct HeadPoint {
  cv::Point3d place;
  double rigid = 1;
};

// Huber-weighted Gauss-Newton from `pose` on. Points that were not found count nothing.
Pose FitPose(Pose pose, const std::vector<HeadPoint>& head, const std::vector<temporal::FollowedPoint>& seen) {
  constexpr int kRounds = 12;
  constexpr double kStep = 1e-4;
  for (int round = 0; round < kRounds; ++round) {
    cv::Matx<double, kParameters, kParameters> normal = cv::Matx<double, kParameters, kParameters>::eye() * 1e-6;
    Pose gradient;
    const Basis basis = BasisOf(pose);
    std::array<Pose, kParameters> moved;
    std::array<Basis, kParameters> bases;
    for (int i = 0; i < kParameters; ++i) {
      moved[static_cast<size_t>(i)] = pose;
      moved[static_cast<size_t>(i)][i] += kStep;
      bases[static_cast<size_t>(i)] = BasisOf(moved[static_cast<size_t>(i)]);
    }
    for (size_t k = 0; k < head.size(); ++k) {
      if (!seen[k].found) continue;
      const cv::Point2d at = Project(basis, pose, head[k].place);
      const cv::Point2d miss(seen[k].place.x - at.x, seen[k].place.y - at.y);
      const double weight = std::min(1.0, kFarPx / std::max(1e-9, std::hypot(miss.x, miss.y)));
      Pose jx, jy;
      for (int i = 0; i < kParameters; ++i) {
        const cv::Point2d step =
            Project(bases[static_cast<size_t>(i)], moved[static_cast<size_t>(i)], head[k].place) - at;
        jx[i] = step.x / kStep;
        jy[i] = step.y / kStep;
      }
      normal += weight * (jx * jx.t() + head[k].rigid * (jy * jy.t()));
      gradient += weight * (jx * miss.x + head[k].rigid * (jy * miss.y));
    }
    const Pose change = normal.solve(gradient, cv::DECOMP_CHOLESKY);
    pose += change;
    if (cv::norm(change) < 1e-5) break;
  }
  return pose;
}

// How far each point comes forward, from how it moved in all frames. Points that hardly moved against each other keep
// what they had.
std::vector<double> DepthsFrom(const std::vector<HeadPoint>& head, const std::vector<Seen>& frames) {
  constexpr double kAnchor = 0.02;  // sum of squared turns (radians) that outweighs the relief: 5 frames of 4 degrees
  std::vector<double> depths(head.size());
  std::vector<double> along(head.size());
  std::vector<double> spread(head.size(), kAnchor);
  for (size_t k = 0; k < head.size(); ++k) along[k] = kAnchor * head[k].place.z;
  for (const Seen& frame : frames) {
    const Basis basis = BasisOf(frame.pose);
    const cv::Point2d forward(basis.scale * basis.xz, basis.scale * basis.yz);
    for (size_t k = 0; k < head.size(); ++k) {
      if (!frame.points[k].found) continue;
      const cv::Point2d flat = Project(basis, frame.pose, {head[k].place.x, head[k].place.y, 0});
      const cv::Point2d miss(frame.points[k].place.x - flat.x, frame.points[k].place.y - flat.y);
      along[k] += miss.x * forward.x + head[k].rigid * miss.y * forward.y;
      spread[k] += forward.x * forward.x + head[k].rigid * forward.y * forward.y;
    }
  }
  for (size_t k = 0; k < head.size(); ++k) depths[k] = along[k] / spread[k];
  return depths;
}

// How far each point is from where a rigid head would have it, mean over the frames; far away for those that were lost.
std::vector<double> MissesOf(const std::vector<HeadPoint>& head, const std::vector<double>& depths,
                             const std::vector<Seen>& frames, double least_found) {
  std::vector<double> misses(head.size());
  std::vector<double> found(head.size());
  for (const Seen& frame : frames) {
    const Basis basis = BasisOf(frame.pose);
    for (size_t k = 0; k < head.size(); ++k) {
      if (!frame.points[k].found) continue;
      const cv::Point2d at = Project(basis, frame.pose, {head[k].place.x, head[k].place.y, depths[k]});
      misses[k] += std::hypot(at.x - frame.points[k].place.x, head[k].rigid * (at.y - frame.points[k].place.y));
      ++found[k];
    }
  }
  for (size_t k = 0; k < head.size(); ++k)
    misses[k] = found[k] < least_found * static_cast<double>(frames.size()) ? 1e9 : misses[k] / found[k];
  return misses;
}

// A head turns slowly beside what a blink or a brow makes of it: medians of five frames, then a Gaussian of two.
void SmoothTurns(std::vector<FaceFrame>& frames) {
  constexpr int kMedianReach = 2;
  constexpr int kReach = 6;
  constexpr double kSigma = 2;
  const auto count = static_cast<int>(frames.size());
  const auto smooth = [&](double Direction::*part) {
    std::vector<double> calm(frames.size());
    for (int k = 0; k < count; ++k) {
      std::vector<double> near;
      for (int j = std::max(0, k - kMedianReach); j <= std::min(count - 1, k + kMedianReach); ++j)
        near.push_back(frames[static_cast<size_t>(j)].turn.*part);
      const auto middle = near.begin() + static_cast<ptrdiff_t>(near.size() / 2);
      std::nth_element(near.begin(), middle, near.end());
      // At the ends of the shot a median of a slope would stand still.
      const bool whole = near.size() == 2 * kMedianReach + 1;
      calm[static_cast<size_t>(k)] = whole ? *middle : frames[static_cast<size_t>(k)].turn.*part;
    }
    for (int k = 0; k < count; ++k) {
      const int reach = std::min({kReach, k, count - 1 - k});  // even on both sides: no lag
      double sum = 0;
      double weights = 0;
      for (int d = -reach; d <= reach; ++d) {
        const double weight = std::exp(-0.5 * d * d / (kSigma * kSigma));
        sum += calm[static_cast<size_t>(k + d)] * weight;
        weights += weight;
      }
      frames[static_cast<size_t>(k)].turn.*part = sum / weights;
    }
  };
  smooth(&Direction::yaw_deg);
  smooth(&Direction::pitch_deg);
}

cv::Mat LumaBytes(image::ShotReader& shot, int64_t frame) {
  return image::LumaMat(at::nan_to_num(shot.Analysis(frame), 0.0, 1.0, 0.0));
}

class Tracker {
 public:
  Tracker(image::ShotReader& shot, const EyeHint& eyes);
  std::vector<FaceFrame> Run(const FitProgress& progress);

 private:
  void ChooseHeadPoints();
  void Walk(int64_t end, int64_t step, const FitProgress& progress);
  void RefineRelief();
  FaceFrame Describe(const Seen& seen) const;

  image::ShotReader& shot_;
  FrameRange frames_;
  int64_t start_;
  cv::Mat first_;
  PerEye<cv::Point2d> eyes_;
  double between_px_ = 0;
  Pose first_pose_;
  std::vector<cv::Point2f> points_;  // in the first picture
  std::vector<HeadPoint> head_;      // the same on the head
  Pose pose_;
  std::vector<Seen> seen_;  // by frame
  int64_t done_ = 0;
};

Tracker::Tracker(image::ShotReader& shot, const EyeHint& eyes)
    : shot_(shot), frames_(shot.frames()), start_(eyes.frame), first_(LumaBytes(shot, eyes.frame)) {
  for (size_t eye = 0; eye < kEyes; ++eye) eyes_[eye] = eyes.eyes[eye];
  const cv::Point2d between = eyes_[1] - eyes_[0];
  const cv::Point2d middle = (eyes_[0] + eyes_[1]) * 0.5;
  between_px_ = std::hypot(between.x, between.y);
  first_pose_ = Pose(0, 0, std::atan2(between.y, between.x), 0, middle.x, middle.y);
  pose_ = first_pose_;
  ChooseHeadPoints();
  seen_.resize(static_cast<size_t>(frames_.size()));
}

// Brows, bridge, nose, cheeks: what is rigid around the eyes. Not the eyes themselves, nor the mouth.
void Tracker::ChooseHeadPoints() {
  const double roll = first_pose_[2];
  cv::Mat mask = cv::Mat::zeros(first_.size(), CV_8UC1);
  const auto ellipse = [&](cv::Point2d centre, double width, double height, int value) {
    const cv::Size size(static_cast<int>(width * between_px_), static_cast<int>(height * between_px_));
    cv::ellipse(mask, cv::Point(centre), size, roll / kRad, 0, 360, cv::Scalar(value), cv::FILLED);
  };
  const cv::Point2d middle = (eyes_[0] + eyes_[1]) * 0.5;
  const cv::Point2d down(-std::sin(roll), std::cos(roll));
  ellipse(middle + down * (0.15 * between_px_), 1.0, 0.85, 255);
  // A lid moves up to the brow.
  for (const cv::Point2d& eye : eyes_) ellipse(eye - down * (0.03 * between_px_), 0.36, 0.24, 0);
  points_ = temporal::ChoosePoints(first_, mask, kMostPoints, std::max(3.0, between_px_ * 0.04));
  if (points_.size() < kFewestPoints)
    Throw(ErrorCode::kData,
          "around the eyes of frame {} is nothing to follow a head by; give --eyes on a sharper frame", start_);
  for (const cv::Point2f& point : points_) {
    const cv::Point2d offset(point.x - middle.x, point.y - middle.y);
    const cv::Point2d face(offset.x * std::cos(roll) + offset.y * std::sin(roll),
                           -offset.x * std::sin(roll) + offset.y * std::cos(roll));
    head_.push_back({{face.x, face.y, between_px_ * Relief(face.x / between_px_, face.y / between_px_)},
                     Rigid(face.x / between_px_, face.y / between_px_)});
  }
}

// Where the eyes' surroundings are, with what the points near each eye say beyond the whole head's pose.
FaceFrame Tracker::Describe(const Seen& seen) const {
  constexpr double kNear = 0.45;  // distances between the eyes
  constexpr double kAnchor = 3;   // points that speak for the pose alone
  const Basis basis = BasisOf(seen.pose);
  FaceFrame frame;
  frame.turn = {(seen.pose[0] - first_pose_[0]) / kRad, (seen.pose[1] - first_pose_[1]) / kRad};
  for (size_t eye = 0; eye < kEyes; ++eye) {
    const double side = eye == 0 ? -0.5 : 0.5;
    const cv::Point3d centre(side * between_px_, 0, between_px_ * (Relief(side, 0) - 0.05));
    cv::Point2d miss(0, 0);
    cv::Point2d total(kAnchor, kAnchor);
    for (size_t k = 0; k < head_.size(); ++k) {
      if (!seen.points[k].found) continue;
      const HeadPoint& point = head_[k];
      const cv::Point2d at = Project(basis, seen.pose, point.place);
      const cv::Point2d residual(seen.points[k].place.x - at.x, seen.points[k].place.y - at.y);
      const double distance = std::hypot(point.place.x - centre.x, point.place.y - centre.y) / (kNear * between_px_);
      const double weight = std::exp(-0.5 * distance * distance) / (1 + residual.dot(residual));
      miss += cv::Point2d(residual.x * weight, residual.y * weight * point.rigid);
      total += cv::Point2d(weight, weight * point.rigid);
    }
    const cv::Point2d place = Project(basis, seen.pose, centre) + cv::Point2d(miss.x / total.x, miss.y / total.y);
    const double s = basis.scale;
    frame.frame_from_crop[eye] = {s * basis.xx, s * basis.xy, place.x, s * basis.yx, s * basis.yy, place.y};
  }
  return frame;
}

// Note [Relief of the shot]: a relief that is wrong point by point makes every turn too small (0.7 of the truth on the
// sample production). The points' own depths follow from the shot up to one factor, for turn and depth only show as
// their product; they are taken to spread as much as the relief does. Points that no rigid head explains (an outline
// that slides over a cheek, hair, a lip) are let go.
void Tracker::RefineRelief() {
  constexpr int kRounds = 3;
  constexpr double kSteadyPx = 0.9;
  constexpr double kLeastFound = 0.6;  // of the frames
  const std::vector<HeadPoint> relief = head_;
  for (int round = 0; round < kRounds; ++round) {
    const std::vector<double> depths = DepthsFrom(head_, seen_);
    const std::vector<double> misses = MissesOf(head_, depths, seen_, kLeastFound);
    double count = 0, mean = 0, mean_relief = 0, spread = 1e-9, spread_relief = 1e-9;
    const auto steady = [&](size_t k) { return misses[k] < kSteadyPx; };
    for (size_t k = 0; k < depths.size(); ++k) {
      if (!steady(k)) continue;
      ++count;
      mean += depths[k];
      mean_relief += relief[k].place.z;
    }
    if (count < kFewestPoints) return;
    mean /= count;
    mean_relief /= count;
    for (size_t k = 0; k < depths.size(); ++k) {
      if (!steady(k)) continue;
      spread += std::pow(depths[k] - mean, 2);
      spread_relief += std::pow(relief[k].place.z - mean_relief, 2);
    }
    const double factor = std::sqrt(spread_relief / spread);
    for (size_t k = 0; k < depths.size(); ++k) {
      head_[k].place.z = mean_relief + factor * (depths[k] - mean);
      if (steady(k)) continue;
      for (Seen& seen : seen_) seen.points[k].found = false;
    }
    for (Seen& seen : seen_) seen.pose = FitPose(seen.pose, head_, seen.points);
  }
}

void Tracker::Walk(int64_t end, int64_t step, const FitProgress& progress) {
  const int window = std::max(11, static_cast<int>(between_px_ * 0.16) | 1);
  cv::Mat before = first_;
  std::vector<cv::Point2f> there = points_;
  pose_ = first_pose_;
  for (int64_t frame = start_ + step; frame != end; frame += step) {
    const cv::Mat now = LumaBytes(shot_, frame);
    // From the neighbour first, for large motion; then from the first picture, so that nothing drifts.
    const std::vector<temporal::FollowedPoint> rough = temporal::FollowPoints(before, now, there, there, window);
    pose_ = FitPose(pose_, head_, rough);
    const Basis basis = BasisOf(pose_);
    std::vector<cv::Point2f> guesses;
    for (const HeadPoint& point : head_) guesses.emplace_back(Project(basis, pose_, point.place));
    std::vector<temporal::FollowedPoint> seen = temporal::FollowPoints(first_, now, points_, guesses, window);
    for (size_t k = 0; k < seen.size(); ++k) {
      const cv::Point2f jump = seen[k].place - guesses[k];
      if (std::hypot(jump.x, jump.y) > 0.08 * between_px_) seen[k].found = false;
    }
    const auto found = std::count_if(seen.begin(), seen.end(), [](const auto& point) { return point.found; });
    if (static_cast<size_t>(found) < kFewestPoints) seen = rough;  // the head has turned far: its neighbour must do
    pose_ = FitPose(pose_, head_, seen);
    seen_[static_cast<size_t>(frame - frames_.begin)] = {pose_, seen};
    const Basis fitted = BasisOf(pose_);
    for (size_t k = 0; k < head_.size(); ++k)
      there[k] = seen[k].found ? seen[k].place : cv::Point2f(Project(fitted, pose_, head_[k].place));
    before = now;
    progress("following the head", ++done_, frames_.size());
  }
}

std::vector<FaceFrame> Tracker::Run(const FitProgress& progress) {
  std::vector<temporal::FollowedPoint> own;
  for (const cv::Point2f& point : points_) own.push_back({point, true});
  seen_[static_cast<size_t>(start_ - frames_.begin)] = {first_pose_, own};
  ++done_;
  Walk(frames_.end, 1, progress);
  Walk(frames_.begin - 1, -1, progress);
  RefineRelief();
  std::vector<FaceFrame> described;
  for (const Seen& seen : seen_) described.push_back(Describe(seen));
  SmoothTurns(described);
  return described;
}

}  // namespace

std::vector<FaceFrame> TrackFace(image::ShotReader& shot, const EyeHint& eyes, const FitProgress& progress) {
  return Tracker(shot, eyes).Run(progress);
}

}  // namespace shotfix::gaze
