// SPDX-License-Identifier: Apache-2.0
#include "shotfix/core/rational.h"

#include <fmt/core.h>

#include <array>
#include <cstdio>

namespace shotfix {
namespace {

int DroppedPerMinute(const Timecode& timecode) { return timecode.drop_frame ? timecode.nominal_fps / 15 : 0; }

}  // namespace

std::string Rational::ToString() const { return fmt::format("{}/{}", num, den); }

std::optional<Timecode> Timecode::Parse(std::string_view text, Rational rate) {
  std::array<int, 4> part{};
  char separator = 0;
  const std::string copy(text);
  int used = 0;
  const int read =
      std::sscanf(copy.c_str(), "%2d:%2d:%2d%c%3d%n", &part[0], &part[1], &part[2], &separator, &part[3], &used);
  const bool separator_ok = separator == ':' || separator == ';' || separator == '.';
  if (read != 5 || !separator_ok || rate.num <= 0 || rate.den <= 0) return std::nullopt;
  Timecode result;
  result.nominal_fps = static_cast<int>((rate.num + rate.den - 1) / rate.den);
  result.drop_frame = separator != ':' && result.nominal_fps % 30 == 0;
  if (part[0] > 23 || part[1] > 59 || part[2] > 59 || part[3] >= result.nominal_fps) return std::nullopt;
  const int64_t minutes = part[0] * 60 + part[1];
  result.frames = (minutes * 60 + part[2]) * result.nominal_fps + part[3];
  result.frames -= DroppedPerMinute(result) * (minutes - minutes / 10);
  return result;
}

std::string Timecode::ToString() const {
  int64_t count = frames;
  const int dropped = DroppedPerMinute(*this);
  const int64_t per_day = int64_t{24} * 3600 * nominal_fps - int64_t{dropped} * (24 * 60 - 24 * 6);
  count = ((count % per_day) + per_day) % per_day;
  if (drop_frame) {
    const int64_t per_minute = int64_t{60} * nominal_fps - dropped;
    const int64_t per_ten = per_minute * 10 + dropped;
    const int64_t tens = count / per_ten;
    const int64_t rest = count % per_ten;
    count += tens * 9 * dropped;
    if (rest >= int64_t{60} * nominal_fps) count += dropped * ((rest - dropped) / per_minute);
  }
  const int64_t seconds = count / nominal_fps;
  return fmt::format("{:02}:{:02}:{:02}{}{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60,
                     drop_frame ? ';' : ':', count % nominal_fps);
}

}  // namespace shotfix
