// SPDX-License-Identifier: Apache-2.0
#include "shotfix/core/frame_range.h"

#include <charconv>

#include "shotfix/core/error.h"

namespace shotfix {
namespace {

int64_t ParseSide(std::string_view side, int64_t open_value, std::string_view text) {
  if (side.empty()) return open_value;
  int64_t value = 0;
  const auto [end, problem] = std::from_chars(side.data(), side.data() + side.size(), value);
  if (problem != std::errc() || end != side.data() + side.size()) {
    Throw(ErrorCode::kUsage,
          "--frames \"{}\" is not a range; write A:B with the first frame A and the frame B after the last", text);
  }
  return value;
}

}  // namespace

std::string FrameRange::ToString() const { return fmt::format("{}:{}", begin, end); }

FrameRange FrameRange::Parse(std::string_view text, FrameRange whole) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    Throw(ErrorCode::kUsage, "--frames \"{}\" has no colon; write A:B, for one frame N write N:N+1", text);
  }
  const FrameRange range{ParseSide(text.substr(0, colon), whole.begin, text),
                         ParseSide(text.substr(colon + 1), whole.end, text)};
  if (range.begin >= range.end || range.begin < whole.begin || range.end > whole.end) {
    Throw(ErrorCode::kUsage, "--frames {} is empty or outside the clip, which has {}", text, whole.ToString());
  }
  return range;
}

}  // namespace shotfix
