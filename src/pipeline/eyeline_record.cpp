// SPDX-License-Identifier: Apache-2.0
#include "shotfix/pipeline/eyeline_record.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "pipeline/clip_eyes.h"
#include "shotfix/core/error.h"
#include "shotfix/core/log.h"
#include "shotfix/gaze/meter.h"
#include "shotfix/media/shot_reader.h"

namespace shotfix::pipeline {
namespace {

using Json = nlohmann::json;

Json Both(const gaze::Direction& gaze) { return {gaze.yaw_deg, gaze.pitch_deg}; }
Json Places(const gaze::PerEye<cv::Point2d>& places) {
  return {{places[0].x, places[0].y}, {places[1].x, places[1].y}};
}

const char* NameOf(gaze::Calibration calibration) {
  switch (calibration) {
    case gaze::Calibration::kWhole: return "whole";
    case gaze::Calibration::kZeroKnown: return "partly";
    case gaze::Calibration::kEstimated: return "estimated";
  }
  return "";
}

// What one frame achieved: the fit's gaze of the source, moved by what the meter sees between source and output, so
// that what meter and fit see differently by habit counts nothing.
std::optional<gaze::PerEye<gaze::Direction>> AchievedIn(const EyelineRecord& record, const passes::EyelineFrame& frame,
                                                        const at::Tensor& source, const at::Tensor& output) {
  gaze::PerEye<gaze::Direction> achieved;
  const gaze::FrameGaze& found = record.shot->At(frame.frame);
  for (size_t eye = 0; eye < gaze::kEyes; ++eye) {
    const gaze::EyeState& state = found.eyes[eye];
    const gaze::EyeBall& ball = record.shot->shapes[eye].ball;
    const double scale = state.frame_from_crop.Scale();
    const gaze::EyeBall seen{state.frame_from_crop(ball.straight), ball.travel_px * scale, ball.radius_px * scale};
    const auto at = [&](const cv::Point2d& clip) {
      return cv::Point2d((clip.x + 0.5) / record.clip_scale - 0.5, (clip.y + 0.5) / record.clip_scale - 0.5);
    };
    const auto before = gaze::MeasureIris(source, at(frame.iris_before[eye]), seen);
    const auto after = gaze::MeasureIris(output, at(frame.iris_asked[eye]), seen);
    if (!before || !after) return std::nullopt;
    const gaze::Affine crop_from_frame = state.frame_from_crop.Inverse();
    const cv::Point2d moved = crop_from_frame(*after) - crop_from_frame(*before);
    achieved[eye] = gaze::GazeAt(ball, state.iris + moved) + found.turn;
  }
  return achieved;
}

double Quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1) + 0.5)];
}

}  // namespace

gaze::Direction EyelineRecord::Achieved(int64_t frame) const {
  const gaze::PerEye<gaze::Direction>& eyes = achieved.at(frame);
  return (eyes[0] + eyes[1]) * 0.5;
}

std::optional<EyelineRecord::Error> EyelineRecord::ErrorOfTurns() const {
  std::vector<double> errors;
  std::vector<double> apart;
  for (const passes::EyelineFrame& frame : frames) {
    const auto found = achieved.find(frame.frame);
    if (found == achieved.end()) continue;
    const gaze::Direction wanted = frame.before + (frame.asked - frame.before) * frame.weight;
    errors.push_back(gaze::DegreesBetween(Achieved(frame.frame), wanted));
    const gaze::FrameGaze& own = shot->At(frame.frame);
    const gaze::Direction difference = found->second[1] - found->second[0];
    // Into the lens each eye has its own way; else both keep their difference.
    const gaze::Direction kept = gaze::CameraGaze(own, 1) - gaze::CameraGaze(own, 0);
    apart.push_back(gaze::DegreesBetween(difference, frame.each_its_own ? gaze::Direction{} : kept));
  }
  if (errors.empty()) return std::nullopt;
  return Error{Quantile(errors, 0.5), Quantile(errors, 0.9), Quantile(apart, 0.5)};
}

void MeasureAchieved(EyelineRecord& record, const media::ClipInfo& source, const std::filesystem::path& output,
                     int64_t first_frame, Progress& progress) {
  constexpr double kOpen = 0.6;  // of the usual opening: lids hide too much of the rest
  constexpr double kSure = 0.5;
  try {
    media::ProbeOptions options;
    if (output.extension() != ".exr") options.in_space = source.space;  // EXR is linear, and says so
    const media::ClipInfo info = media::Probe(output.string(), options);
    const auto before = media::OpenShotReader(source, source.frames, kEyeLongSidePx);
    const auto after = media::OpenShotReader(info, info.frames, kEyeLongSidePx);
    const int64_t count = info.frames.size();
    for (const passes::EyelineFrame& frame : record.frames) {
      const int64_t place = frame.frame - (info.is_sequence ? info.frames.begin : first_frame);
      if (place < 0 || place >= count) continue;
      progress.Update("measuring the gaze", place + 1, count, "");
      if (frame.weight < 1e-3 || frame.open < kOpen || frame.sure < kSure) continue;
      const auto achieved =
          AchievedIn(record, frame, before->Analysis(frame.frame), after->Analysis(info.frames.begin + place));
      if (achieved) record.achieved[frame.frame] = *achieved;
    }
  } catch (const std::exception& problem) {  // the deliverable is there, whatever becomes of the measuring
    log::Warning("what the eyeline achieved could not be measured: {}", problem.what());
  }
}

std::string ToJson(const EyelineRecord& record) {
  const gaze::EyeBall& ball = record.shot->shapes[0].ball;
  Json json = {{"calibration", NameOf(record.shot->calibration)},
               {"iris_px", 2 * ball.radius_px * record.clip_scale},
               {"ball_over_iris", ball.travel_px / ball.radius_px},
               {"lids_follow", {record.shot->shapes[0].upper_follows, record.shot->shapes[1].upper_follows}},
               {"warnings", record.warnings}};
  if (const auto error = record.ErrorOfTurns())
    json["error_deg"] = {
        {"median", error->median_deg}, {"of_90_percent", error->most_deg}, {"eyes_apart", error->apart_deg}};
  for (const passes::EyelineFrame& frame : record.frames) {
    Json row = {{"frame", frame.frame},
                {"head_deg", Both(frame.head)},
                {"before_deg", Both(frame.before)},
                {"asked_deg", Both(frame.asked)},
                {"seen", frame.seen},
                {"weight", frame.weight},
                {"open", frame.open},
                {"sure", frame.sure},
                {"turn_deg", frame.turn_deg},
                {"eyes_deg", {Both(frame.eyes[0]), Both(frame.eyes[1])}},
                {"eyeballs_px", Places(frame.straight)},
                {"iris_before_px", Places(frame.iris_before)},
                {"iris_asked_px", Places(frame.iris_asked)}};
    if (record.achieved.contains(frame.frame)) row["achieved_deg"] = Both(record.Achieved(frame.frame));
    json["frames"].push_back(std::move(row));
  }
  return json.dump();
}

}  // namespace shotfix::pipeline
