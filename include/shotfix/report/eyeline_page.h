// SPDX-License-Identifier: Apache-2.0
// The page that shows where an actor looked, was to look and looks now: one HTML file with everything in it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace shotfix::report {

// Degrees; yaw + is picture right, pitch + is up, seen from the camera.
struct GazePoint {
  double yaw_deg = 0;
  double pitch_deg = 0;
};
struct EyelinePageFrame {
  int64_t frame = 0;
  GazePoint before;
  GazePoint asked;
  std::optional<GazePoint> achieved;  // nothing: not measured (a blink, a file that cannot be read back)
  double weight = 1;                  // 0: left alone
};
struct EyelinePage {
  std::string title;
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<EyelinePageFrame> frames;
  std::vector<std::string> warnings;
};

// Throws kCannotCreate, kIo.
void WriteEyelinePage(const std::filesystem::path& path, const EyelinePage& page);

}  // namespace shotfix::report
