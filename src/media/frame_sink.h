// SPDX-License-Identifier: Apache-2.0
// What an Encoder writes into: a container by FFmpeg, or EXR files.
#pragma once

#include <filesystem>
#include <vector>

#include "shotfix/media/encoder.h"

namespace shotfix::media {

class FrameSink {
 public:
  virtual ~FrameSink() = default;
  virtual void Write(const image::PixelPlanes& planes, int64_t index, const FrameExtras& extras) = 0;
  virtual void Finish() = 0;
  const std::vector<std::filesystem::path>& files() const { return files_; }

 protected:
  std::vector<std::filesystem::path> files_;
};

// Timecode of a source frame; nothing when the source has none.
std::optional<Timecode> TimecodeAt(const ClipInfo& source, int64_t index);
// The same for headers that pack it into 32 bits (ST 12-1), which count no further than 30 frames a second.
std::optional<Timecode> PackableTimecodeAt(const ClipInfo& source, int64_t index);
std::unique_ptr<FrameSink> MakeLibavSink(const std::filesystem::path& path, const EncodeSettings& settings,
                                         const ClipInfo& source);

}  // namespace shotfix::media
