// SPDX-License-Identifier: Apache-2.0
// An eyeline as a user writes it, and as the pass wants it.
#include "shotfix/core/error.h"
#include "shotfix/core/frame_csv.h"
#include "shotfix/pipeline/job.h"

namespace shotfix::pipeline {
namespace {

std::vector<passes::GazeKey> ReadKeys(const std::string& path) {
  std::vector<passes::GazeKey> keys;
  for (const auto& [frame, angles] : ReadFrameCsv(path, "frame,yaw,pitch"))
    keys.push_back({frame, gaze::ParseDirection(angles)});
  if (keys.empty()) Throw(ErrorCode::kData, "\"{}\" has no keys; write frame,yaw,pitch a line", path);
  return keys;
}

}  // namespace

passes::EyelineOptions EyelineRequest::Look() const {
  passes::EyelineOptions result = look;
  if (!to.empty()) result.to = gaze::ParseDirection(to);
  if (!by.empty()) result.by = gaze::ParseDirection(by);
  result.camera = camera;
  for (const std::string& text : look_at) result.look_at.push_back(passes::ParseLookAt(text));
  if (!keys.empty()) result.keys = ReadKeys(keys);
  if (!at.empty()) result.at = gaze::Direction{};  // found when the other shot is looked at
  if (!left_by.empty()) result.extra[0] = gaze::ParseDirection(left_by);
  if (!right_by.empty()) result.extra[1] = gaze::ParseDirection(right_by);
  result.space = passes::ParseGazeSpace(space);
  result.Validate();
  return result;
}

std::string EyelineRequest::TargetText() const {
  if (!to.empty()) return fmt::format("to {} of the {}", to, space);
  if (!by.empty()) return "by " + by;
  if (!look_at.empty()) return "look at " + look_at.front() + (look_at.size() > 1 ? " and on" : "");
  if (!keys.empty()) return "keys of " + keys;
  return at.empty() ? "into the lens" : "at the eyes of " + at;
}

}  // namespace shotfix::pipeline
