// SPDX-License-Identifier: Apache-2.0
#include "gaze/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <opencv2/core.hpp>

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

std::vector<KnownPlace> KnownPlaces(const ShotGaze& shot, const std::vector<KnownGaze>& known) {
  std::vector<KnownPlace> places;
  for (const KnownGaze& hint : known) {
    const FrameGaze& frame = shot.At(hint.frame);
    if (frame.eyes[0].sure < kSeen || frame.eyes[1].sure < kSeen) continue;
    places.push_back({hint.gaze - frame.turn, {frame.eyes[0].iris, frame.eyes[1].iris}});
  }
  return places;
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

void Calibrate(ShotGaze& shot, const FitInputs& inputs, const PerEye<LidShape>& lids) {
  const std::vector<KnownPlace> known = KnownPlaces(shot, inputs.known);
  const double radius = (shot.shapes[0].ball.radius_px + shot.shapes[1].ball.radius_px) / 2;
  double travel = inputs.travel.value_or(kMeanTravel) * radius;
  shot.calibration = inputs.travel ? Calibration::kZeroKnown : Calibration::kMeanEye;
  if (!known.empty()) shot.calibration = inputs.travel ? Calibration::kWhole : Calibration::kZeroKnown;
  if (const std::optional<double> measured = TravelFrom(known, radius)) {
    travel = *measured;
    shot.calibration = Calibration::kWhole;
    shot.travel_measured = true;
  }
  PerEye<cv::Point2d> straight{};
  if (known.empty()) {
    cv::Point2d shift(0, 0);
    for (size_t eye = 0; eye < kEyes; ++eye) {
      straight[eye] = MeanIris(shot, eye);
      shift.x += (MiddleOfCorners(lids[eye]).x - straight[eye].x) / kEyes;
    }
    for (cv::Point2d& place : straight) place += shift;
  } else {
    for (const KnownPlace& place : known) {
      for (size_t eye = 0; eye < kEyes; ++eye)
        straight[eye] += (place.iris[eye] - travel * OffsetOf(place.gaze)) / static_cast<double>(known.size());
    }
  }
  for (size_t eye = 0; eye < kEyes; ++eye) {
    EyeBall& ball = shot.shapes[eye].ball;
    ball.straight = straight[eye];
    ball.travel_px = travel;
    for (FrameGaze& frame : shot.frames) frame.eyes[eye].gaze = GazeAt(ball, frame.eyes[eye].iris);
  }
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
