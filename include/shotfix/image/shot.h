// SPDX-License-Identifier: Apache-2.0
// What an analysis of a whole shot reads and stores, without knowing files or databases.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "shotfix/core/frame_range.h"
#include "shotfix/image/frame.h"

namespace shotfix::image {

// Random access to one shot's frames at a small size, memory constant in the length of the shot. One thread at a time.
class ShotReader {
 public:
  virtual ~ShotReader() = default;
  virtual FrameRange frames() const = 0;
  virtual int64_t analysis_height() const = 0;
  virtual int64_t analysis_width() const = 0;
  // [3,h,w] float32, perceptual (PerceptualFromLinear), at the analysis size. Cheap in either direction of time.
  virtual at::Tensor Analysis(int64_t frame) = 0;
  // [3,H,W] float32, perceptual, at the clip's own size. Dear: for a few frames of a shot (grain, sharpness).
  virtual at::Tensor FullSize(int64_t frame) = 0;
};

// One small picture a frame, kept outside memory: mattes, confidences.
class FrameTrack {
 public:
  virtual ~FrameTrack() = default;
  // [C,h,w] uint8 on the CPU. Replaces what was there.
  virtual void Put(int64_t frame, const at::Tensor& picture) = 0;
  // Undefined when the frame was never put.
  virtual at::Tensor Get(int64_t frame) const = 0;
};

}  // namespace shotfix::image
