// SPDX-License-Identifier: Apache-2.0
// Exact time: rational rates and SMPTE ST 12-1 timecode. No doubles, so 24000/1001 stays 24000/1001.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shotfix {

struct Rational {
  int64_t num = 0;
  int64_t den = 1;

  bool operator==(const Rational&) const = default;
  double ToDouble() const { return den == 0 ? 0.0 : static_cast<double>(num) / static_cast<double>(den); }
  std::string ToString() const;  // "24000/1001"
};

// A timecode as a frame count since 00:00:00:00 at a nominal integer rate (24, 25, 30, 60 ...).
struct Timecode {
  int64_t frames = 0;
  int nominal_fps = 24;
  bool drop_frame = false;  // only 30 and 60: two (four) numbers skipped each minute but the tenth

  // Reads "HH:MM:SS:FF" or, drop frame, "HH:MM:SS;FF". Nothing when it is not a timecode.
  static std::optional<Timecode> Parse(std::string_view text, Rational rate);
  std::string ToString() const;
  Timecode Plus(int64_t frame_count) const { return {frames + frame_count, nominal_fps, drop_frame}; }
};

}  // namespace shotfix
