// SPDX-License-Identifier: Apache-2.0
// What an analysis of a whole shot found: small, stored, versioned. After it a frame depends on a finite window only.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <string>

#include "shotfix/image/shot.h"

namespace shotfix::image {

// Passes fill and read it; the project stores it whole or not at all. Low-dimensional quantities in it are already
// smooth.
struct Solution {
  std::string body;                           // JSON text of the pass's own making
  std::map<std::string, at::Tensor> tensors;  // float32 on the CPU: plates, tables
  std::shared_ptr<FrameTrack> track;          // one small picture a frame
};

}  // namespace shotfix::image
