// SPDX-License-Identifier: Apache-2.0
// A frame track in memory, for tests and benches.
#pragma once

#include <map>

#include "shotfix/image/shot.h"

namespace shotfix::testing {

class MemoryTrack final : public image::FrameTrack {
 public:
  void Put(int64_t frame, const at::Tensor& picture) override { pictures_[frame] = picture; }
  at::Tensor Get(int64_t frame) const override {
    const auto found = pictures_.find(frame);
    return found == pictures_.end() ? at::Tensor() : found->second;
  }

 private:
  std::map<int64_t, at::Tensor> pictures_;
};

}  // namespace shotfix::testing
