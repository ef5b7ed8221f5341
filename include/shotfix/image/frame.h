// SPDX-License-Identifier: Apache-2.0
// A frame of footage: scene-linear light for passes, and the decoded samples that it came from.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "shotfix/core/rational.h"
#include "shotfix/image/colour.h"
#include "shotfix/image/pixel_planes.h"

namespace shotfix::image {

// A value: copying shares tensors and samples, which nobody writes to.
struct Frame {
  at::Tensor rgb;     // [3,H,W] float32, scene-linear in `space.primaries`, on a device
  at::Tensor alpha;   // [1,H,W] float32 in [0,1]; undefined when the source has none
  ColourSpace space;  // of the source samples
  int64_t index = 0;  // in the clip's own numbering
  int64_t pts = 0;    // in time_base
  int64_t duration = 0;
  Rational time_base;
  std::shared_ptr<const PixelPlanes> source;  // the decoded samples
  std::vector<uint8_t> captions;              // CEA-708 cc_data that came inside the picture
  bool held = false;                          // the frame does not decode; another one stands in for it

  int64_t height() const { return rgb.size(1); }
  int64_t width() const { return rgb.size(2); }
};

}  // namespace shotfix::image
