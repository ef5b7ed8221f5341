// SPDX-License-Identifier: Apache-2.0
// Sound, captions, subtitles and data go from source to result packet by packet, never decoded.
#pragma once

#include <vector>

#include "media/ffmpeg.h"
#include "shotfix/media/clip_info.h"

namespace shotfix::media {

// Reads the source's other packets beside the pictures and interleaves them by time.
class StreamCopy {
 public:
  // Adds one stream to `output` for each stream of the source beside the picture, audio only with `sound`, and the
  // chapters. `frames` cuts them to that part of the picture. Throws kUsage when the container cannot hold the sound;
  // other streams that it cannot hold are left out with a warning.
  StreamCopy(const ClipInfo& source, FrameRange frames, bool sound, AVFormatContext& output);

  // Writes packets that start before `time_s` (of the result). Throws kIo.
  void WriteUntil(double time_s);
  void WriteRest();

 private:
  bool Wanted(const AVStream& stream, bool sound) const;
  void AddStream(const AVStream& in);
  void CopyChapters();
  bool ReadNext();
  UniqueFormatInput input_;
  AVFormatContext& output_;
  std::string name_;  // of the source, for messages
  UniquePacket packet_{av_packet_alloc()};
  std::vector<int> target_;  // output stream of each input stream, -1: not copied
  double begin_s_ = 0;
  double end_s_ = 0;
  bool whole_ = true;
  bool pending_ = false;
  bool done_ = false;
};

}  // namespace shotfix::media
