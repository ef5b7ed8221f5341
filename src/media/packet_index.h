// SPDX-License-Identifier: Apache-2.0
// The presentation times of a clip's frames, from one pass over its packets.
#pragma once

#include <vector>

#include "media/ffmpeg.h"
#include "shotfix/media/clip_info.h"

namespace shotfix::media {

// Fills pts, frames, rate, variable_rate. Throws kData on zero frames and on a file that ends before its header says.
void IndexPackets(AVFormatContext& input, int stream_index, ClipInfo& info);
// The lowest frame number of a sequence pattern and how many follow without a gap. Throws kNoInput when none, kData on
// a gap.
FrameRange ScanSequence(const std::filesystem::path& pattern);

}  // namespace shotfix::media
