// SPDX-License-Identifier: Apache-2.0
// Half-open ranges of frames, [begin, end), in a clip's own numbering.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace shotfix {

struct FrameRange {
  int64_t begin = 0;
  int64_t end = 0;

  bool operator==(const FrameRange&) const = default;
  int64_t size() const { return end - begin; }
  bool Contains(int64_t frame) const { return frame >= begin && frame < end; }
  std::string ToString() const;

  // Reads "A:B", "A:" or ":B"; open sides are taken from `whole`. Throws kUsage on anything else,
  // on an empty range and on frames outside `whole`.
  static FrameRange Parse(std::string_view text, FrameRange whole);
};

}  // namespace shotfix
