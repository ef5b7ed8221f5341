// SPDX-License-Identifier: Apache-2.0
// A finished frame as bytes for the render journal.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shotfix/image/pixel_planes.h"
#include "shotfix/media/encoder.h"

namespace shotfix::pipeline {

struct FinishedFrame {
  image::PixelPlanes planes;
  at::Tensor support;  // [1,H,W] uint8, 1 where the edit may have written; undefined: nowhere
  std::vector<media::PictureLayer> layers;
};

// Samples are stored as what differs from `source` where the layouts are equal (nearly nothing outside the edit), then
// compressed by zstd with a checksum.
std::string PackFrame(const FinishedFrame& frame, const image::PixelPlanes& source);
// Nothing when the bytes are damaged or are not of a frame with this layout.
std::optional<FinishedFrame> UnpackFrame(std::string_view packed, const image::PixelLayout& layout,
                                         const image::PixelPlanes& source);

}  // namespace shotfix::pipeline
