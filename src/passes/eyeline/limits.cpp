// SPDX-License-Identifier: Apache-2.0
// What an eyeline can do, and what it says where it cannot.
#include <algorithm>
#include <cmath>
#include <functional>

#include "passes/eyeline/targets.h"
#include "shotfix/core/error.h"

namespace shotfix::passes {
namespace {

constexpr double kWidestDeg = 25;       // a larger turn is refused
constexpr double kWideDeg = 15;         // a larger turn is warned of
constexpr double kSmallestIrisPx = 10;  // across, px of the clip; smaller is refused
constexpr double kSmallIrisPx = 20;     // across; smaller is warned of
constexpr double kHardlySeen = 0.3;
constexpr double kSquint = 0.6;  // of the usual opening; below 0.45 it is a blink
constexpr double kBlink = 0.45;
constexpr double kFastRadii =
    0.5;  // of an iris, from frame to frame: half of that is blur with a shutter of 180 degrees

// "3, 7-9"; at most eight stretches.
std::string FramesText(const std::vector<int64_t>& frames) {
  constexpr int kMost = 8;
  std::string text;
  int stretches = 0;
  for (size_t k = 0; k < frames.size();) {
    size_t end = k;
    while (end + 1 < frames.size() && frames[end + 1] == frames[end] + 1) ++end;
    if (stretches++ == kMost) return text + ", ...";
    text += (text.empty() ? "" : ", ") + std::to_string(frames[k]);
    if (end > k) text += "-" + std::to_string(frames[end]);
    k = end + 1;
  }
  return text;
}

std::vector<int64_t> Where(const std::vector<EyelineFrame>& frames, const std::function<bool(size_t)>& is) {
  std::vector<int64_t> found;
  for (size_t k = 0; k < frames.size(); ++k) {
    if (frames[k].weight > 0 && is(k)) found.push_back(frames[k].frame);
  }
  return found;
}

double Speed(const std::vector<EyelineFrame>& frames, size_t k) {
  double most = 0;
  for (size_t eye = 0; eye < gaze::kEyes && k > 0 && frames[k - 1].seen; ++eye) {
    const cv::Point2d way = frames[k].iris_before[eye] - frames[k - 1].iris_before[eye];
    most = std::max(most, std::hypot(way.x, way.y));
  }
  return most;
}

}  // namespace

std::vector<std::string> CheckEyeline(const EyelineOptions& options, const gaze::ShotGaze& shot,
                                      const std::vector<EyelineFrame>& frames, double clip_scale) {
  const double iris_px = 2 * shot.shapes[0].ball.radius_px * clip_scale;
  if (iris_px < kSmallestIrisPx && !options.force)
    Throw(ErrorCode::kData,
          "the irises are {:.0f} px across, {} are needed to turn them; viewers cannot read these eyes either "
          "(--force turns them all the same)",
          iris_px, kSmallestIrisPx);
  const std::vector<int64_t> too_wide = Where(frames, [&](size_t k) { return frames[k].turn_deg > kWidestDeg; });
  if (!too_wide.empty() && !options.force)
    Throw(
        ErrorCode::kData,
        "the eyes would turn by more than {} degrees on frames {}; choose a nearer target, leave these frames out with "
        "--during, or say --force",
        kWidestDeg, FramesText(too_wide));
  std::vector<std::string> warnings;
  const auto warn = [&](const std::vector<int64_t>& where, const std::string& what) {
    if (!where.empty()) warnings.push_back("frames " + FramesText(where) + ": " + what);
  };
  if (iris_px < kSmallIrisPx)
    warnings.push_back(fmt::format(
        "the irises are {:.0f} px across; below {} gazes are known to some four degrees only", iris_px, kSmallIrisPx));
  std::vector<int64_t> unseen;
  for (const EyelineFrame& frame : frames) {
    if (!frame.seen) unseen.push_back(frame.frame);
  }
  warn(unseen, "the actor's eyes are not to be seen; nothing is turned");
  warn(too_wide, fmt::format("turned by more than {} degrees, as forced", kWidestDeg));
  warn(Where(frames, [&](size_t k) { return frames[k].turn_deg > kWideDeg && frames[k].turn_deg <= kWidestDeg; }),
       fmt::format("turned by more than {} degrees: look closely", kWideDeg));
  warn(Where(frames, [&](size_t k) { return frames[k].sure < kHardlySeen && frames[k].open >= kSquint; }),
       "an eye is hidden or has glare; its iris is carried over from other frames");
  warn(Where(frames, [&](size_t k) { return frames[k].open < kSquint && frames[k].open >= kBlink; }),
       "the eyes are half closed");
  warn(Where(frames, [&](size_t k) { return Speed(frames, k) > kFastRadii * iris_px / 2; }),
       "the eyes move fast and may be blurred");
  return warnings;
}

}  // namespace shotfix::passes
