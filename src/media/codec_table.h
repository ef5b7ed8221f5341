// SPDX-License-Identifier: Apache-2.0
// What each deliverable codec needs from FFmpeg, as one table.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "media/ffmpeg.h"
#include "shotfix/media/encoder.h"

namespace shotfix::media {

struct CodecSpec {
  Codec codec;
  const char* name;                     // of --codec
  const char* encoder;                  // FFmpeg's name
  std::vector<const char*> extensions;  // the first is its home
  bool image_sequence;
  std::vector<AVPixelFormat> formats;  // allowed, best match is chosen; empty: whatever the encoder lists
};

const std::vector<CodecSpec>& CodecTable();
const CodecSpec& SpecOf(Codec codec);
// The format to encode from `layout`: the same when allowed, else the one that loses least.
AVPixelFormat ChooseFormat(const CodecSpec& spec, const AVCodec& encoder, const image::PixelLayout& layout);

}  // namespace shotfix::media
