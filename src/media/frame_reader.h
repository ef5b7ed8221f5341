// SPDX-License-Identifier: Apache-2.0
// Decoded pictures in order, from a container or from EXR files. What to do about damage is the Decoder's affair.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "shotfix/core/error.h"
#include "shotfix/image/pixel_planes.h"
#include "shotfix/media/clip_info.h"

namespace shotfix::media {

// One frame does not decode; reading may go on behind it.
class DamagedFrame : public Error {
 public:
  using Error::Error;
};

struct RawFrame {
  std::shared_ptr<const image::PixelPlanes> planes;
  int64_t index = 0;
  int64_t pts = 0;
  int64_t duration = 0;
  std::vector<uint8_t> captions;
};

class FrameReader {
 public:
  virtual ~FrameReader() = default;
  // The next Read gives the first picture at or behind `index`.
  virtual void Seek(int64_t index) = 0;
  // Nothing at the end. Throws DamagedFrame, after which it may be called again, and kData where going on makes no
  // sense.
  virtual std::optional<RawFrame> Read() = 0;
  // After a seek that landed behind the wanted frame: starts over from the first one. False when that cannot help.
  virtual bool StartOver() = 0;
};

std::unique_ptr<FrameReader> OpenLibavReader(const ClipInfo& info);
std::unique_ptr<FrameReader> OpenExrReader(const ClipInfo& info);

}  // namespace shotfix::media
