// SPDX-License-Identifier: Apache-2.0
// An eyeline as a user writes it, and as the pass wants it.
#include <charconv>
#include <sstream>

#include "shotfix/core/atomic_file.h"
#include "shotfix/core/error.h"
#include "shotfix/pipeline/job.h"

namespace shotfix::pipeline {
namespace {

// "frame,yaw,pitch" a line; the first line may be a heading.
std::vector<passes::GazeKey> ReadKeys(const std::string& path) {
  constexpr size_t kMaxBytes = size_t{1} << 20;
  std::vector<passes::GazeKey> keys;
  std::istringstream lines(ReadFile(path, kMaxBytes));
  int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::erase_if(line, [](char letter) { return letter == ' ' || letter == '\r'; });
    const bool heading = number == 1 && line.find_first_of("0123456789") == std::string::npos;
    if (line.empty() || heading) continue;
    const size_t comma = line.find(',');
    passes::GazeKey key;
    const auto [end, problem] = std::from_chars(line.data(), line.data() + std::min(comma, line.size()), key.frame);
    if (comma == std::string::npos || problem != std::errc() || end != line.data() + comma)
      Throw(ErrorCode::kData, "\"{}\", line {}: write frame,yaw,pitch", path, number);
    key.gaze = gaze::ParseDirection(line.substr(comma + 1));
    keys.push_back(key);
  }
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
