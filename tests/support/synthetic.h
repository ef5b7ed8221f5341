// SPDX-License-Identifier: Apache-2.0
// A small shot whose truth is known: a textured disc that moves over a textured wall.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <vector>

#include "shotfix/image/shot.h"

namespace shotfix::testing {

struct SyntheticOptions {
  int64_t height = 96;
  int64_t width = 128;
  int64_t frames = 12;
  double speed_px = 4;  // of the disc, right
  double pan_px = 0;    // of the camera, a frame
  double grain = 0;     // standard deviation, perceptual
  uint64_t seed = 7;
};

struct SyntheticShot {
  std::vector<at::Tensor> pictures;  // [3,H,W] perceptual
  std::vector<at::Tensor> mattes;    // [1,H,W]
  std::vector<at::Tensor> walls;     // [3,H,W]: the frame without the disc
};
SyntheticShot MakeShot(const SyntheticOptions& options);

// The shot as an image::ShotReader at its own size.
class SyntheticReader final : public image::ShotReader {
 public:
  explicit SyntheticReader(const SyntheticShot& shot) : shot_(shot) {}
  FrameRange frames() const override { return {0, static_cast<int64_t>(shot_.pictures.size())}; }
  int64_t analysis_height() const override;
  int64_t analysis_width() const override;
  at::Tensor Analysis(int64_t frame) override { return shot_.pictures.at(static_cast<size_t>(frame)); }
  at::Tensor FullSize(int64_t frame) override { return Analysis(frame); }

 private:
  const SyntheticShot& shot_;
};

// Writes pictures as 8-bit PNG "NAME.%04d.png" from `first` on and, by ffmpeg, a clip from them. `encoding` is
// ffmpeg's.
void WriteClip(const std::vector<at::Tensor>& pictures, const std::filesystem::path& path, const std::string& encoding);

}  // namespace shotfix::testing
