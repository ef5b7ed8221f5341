// SPDX-License-Identifier: Apache-2.0
// A clip as the analysis of a whole shot wants it: small perceptual frames, either direction of time.
#pragma once

#include <memory>

#include "shotfix/image/shot.h"
#include "shotfix/media/clip_info.h"

namespace shotfix::media {

// Decodes blocks of 32 frames as they are asked for and keeps two of them.
std::unique_ptr<image::ShotReader> OpenShotReader(const ClipInfo& info, FrameRange frames, int long_side_px);

// The per-pixel median of up to nine frames of a locked-off clip (a clean plate), [3,h,w] perceptual.
at::Tensor MedianPicture(const ClipInfo& info, int64_t height, int64_t width);

}  // namespace shotfix::media
