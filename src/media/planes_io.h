// SPDX-License-Identifier: Apache-2.0
// Between AVFrame and PixelPlanes, for every pixel format that has components of up to 16 bits or 32-bit floats.
#pragma once

#include "media/ffmpeg.h"
#include "shotfix/image/pixel_planes.h"

namespace shotfix::media {

// Throws kData on palettes, hardware and bit-packed formats (names the format).
image::PixelLayout LayoutOf(AVPixelFormat format, int width, int height);
// The planar, native-endian format with this layout; AV_PIX_FMT_NONE when FFmpeg has none.
AVPixelFormat PlanarFormat(const image::PixelLayout& layout);
image::PixelPlanes PlanesFromFrame(const AVFrame& frame);
// `frame` has PlanarFormat(planes.layout) and the right size, and is writable.
void FillFrame(const image::PixelPlanes& planes, AVFrame& frame);

}  // namespace shotfix::media
