// SPDX-License-Identifier: Apache-2.0
#include "passes/eyeline/targets.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace shotfix::passes::eyeline {
namespace {

using gaze::Direction;
using gaze::kEyes;

constexpr double kRad = std::numbers::pi / 180;

double Smooth(double share) {
  share = std::clamp(share, 0.0, 1.0);
  return share * share * (3 - 2 * share);
}

// Between the keys before and after, held beyond the first and last. `keys` have rising frames.
template <typename Key, typename Value>
Value Between(const std::vector<Key>& keys, int64_t frame, Value Key::*value, const auto& frame_of) {
  if (frame <= frame_of(keys.front())) return keys.front().*value;
  for (size_t k = 1; k < keys.size(); ++k) {
    const int64_t next = frame_of(keys[k]);
    if (frame >= next) continue;
    const int64_t before = frame_of(keys[k - 1]);
    const double share = Smooth(static_cast<double>(frame - before) / static_cast<double>(next - before));
    return keys[k - 1].*value * (1 - share) + keys[k].*value * share;
  }
  return keys.back().*value;
}

// How far the two eyes differ from their mean, over the shot. A turn keeps it.
gaze::PerEye<Direction> OwnVergence(const gaze::ShotGaze& shot) {
  gaze::PerEye<Direction> own;
  double weights = 1e-9;
  for (const gaze::FrameGaze& frame : shot.frames) {
    const double weight = std::min(frame.eyes[0].sure, frame.eyes[1].sure);
    const Direction half = (frame.eyes[1].gaze - frame.eyes[0].gaze) * 0.5;
    own[0] = own[0] - half * weight;
    own[1] = own[1] + half * weight;
    weights += weight;
  }
  for (Direction& eye : own) eye = eye * (1 / weights);
  return own;
}

}  // namespace

Direction Mirrored(Direction other) { return {-other.yaw_deg, -other.pitch_deg}; }

TargetPlan::TargetPlan(const EyelineOptions& options, const gaze::ShotGaze& shot)
    : options_(options), shot_(shot), own_(OwnVergence(shot)) {}

// From the camera: `depth` of the way from the actor to the lens, on the line of sight of a point of the picture.
Direction TargetPlan::TowardsPoint(int64_t frame, size_t eye, double clip_scale) const {
  const gaze::EyeState& state = shot_.At(frame).eyes[eye];
  const cv::Point2d place = state.frame_from_crop.ScaledBy(clip_scale)(shot_.shapes[eye].ball.straight);
  const cv::Point2d at =
      Between(options_.look_at, frame, &LookAt::place, [](const LookAt& key) { return key.frame.value_or(0); });
  const double width = static_cast<double>(shot_.analysis_width) * clip_scale;
  const double height = static_cast<double>(shot_.analysis_height) * clip_scale;
  const double focal_px = width / 2 / std::tan(options_.view_deg / 2 * kRad);
  const cv::Point2d middle(width / 2, height / 2);
  const cv::Point2d target = (at - middle) * ((1 - options_.depth) / focal_px);  // the actor's distance is 1
  const cv::Point2d from = (place - middle) * (1 / focal_px);
  // Into the lens is 0,0 wherever the actor sits: the line from the eye to the lens is taken off.
  const auto angle = [&](double to, double own) {
    return (std::atan2(to - own, options_.depth) - std::atan2(-own, 1.0)) / kRad;
  };
  return {angle(target.x, from.x), -angle(target.y, from.y)};
}

// Of the head.
Direction TargetPlan::WantedGaze(int64_t number, size_t eye, double clip_scale) const {
  const gaze::FrameGaze& frame = shot_.At(number);
  if (options_.by) return frame.eyes[eye].gaze + *options_.by;
  if (options_.camera) return Direction{} - frame.turn;
  if (!options_.look_at.empty()) return TowardsPoint(number, eye, clip_scale) - frame.turn;
  if (options_.at) return Mirrored(*options_.at) - frame.turn + own_[eye];
  const Direction fixed =
      options_.to ? *options_.to
                  : Between(options_.keys, number, &GazeKey::gaze, [](const GazeKey& key) { return key.frame; });
  return (options_.space == GazeSpace::kCamera ? fixed - frame.turn : fixed) + own_[eye];
}

// In and out of `during`, and nothing through a closed lid: the eye comes back to the target as it opens.
double TargetPlan::WeightAt(int64_t number) const {
  constexpr double kClosed = 0.3;  // of the usual opening; what lashes keep apart counts as open
  constexpr double kOpen = 0.45;
  double weight = options_.strength;
  if (options_.during) {
    if (!options_.during->Contains(number)) return 0;
    const double ease = options_.ease_frames + 1.0;
    weight *= Smooth(static_cast<double>(number - options_.during->begin + 1) / ease);
    weight *= Smooth(static_cast<double>(options_.during->end - number) / ease);
  }
  const gaze::FrameGaze& frame = shot_.At(number);
  if (!frame.seen) return 0;
  const double open = std::min(frame.eyes[0].open, frame.eyes[1].open);
  return weight * Smooth((open - kClosed) / (kOpen - kClosed));
}

// Note [Within the error]: where eyes have to go to a place of their own, a turn that is smaller than what the fit
// knows of them would only make a right eyeline wrong. Of a change by so and so many degrees all is done. A fit whose
// zero, eyeball and turns of the head come from known gazes knows twice as well.
double TargetPlan::KnownShare(double turn_deg) const {
  const double unknown_deg = shot_.travel_measured ? 0.75 : 1.5;
  return options_.by ? 1 : Smooth(turn_deg / unknown_deg - 1);
}

FrameTarget TargetPlan::At(int64_t number, double clip_scale) const {
  const gaze::FrameGaze& frame = shot_.At(number);
  FrameTarget target;
  target.weight = WeightAt(number);
  gaze::PerEye<Direction> wanted;
  double turn_deg = 0;  // mean of both eyes
  for (size_t eye = 0; eye < kEyes; ++eye) {
    wanted[eye] = WantedGaze(number, eye, clip_scale) + options_.extra[eye];
    target.eyes[eye].turn_deg = gaze::DegreesBetween(wanted[eye], frame.eyes[eye].gaze);
    target.asked = target.asked + (wanted[eye] + frame.turn) * (1.0 / kEyes);
    turn_deg += target.eyes[eye].turn_deg / kEyes;
  }
  target.weight *= KnownShare(turn_deg);
  for (size_t eye = 0; eye < kEyes; ++eye) {
    const gaze::EyeBall& ball = shot_.shapes[eye].ball;
    const cv::Point2d move = gaze::IrisAt(ball, wanted[eye]) - gaze::IrisAt(ball, frame.eyes[eye].gaze);
    target.eyes[eye].iris = frame.eyes[eye].iris + move * target.weight;
  }
  return target;
}

}  // namespace shotfix::passes::eyeline

namespace shotfix::passes {

std::vector<EyelineFrame> PlanEyeline(const EyelineOptions& options, const gaze::ShotGaze& shot, double clip_scale) {
  const eyeline::TargetPlan plan(options, shot);
  std::vector<EyelineFrame> frames;
  for (size_t k = 0; k < shot.frames.size(); ++k) {
    const gaze::FrameGaze& found = shot.frames[k];
    EyelineFrame frame;
    frame.frame = shot.first_frame + static_cast<int64_t>(k);
    const eyeline::FrameTarget target = plan.At(frame.frame, clip_scale);
    frame.head = found.turn;
    frame.seen = found.seen;
    frame.asked = target.asked;
    frame.weight = target.weight;
    frame.each_its_own = options.camera || !options.look_at.empty();
    frame.open = std::min(found.eyes[0].open, found.eyes[1].open);
    frame.sure = std::min(found.eyes[0].sure, found.eyes[1].sure);
    for (size_t eye = 0; eye < gaze::kEyes; ++eye) {
      const gaze::Affine frame_from_crop = found.eyes[eye].frame_from_crop.ScaledBy(clip_scale);
      frame.eyes[eye] = found.eyes[eye].gaze;
      frame.straight[eye] = frame_from_crop(shot.shapes[eye].ball.straight);
      frame.iris_before[eye] = frame_from_crop(found.eyes[eye].iris);
      frame.iris_asked[eye] = frame_from_crop(target.eyes[eye].iris);
      frame.before = frame.before + gaze::CameraGaze(found, eye) * (1.0 / gaze::kEyes);
      frame.turn_deg = std::max(frame.turn_deg, target.eyes[eye].turn_deg * target.weight);
    }
    frames.push_back(frame);
  }
  return frames;
}

}  // namespace shotfix::passes
