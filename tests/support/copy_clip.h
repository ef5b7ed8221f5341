// SPDX-License-Identifier: Apache-2.0
// Decodes a clip and encodes the same samples again: what media tests do to a file before they look at it.
#pragma once

#include <filesystem>
#include <functional>

#include "shotfix/image/frame.h"
#include "shotfix/media/encoder.h"

namespace shotfix::testing {

struct CopyOptions {
  media::Codec codec = media::Codec::kByFileName;
  FrameRange frames{0, 0};  // empty: all
  // What goes with a frame; by default its own captions and whether it was held.
  std::function<media::FrameExtras(const image::Frame&)> extras;
};
void CopyClip(const media::ClipInfo& info, const std::filesystem::path& to, const CopyOptions& options = {});

}  // namespace shotfix::testing
