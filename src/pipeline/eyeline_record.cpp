// SPDX-License-Identifier: Apache-2.0
#include "pipeline/eyeline_record.h"

#include <nlohmann/json.hpp>

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
    case gaze::Calibration::kMeanEye: return "mean eye";
  }
  return "";
}

}  // namespace

std::string EyelineJson(const gaze::ShotGaze& shot, const std::vector<passes::EyelineFrame>& frames, double clip_scale) {
  const gaze::EyeBall& ball = shot.shapes[0].ball;
  Json json = {{"calibration", NameOf(shot.calibration)},
               {"iris_px", 2 * ball.radius_px * clip_scale},
               {"ball_over_iris", ball.travel_px / ball.radius_px},
               {"rim_softness", {shot.shapes[0].rim_softness, shot.shapes[1].rim_softness}},
               {"lids_follow", {shot.shapes[0].upper_follows, shot.shapes[1].upper_follows}}};
  for (const passes::EyelineFrame& frame : frames) {
    json["frames"].push_back({{"frame", frame.frame},
                              {"head_deg", Both(frame.head)},
                              {"before_deg", Both(frame.before)},
                              {"asked_deg", Both(frame.asked)},
                              {"weight", frame.weight},
                              {"open", frame.open},
                              {"sure", frame.sure},
                              {"turn_deg", frame.turn_deg},
                              {"iris_before_px", Places(frame.iris_before)},
                              {"iris_asked_px", Places(frame.iris_asked)}});
  }
  return json.dump();
}

}  // namespace shotfix::pipeline
