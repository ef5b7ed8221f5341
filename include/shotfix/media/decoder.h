// SPDX-License-Identifier: Apache-2.0
// Streaming decode: one frame at a time, memory constant in the length of the clip.
#pragma once

#include <c10/core/Device.h>

#include <memory>
#include <optional>

#include "shotfix/image/frame.h"
#include "shotfix/media/clip_info.h"

namespace shotfix::media {

// Owns FFmpeg's demuxer and decoder. One thread at a time.
class Decoder {
 public:
  // `info` comes from Probe of the same file.
  explicit Decoder(ClipInfo info, c10::Device device = c10::Device(c10::DeviceType::CPU));
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  const ClipInfo& info() const;
  // The next frame call returns is `index` (the clip's own numbering). Exact, whatever the codec.
  void Seek(int64_t index);
  // Nothing at the end of the clip. A frame that does not decode is what info().on_bad_frame says: kData, with the
  // frame, or the last good one again (`held`).
  std::optional<image::Frame> Next();
  // As Next, without the conversion to linear light: `rgb` stays undefined.
  std::optional<image::Frame> NextSamples();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace shotfix::media
