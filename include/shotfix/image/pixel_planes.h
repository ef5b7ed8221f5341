// SPDX-License-Identifier: Apache-2.0
// Decoded samples as they came in: what lets untouched samples go out bit for bit.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace shotfix::image {

// What the samples are, without saying how a codec packs them.
struct PixelLayout {
  int width = 0;  // luma samples
  int height = 0;
  int bit_depth = 8;      // 8 to 16; 16 (half) or 32 when is_float
  bool is_float = false;  // OpenEXR; kept as 32-bit floats here, which hold every half
  bool is_rgb = false;
  bool is_grey = false;  // one colour plane
  bool has_alpha = false;
  int chroma_shift_x = 0;  // log2 of horizontal chroma subsampling, 0 to 2
  int chroma_shift_y = 0;

  bool operator==(const PixelLayout&) const = default;
  int colour_planes() const { return is_grey ? 1 : 3; }
  std::string ToString() const;  // "640x360 yuv422 10-bit"
};

// One plane, row after row without padding. Integer samples are native-endian codes in the low bits.
struct Plane {
  int width = 0;
  int height = 0;
  std::vector<uint16_t> codes;  // used unless the layout is float
  std::vector<float> values;    // used when the layout is float

  bool operator==(const Plane&) const = default;
};

// Order: Y Cb Cr [A], or R G B [A], or Y [A].
struct PixelPlanes {
  PixelLayout layout;
  std::vector<Plane> planes;

  bool operator==(const PixelPlanes&) const = default;
  // Planes of the right sizes, all samples 0.
  static PixelPlanes Allocate(const PixelLayout& layout);
};

}  // namespace shotfix::image
