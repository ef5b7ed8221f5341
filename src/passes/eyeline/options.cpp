// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdio>

#include "shotfix/core/error.h"
#include "shotfix/passes/eyeline.h"

namespace shotfix::passes {
namespace {

void CheckDirection(const char* name, const gaze::Direction& gaze) {
  constexpr double kMost = 60;
  const auto fits = [](double angle) { return angle >= -kMost && angle <= kMost; };
  if (!fits(gaze.yaw_deg) || !fits(gaze.pitch_deg))
    Throw(ErrorCode::kUsage, "--{} is {},{}; allowed is -{} to {} degrees each", name, gaze.yaw_deg, gaze.pitch_deg,
          kMost, kMost);
}

}  // namespace

std::string ToString(GazeSpace space) { return space == GazeSpace::kHead ? "head" : "camera"; }

GazeSpace ParseGazeSpace(const std::string& name) {
  if (name == "head") return GazeSpace::kHead;
  if (name == "camera") return GazeSpace::kCamera;
  Throw(ErrorCode::kUsage, "\"{}\" is no space of a gaze; \"head\" and \"camera\" are", name);
}

LookAt ParseLookAt(const std::string& text) {
  LookAt key;
  int used = 0;
  long long frame = 0;
  const auto size = static_cast<int>(text.size());
  if (std::sscanf(text.c_str(), "%lf,%lf%n", &key.place.x, &key.place.y, &used) == 2 && used == size) return key;
  if (std::sscanf(text.c_str(), "%lf,%lf@%lld%n", &key.place.x, &key.place.y, &frame, &used) == 3 && used == size) {
    key.frame = frame;
    return key;
  }
  Throw(ErrorCode::kUsage, "\"{}\" is no point to look at; write X,Y in px of the clip, or X,Y@FRAME", text);
}

void EyelineOptions::Validate() const {
  const auto check = [](const char* name, double value, double low, double high) {
    if (!(value >= low && value <= high))
      Throw(ErrorCode::kUsage, "--{} is {}; allowed is {} to {}", name, value, low, high);
  };
  const int targets = (to ? 1 : 0) + (by ? 1 : 0) + (camera ? 1 : 0) + (look_at.empty() ? 0 : 1) +
                      (keys.empty() ? 0 : 1) + (at ? 1 : 0);
  if (targets != 1)
    Throw(ErrorCode::kUsage, "{} targets are given; give one of --to, --by, --camera, --look-at, --keys and --at",
          targets == 0 ? "no" : "several");
  if (to) CheckDirection("to", *to);
  if (by) CheckDirection("by", *by);
  for (const gaze::Direction& eye : extra) CheckDirection("left-by and --right-by", eye);
  for (size_t k = 0; k < keys.size(); ++k) {
    CheckDirection("keys", keys[k].gaze);
    if (k > 0 && keys[k].frame <= keys[k - 1].frame)
      Throw(ErrorCode::kUsage, "--keys: frame {} does not come after frame {}", keys[k].frame, keys[k - 1].frame);
  }
  for (const LookAt& key : look_at) {
    if (!std::isfinite(key.place.x) || !std::isfinite(key.place.y))
      Throw(ErrorCode::kUsage, "--look-at: {},{} is no place of the picture", key.place.x, key.place.y);
  }
  for (size_t k = 0; k < look_at.size() && look_at.size() > 1; ++k) {
    if (!look_at[k].frame) Throw(ErrorCode::kUsage, "several --look-at need frames: X,Y@FRAME");
    if (k > 0 && *look_at[k].frame <= *look_at[k - 1].frame)
      Throw(ErrorCode::kUsage, "--look-at: frame {} does not come after frame {}", *look_at[k].frame,
            *look_at[k - 1].frame);
  }
  check("depth", depth, 0, 0.95);
  check("view", view_deg, 1, 150);
  check("ease", ease_frames, 0, 100);
  check("strength", strength, 0, 1);
  check("lids", lids, 0, 2);
}

}  // namespace shotfix::passes
