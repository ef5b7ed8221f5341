// SPDX-License-Identifier: Apache-2.0
#include "gaze/face_track.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <span>

#include "gaze/head_pose.h"
#include "shotfix/core/error.h"
#include "shotfix/image/opencv.h"

namespace shotfix::gaze {
namespace {

constexpr double kRad = std::numbers::pi / 180;
constexpr int kMostPoints = 240;
constexpr size_t kFewestPoints = 12;

// A head turns slowly beside what a blink or a brow makes of it: medians of five frames, then a Gaussian of two.
void SmoothRun(std::span<FaceFrame> frames) {
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

// Each stretch in which the head is seen by itself: what it did while it was lost nobody knows.
void SmoothTurns(std::vector<FaceFrame>& frames) {
  const std::span<FaceFrame> all(frames);
  for (size_t begin = 0; begin < frames.size();) {
    size_t end = begin + 1;
    while (end < frames.size() && frames[end].seen == frames[begin].seen) ++end;
    if (frames[begin].seen) SmoothRun(all.subspan(begin, end - begin));
    begin = end;
  }
}

cv::Mat LumaBytes(image::ShotReader& shot, int64_t frame) {
  return image::LumaMat(at::nan_to_num(shot.Analysis(frame), 0.0, 1.0, 0.0));
}

class Tracker {
 public:
  Tracker(image::ShotReader& shot, const EyeHint& eyes, const LearnSearch& learn_search);
  std::vector<FaceFrame> Run(const FitProgress& progress);

 private:
  void ChooseHeadPoints();
  void Walk(int64_t end, int64_t step, const FitProgress& progress);
  std::vector<temporal::FollowedPoint> FromFirst(const cv::Mat& now, double reach);
  bool Follow(const cv::Mat& before, const cv::Mat& now, SeenHead& seen);
  bool FindAgain(int64_t frame, const cv::Mat& now, SeenHead& seen);
  bool Believable(const SeenHead& seen) const;
  at::Tensor Numbers(int64_t frame) { return at::nan_to_num(shot_.Analysis(frame), 0.0, 1.0, 0.0); }
  int Window() const { return std::max(11, static_cast<int>(between_px_ * 0.16) | 1); }
  std::vector<cv::Point2f> PlacesOf(const SeenHead& seen) const;
  EyeSearch LearnFromFollowed();
  void RefineRelief();
  FaceFrame Describe(const SeenHead& seen) const;

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
  std::vector<SeenHead> seen_;  // by frame
  const LearnSearch& learn_search_;
  EyeSearch search_;  // once it was needed
  int64_t done_ = 0;
};

Tracker::Tracker(image::ShotReader& shot, const EyeHint& eyes, const LearnSearch& learn_search)
    : shot_(shot),
      frames_(shot.frames()),
      start_(eyes.frame),
      first_(LumaBytes(shot, eyes.frame)),
      learn_search_(learn_search) {
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
FaceFrame Tracker::Describe(const SeenHead& seen) const {
  constexpr double kNear = 0.45;  // distances between the eyes
  constexpr double kAnchor = 3;   // points that speak for the pose alone
  const Basis basis = BasisOf(seen.pose);
  FaceFrame frame;
  frame.seen = seen.followed;
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
      for (SeenHead& seen : seen_) seen.points[k].found = false;
    }
    for (SeenHead& seen : seen_) seen.pose = FitPose(seen.pose, head_, seen.points);
  }
}

// From the first picture, so that nothing drifts. `reach`: how far from the pose a point may be, distances between the
// eyes.
std::vector<temporal::FollowedPoint> Tracker::FromFirst(const cv::Mat& now, double reach) {
  const Basis basis = BasisOf(pose_);
  std::vector<cv::Point2f> guesses;
  for (const HeadPoint& point : head_) guesses.emplace_back(Project(basis, pose_, point.place));
  std::vector<temporal::FollowedPoint> seen = temporal::FollowPoints(first_, now, points_, guesses, Window());
  for (size_t k = 0; k < seen.size(); ++k) {
    const cv::Point2f jump = seen[k].place - guesses[k];
    if (std::hypot(jump.x, jump.y) > reach * between_px_) seen[k].found = false;
  }
  return seen;
}

size_t CountFound(const std::vector<temporal::FollowedPoint>& points) {
  return static_cast<size_t>(
      std::count_if(points.begin(), points.end(), [](const auto& point) { return point.found; }));
}

std::vector<cv::Point2f> Tracker::PlacesOf(const SeenHead& seen) const {
  const Basis basis = BasisOf(seen.pose);
  std::vector<cv::Point2f> places;
  for (size_t k = 0; k < head_.size(); ++k)
    places.push_back(seen.points[k].found ? seen.points[k].place
                                          : cv::Point2f(Project(basis, seen.pose, head_[k].place)));
  return places;
}

// Whether points are a head at all: enough of them, most where the pose has them, at a size a head may have.
bool Tracker::Believable(const SeenHead& seen) const {
  constexpr double kMostMiss = 0.05;   // distances between the eyes
  constexpr double kMostGrowth = 1.1;  // of the log of the size
  constexpr double kMostTurn = 1.1;    // radians
  const size_t fewest = std::min(kFewestPoints, points_.size() / 2);
  if (CountFound(seen.points) < fewest || std::abs(seen.pose[3]) > kMostGrowth) return false;
  if (std::abs(seen.pose[0]) > kMostTurn || std::abs(seen.pose[1]) > kMostTurn) return false;
  const Basis basis = BasisOf(seen.pose);
  size_t near = 0;
  for (size_t k = 0; k < head_.size(); ++k) {
    if (!seen.points[k].found) continue;
    const cv::Point2d at = Project(basis, seen.pose, head_[k].place);
    const double miss = std::hypot(at.x - seen.points[k].place.x, at.y - seen.points[k].place.y);
    if (miss < kMostMiss * between_px_ * basis.scale) ++near;
  }
  return 2 * near > CountFound(seen.points);
}

// From the neighbour first, for large motion; then from the first picture.
bool Tracker::Follow(const cv::Mat& before, const cv::Mat& now, SeenHead& seen) {
  constexpr double kReach = 0.08;
  const std::vector<cv::Point2f> there = PlacesOf(seen);
  const std::vector<temporal::FollowedPoint> rough = temporal::FollowPoints(before, now, there, there, Window());
  pose_ = FitPose(pose_, head_, rough);
  seen.points = FromFirst(now, kReach);
  if (CountFound(seen.points) < kFewestPoints) seen.points = rough;  // the head has turned far: its neighbour must do
  seen.pose = pose_ = FitPose(pose_, head_, seen.points);
  return Believable(seen);
}

// What the frames that were followed so far look like around the eyes.
EyeSearch Tracker::LearnFromFollowed() {
  constexpr size_t kMost = 24;
  std::vector<int64_t> followed;
  for (int64_t frame = frames_.begin; frame < frames_.end; ++frame) {
    if (seen_[static_cast<size_t>(frame - frames_.begin)].followed) followed.push_back(frame);
  }
  std::vector<KnownEyes> known;
  for (size_t k = 0; k < std::min(kMost, followed.size()); ++k) {
    const int64_t frame = followed[k * followed.size() / std::min(kMost, followed.size())];
    const FaceFrame face = Describe(seen_[static_cast<size_t>(frame - frames_.begin)]);
    const cv::Point2d origin(0, 0);
    known.push_back({Numbers(frame).clone(), {face.frame_from_crop[0](origin), face.frame_from_crop[1](origin)}});
  }
  return learn_search_(known);
}

// Note [Lost and found]: whoever turns away takes the points along. From then on a search that was learned from the
// frames before looks for the eyes; where it finds them, the points of the first picture have to be there too.
bool Tracker::FindAgain(int64_t frame, const cv::Mat& now, SeenHead& seen) {
  constexpr double kReach = 0.25;
  if (!learn_search_) return false;
  if (!search_) search_ = LearnFromFollowed();
  const std::optional<PerEye<cv::Point2d>> eyes = search_(Numbers(frame));
  if (!eyes) return false;
  const cv::Point2d between = (*eyes)[1] - (*eyes)[0];
  const cv::Point2d middle = ((*eyes)[0] + (*eyes)[1]) * 0.5;
  pose_ = Pose(0, 0, std::atan2(between.y, between.x), std::log(std::hypot(between.x, between.y) / between_px_),
               middle.x, middle.y);
  seen.points = FromFirst(now, kReach);
  seen.pose = pose_ = FitPose(pose_, head_, seen.points);
  seen.points = FromFirst(now, kReach / 2);
  seen.pose = pose_ = FitPose(pose_, head_, seen.points);
  return Believable(seen);
}

void Tracker::Walk(int64_t end, int64_t step, const FitProgress& progress) {
  cv::Mat before = first_;
  SeenHead last = seen_[static_cast<size_t>(start_ - frames_.begin)];
  pose_ = last.pose;
  for (int64_t frame = start_ + step; frame != end; frame += step) {
    const cv::Mat now = LumaBytes(shot_, frame);
    SeenHead seen = last;
    seen.followed = last.followed && Follow(before, now, seen);
    if (!seen.followed) seen.followed = FindAgain(frame, now, seen);
    if (!seen.followed) {  // as it was
      seen.pose = pose_ = last.pose;
      for (temporal::FollowedPoint& point : seen.points) point.found = false;
    }
    seen_[static_cast<size_t>(frame - frames_.begin)] = last = seen;
    before = now;
    progress("following the head", ++done_, frames_.size());
  }
}

std::vector<FaceFrame> Tracker::Run(const FitProgress& progress) {
  std::vector<temporal::FollowedPoint> own;
  for (const cv::Point2f& point : points_) own.push_back({point, true});
  seen_[static_cast<size_t>(start_ - frames_.begin)] = {true, first_pose_, own};
  ++done_;
  Walk(frames_.end, 1, progress);
  Walk(frames_.begin - 1, -1, progress);
  RefineRelief();
  std::vector<FaceFrame> described;
  for (const SeenHead& seen : seen_) described.push_back(Describe(seen));
  SmoothTurns(described);
  return described;
}

}  // namespace

std::vector<FaceFrame> TrackFace(image::ShotReader& shot, const EyeHint& eyes, const LearnSearch& learn_search,
                                 const FitProgress& progress) {
  return Tracker(shot, eyes, learn_search).Run(progress);
}

}  // namespace shotfix::gaze
