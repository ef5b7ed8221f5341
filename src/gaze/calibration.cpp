// SPDX-License-Identifier: Apache-2.0
#include "gaze/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <opencv2/core.hpp>

#include "gaze/learn_eyes.h"

namespace shotfix::gaze {
namespace {

constexpr double kSeen = 0.5;

// In radii of the ball: what the iris' centre moves by.
cv::Point2d OffsetOf(Direction gaze) { return IrisAt({{0, 0}, 1, 0}, gaze); }

cv::Point2d MeanIris(const ShotGaze& shot, size_t eye) {
  cv::Point2d sum(0, 0);
  double weights = 1e-9;
  for (const FrameGaze& frame : shot.frames) {
    const EyeState& state = frame.eyes[eye];
    if (state.sure < kSeen) continue;
    sum += state.iris * state.sure;
    weights += state.sure;
  }
  return sum / weights;
}

cv::Point2d MiddleOfCorners(const LidShape& lids) {
  const auto half = static_cast<double>(lids.upper().size() - 1) / 2;
  double first = std::numeric_limits<double>::infinity();
  double last = -first;
  for (size_t k = 0; k < lids.upper().size(); ++k) {
    if (std::isnan(lids.upper()[k])) continue;
    first = std::min(first, static_cast<double>(k) - half);
    last = std::max(last, static_cast<double>(k) - half);
  }
  return {(first + last) / 2, 0};
}

struct KnownFrame {
  Direction gaze;  // from the camera
  Direction turn;  // of the head, as it was followed
  PerEye<cv::Point2d> iris;
};

std::vector<KnownFrame> KnownFrames(const ShotGaze& shot, const std::vector<KnownGaze>& known) {
  std::vector<KnownFrame> frames;
  for (const KnownGaze& hint : known) {
    const FrameGaze& frame = shot.At(hint.frame);
    if (frame.eyes[0].sure < kSeen || frame.eyes[1].sure < kSeen) continue;
    frames.push_back({hint.gaze, frame.turn, {frame.eyes[0].iris, frame.eyes[1].iris}});
  }
  return frames;
}

std::vector<KnownPlace> PlacesOf(const std::vector<KnownFrame>& frames) {
  std::vector<KnownPlace> places;
  for (const KnownFrame& frame : frames) places.push_back({frame.gaze - frame.turn, frame.iris});
  return places;
}

// Note [Gain of the turns]: a head's turn is known up to a factor of its own for yaw and for pitch, for the light on a
// smooth nose stays where it is when the nose goes down (0.6 of the true pitch on the sample production). Gazes that
// are known on frames in which the head is turned differently tell the factor: the eyeball's place and size, and both
// factors, are fitted at once to where the irises are, each with what is known of it before.
struct Scales {
  double yaw_gain = 1;
  double pitch_gain = 1;
  double travel_px = 0;
  PerEye<cv::Point2d> straight{};
};
constexpr int kScales = 7;
using ScaleStep = cv::Vec<double, kScales>;

cv::Point2d Expected(const Scales& scales, const KnownFrame& known, size_t eye) {
  const Direction turn{known.turn.yaw_deg * scales.yaw_gain, known.turn.pitch_deg * scales.pitch_gain};
  return scales.straight[eye] + scales.travel_px * OffsetOf(known.gaze - turn);
}

Scales Moved(Scales scales, const ScaleStep& step) {
  scales.yaw_gain += step[0];
  scales.pitch_gain += step[1];
  scales.travel_px *= std::clamp(1 + step[2], 0.5, 2.0);
  for (size_t eye = 0; eye < kEyes; ++eye)
    scales.straight[eye] +=
        scales.travel_px * cv::Point2d(step[3 + 2 * static_cast<int>(eye)], step[4 + 2 * static_cast<int>(eye)]);
  return scales;
}

// `travel_share`: how far the travel may be off that `scales` begins with.
Scales FitScales(const std::vector<KnownFrame>& known, const Scales& first, double travel_share) {
  constexpr int kRounds = 10;
  constexpr double kStep = 1e-4;
  constexpr double kIrisShare = 0.009;  // of the travel: half a degree
  constexpr double kGainShare = 0.3;
  constexpr double kLeastGain = 0.5;
  constexpr double kMostGain = 2.2;
  const ScaleStep trust(1 / (kGainShare * kGainShare), 1 / (kGainShare * kGainShare), 1 / (travel_share * travel_share),
                        1e-6, 1e-6, 1e-6, 1e-6);
  Scales scales = first;
  for (int round = 0; round < kRounds; ++round) {
    using Normal = cv::Matx<double, kScales, kScales>;
    Normal normal = Normal::diag(trust);
    ScaleStep gradient(trust[0] * (1 - scales.yaw_gain), trust[1] * (1 - scales.pitch_gain),
                       trust[2] * std::log(first.travel_px / scales.travel_px), 0, 0, 0, 0);
    const double weight = 1 / std::pow(kIrisShare * scales.travel_px, 2);
    for (const KnownFrame& frame : known) {
      for (size_t eye = 0; eye < kEyes; ++eye) {
        const cv::Point2d expected = Expected(scales, frame, eye);
        const cv::Point2d miss = frame.iris[eye] - expected;
        ScaleStep jx, jy;
        for (int i = 0; i < kScales; ++i) {
          ScaleStep step;
          step[i] = kStep;
          const cv::Point2d slope = (Expected(Moved(scales, step), frame, eye) - expected) / kStep;
          jx[i] = slope.x;
          jy[i] = slope.y;
        }
        normal += weight * (jx * jx.t() + jy * jy.t());
        gradient += weight * (jx * miss.x + jy * miss.y);
      }
    }
    scales = Moved(scales, normal.solve(gradient, cv::DECOMP_CHOLESKY));
    scales.yaw_gain = std::clamp(scales.yaw_gain, kLeastGain, kMostGain);
    scales.pitch_gain = std::clamp(scales.pitch_gain, kLeastGain, kMostGain);
  }
  return scales;
}

}  // namespace

std::optional<double> TravelFrom(const std::vector<KnownPlace>& known, double iris_px) {
  constexpr double kLeastSpread = 0.004;  // sum of squares: two gazes five degrees apart
  constexpr double kLeastTravel = 1.3;    // in iris radii; others are a mistake in the hints
  constexpr double kMostTravel = 3.2;
  cv::Point2d mean(0, 0);
  PerEye<cv::Point2d> middle{};
  const double share = 1.0 / static_cast<double>(std::max<size_t>(1, known.size()));
  for (const KnownPlace& place : known) {
    mean += OffsetOf(place.gaze) * share;
    for (size_t eye = 0; eye < kEyes; ++eye) middle[eye] += place.iris[eye] * share;
  }
  double spread = 0;
  double along = 0;
  for (const KnownPlace& place : known) {
    const cv::Point2d from_mean = OffsetOf(place.gaze) - mean;
    spread += from_mean.dot(from_mean);
    for (size_t eye = 0; eye < kEyes; ++eye) along += from_mean.dot(place.iris[eye] - middle[eye]) / kEyes;
  }
  if (spread < kLeastSpread) return std::nullopt;
  const double travel = along / spread;
  if (travel < kLeastTravel * iris_px || travel > kMostTravel * iris_px) return std::nullopt;
  return travel;
}

namespace {

// Note [Level eyes]: nobody turns one eye up and the other down. By how much the eyes of a frame differ in pitch beyond
// what they do in most is what the two fits miss: each takes half of it.
void LevelPitches(ShotGaze& shot) {
  std::vector<double> apart;
  for (const FrameGaze& frame : shot.frames) {
    if (frame.eyes[0].sure >= kSeen && frame.eyes[1].sure >= kSeen)
      apart.push_back(frame.eyes[1].gaze.pitch_deg - frame.eyes[0].gaze.pitch_deg);
  }
  if (apart.empty()) return;
  const double usual = MedianOf(apart);
  for (FrameGaze& frame : shot.frames) {
    // Comes in softly: an eye that is hardly seen must not pull at the other on every second frame.
    const double share = std::clamp(2 * std::min(frame.eyes[0].sure, frame.eyes[1].sure) - 0.5, 0.0, 1.0);
    const double half = share * (frame.eyes[1].gaze.pitch_deg - frame.eyes[0].gaze.pitch_deg - usual) / 2;
    frame.eyes[0].gaze.pitch_deg += half;
    frame.eyes[1].gaze.pitch_deg -= half;
  }
}

}  // namespace

void Calibrate(ShotGaze& shot, const FitInputs& inputs, const PerEye<LidShape>& lids) {
  const std::vector<KnownFrame> known = KnownFrames(shot, inputs.known);
  const double radius = (shot.shapes[0].ball.radius_px + shot.shapes[1].ball.radius_px) / 2;
  Scales scales;
  scales.travel_px =
      (shot.shapes[0].ball.travel_px + shot.shapes[1].ball.travel_px) / 2;  // as far as the shot shows it
  if (inputs.travel) scales.travel_px = *inputs.travel * radius;
  shot.calibration = inputs.travel ? Calibration::kZeroKnown : Calibration::kEstimated;
  if (!known.empty()) shot.calibration = inputs.travel ? Calibration::kWhole : Calibration::kZeroKnown;
  if (const std::optional<double> measured = TravelFrom(PlacesOf(known), radius)) {
    scales.travel_px = *measured;
    shot.calibration = Calibration::kWhole;
    shot.travel_measured = true;
  }
  if (known.empty()) {
    cv::Point2d shift(0, 0);
    for (size_t eye = 0; eye < kEyes; ++eye) {
      scales.straight[eye] = MeanIris(shot, eye);
      shift.x += (MiddleOfCorners(lids[eye]).x - scales.straight[eye].x) / kEyes;
    }
    for (cv::Point2d& place : scales.straight) place += shift;
  } else {
    constexpr double kMeasuredShare = 0.2;
    constexpr double kGivenShare = 0.01;
    scales = FitScales(known, scales, shot.travel_measured ? kMeasuredShare : kGivenShare);
  }
  for (FrameGaze& frame : shot.frames)
    frame.turn = {frame.turn.yaw_deg * scales.yaw_gain, frame.turn.pitch_deg * scales.pitch_gain};
  for (size_t eye = 0; eye < kEyes; ++eye) {
    EyeBall& ball = shot.shapes[eye].ball;
    ball.straight = scales.straight[eye];
    ball.travel_px = scales.travel_px;
    for (FrameGaze& frame : shot.frames) frame.eyes[eye].gaze = GazeAt(ball, frame.eyes[eye].iris);
  }
  LevelPitches(shot);
}

double LidFollows(const ShotGaze& shot, size_t eye, const LidShape& lids) {
  constexpr double kMean = 0.6;       // of the iris' travel, of people
  constexpr double kPriorSpread = 4;  // frames whose iris is an eighth of its radius away from the mean
  const double radius = shot.shapes[eye].ball.radius_px;
  std::vector<std::pair<double, double>> places;
  for (const FrameGaze& frame : shot.frames) {
    const EyeState& state = frame.eyes[eye];
    if (state.sure < kSeen || state.open < 0.75) continue;
    const double edge = lids.Upper({state.open, state.lower}, state.iris.x);
    if (!std::isnan(edge)) places.emplace_back(state.iris.y, edge);
  }
  double mean_x = 0;
  double mean_y = 0;
  for (const auto& [iris, edge] : places) {
    mean_x += iris / static_cast<double>(places.size());
    mean_y += edge / static_cast<double>(places.size());
  }
  const double prior = kPriorSpread * radius * radius / 64;
  double spread = prior;
  double along = prior * kMean;
  for (const auto& [iris, edge] : places) {
    spread += (iris - mean_x) * (iris - mean_x);
    along += (iris - mean_x) * (edge - mean_y);
  }
  return std::clamp(along / spread, 0.0, 1.0);
}

}  // namespace shotfix::gaze
