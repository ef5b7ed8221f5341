// SPDX-License-Identifier: Apache-2.0
// The header of DPX (SMPTE ST 268): what FFmpeg neither reads whole nor writes. Its encoder ends the header before the
// television section and calls every picture linear.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shotfix/core/rational.h"
#include "shotfix/image/colour.h"

namespace shotfix::media {

struct DpxFacts {
  std::string timecode;          // empty when there is none
  std::optional<Rational> rate;  // of the film or television section
  bool transfer_known = false;   // false for what FFmpeg calls linear without looking
};

bool IsDpx(const std::filesystem::path& path);
// Facts from the first 2,048 bytes of a file; whatever is not there or makes no sense is left out. Never throws on
// content.
DpxFacts ParseDpxHeader(std::span<const uint8_t> header);
DpxFacts ReadDpxFacts(const std::filesystem::path& path);  // throws kNoInput

// The file that FFmpeg's encoder made, with a whole header: timecode, rate, and the transfer that the samples have
// (user defined for what ST 268 has no code for). Throws kInternal when `file` is no DPX of FFmpeg's.
std::vector<uint8_t> WithWholeDpxHeader(std::span<const uint8_t> file, const image::ColourSpace& space, Rational rate,
                                        const std::optional<Timecode>& timecode);

}  // namespace shotfix::media
