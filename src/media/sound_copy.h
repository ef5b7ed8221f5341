// SPDX-License-Identifier: Apache-2.0
// Sound goes from source to result packet by packet, never decoded.
#pragma once

#include <vector>

#include "media/ffmpeg.h"
#include "shotfix/media/clip_info.h"

namespace shotfix::media {

// Reads the source's audio packets beside the pictures and interleaves them by time.
class SoundCopy {
 public:
  // Adds one stream to `output` for each audio stream of the source. `frames` cuts the sound to that part of the
  // picture. Throws kUsage when the container cannot hold the codec.
  SoundCopy(const ClipInfo& source, FrameRange frames, AVFormatContext& output);

  // Writes packets that start before `time_s` (of the result). Throws kIo.
  void WriteUntil(double time_s);
  void WriteRest();

 private:
  bool ReadNext();
  UniqueFormatInput input_;
  AVFormatContext& output_;
  UniquePacket packet_{av_packet_alloc()};
  std::vector<int> target_;  // output stream of each input stream, -1: not copied
  double begin_s_ = 0;
  double end_s_ = 0;
  bool whole_ = true;
  bool pending_ = false;
  bool done_ = false;
};

}  // namespace shotfix::media
