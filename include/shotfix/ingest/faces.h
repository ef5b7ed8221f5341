// SPDX-License-Identifier: Apache-2.0
// Boxes where a face may be: proposals for an editor, recorded as such. They teach no network and change no pixel.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shotfix::ingest {

struct FaceBox {
  int x = 0;  // px of the picture given
  int y = 0;
  int width = 0;
  int height = 0;
};

// Two eyes in a face: boxes of about an eye's width, picture left first.
struct EyeBoxes {
  FaceBox left;
  FaceBox right;
};

// OpenCV's frontal Haar cascade (Viola & Jones 2001) from Debian's opencv-data.
class FaceLocator {
 public:
  FaceLocator();
  ~FaceLocator();
  bool available() const;  // false when the cascade file is not installed
  static std::string CascadePath();
  // perceptual [3,H,W]
  std::vector<FaceBox> Find(const at::Tensor& perceptual);
  // The two eyes of a face, by OpenCV's eye cascade in the face's upper half. Nothing when it does not find both.
  std::optional<EyeBoxes> FindEyes(const at::Tensor& perceptual, const FaceBox& face);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace shotfix::ingest
