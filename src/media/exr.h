// SPDX-License-Identifier: Apache-2.0
// OpenEXR files: half and float pictures, several parts, timecode, and everything of the source that is not the
// picture.
#pragma once

#include <filesystem>
#include <memory>

#include "media/frame_sink.h"
#include "shotfix/media/clip_info.h"

namespace shotfix::media {

bool IsExr(const std::filesystem::path& path);
// Layout, colour, timecode, rate, aspect and metadata of one file. The picture is the first part that has R, G, B or Y;
// its size is the display window. Throws kNoInput, kData.
void ReadExrInfo(const std::filesystem::path& path, ClipInfo& info);
// The picture, with zeros where the data window does not reach. Throws kNoInput, kData.
image::PixelPlanes ReadExr(const std::filesystem::path& path);

// Writes one file a frame: the picture as part "beauty" (half, or float where the source was), further layers as parts
// of their own, ZIP compressed. When the source is EXR too, its attributes, its other channels and its other parts go
// along as they are.
std::unique_ptr<FrameSink> MakeExrSink(const std::filesystem::path& path, const EncodeSettings& settings,
                                       const ClipInfo& source);

}  // namespace shotfix::media
