// SPDX-License-Identifier: Apache-2.0
#include "shotfix/image/pixel_planes.h"

#include <fmt/core.h>

namespace shotfix::image {
namespace {

const char* Family(const PixelLayout& layout) {
  if (layout.is_grey) return "grey";
  if (layout.is_rgb) return "rgb";
  if (layout.chroma_shift_x == 0) return "yuv444";
  if (layout.chroma_shift_x == 2) return "yuv41x";
  return layout.chroma_shift_y == 0 ? "yuv422" : "yuv420";
}

}  // namespace

std::string PixelLayout::ToString() const {
  return fmt::format("{}x{} {}{} {}", width, height, Family(*this), has_alpha ? "+alpha" : "",
                     is_float ? std::string(bit_depth == 16 ? "half" : "float") : fmt::format("{}-bit", bit_depth));
}

PixelPlanes PixelPlanes::Allocate(const PixelLayout& layout) {
  PixelPlanes result;
  result.layout = layout;
  const int count = layout.colour_planes() + (layout.has_alpha ? 1 : 0);
  for (int index = 0; index < count; ++index) {
    const bool chroma = !layout.is_rgb && !layout.is_grey && (index == 1 || index == 2);
    const int shift_x = chroma ? layout.chroma_shift_x : 0;
    const int shift_y = chroma ? layout.chroma_shift_y : 0;
    Plane plane;
    plane.width = (layout.width + (1 << shift_x) - 1) >> shift_x;
    plane.height = (layout.height + (1 << shift_y) - 1) >> shift_y;
    const size_t size = static_cast<size_t>(plane.width) * static_cast<size_t>(plane.height);
    if (layout.is_float) plane.values.resize(size);
    else plane.codes.resize(size);
    result.planes.push_back(std::move(plane));
  }
  return result;
}

}  // namespace shotfix::image
