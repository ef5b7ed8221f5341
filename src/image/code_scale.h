// SPDX-License-Identifier: Apache-2.0
// Code values of limited and full range (H.273 8.3): value = (code - offset) / span.
#pragma once

#include "shotfix/image/colour.h"
#include "shotfix/image/pixel_planes.h"

namespace shotfix::image {

struct CodeScale {
  float offset = 0;
  float span = 1;
};

inline bool IsLimited(const PixelLayout& layout, const ColourSpace& space) {
  // RGB that says nothing is full range; YCbCr that says nothing is limited, as every codec here assumes.
  return space.range == Range::kLimited || (space.range == Range::kUnknown && !layout.is_rgb);
}

inline CodeScale LumaScale(const PixelLayout& layout, const ColourSpace& space) {
  if (layout.is_float) return {};
  const auto unit = static_cast<float>(1 << (layout.bit_depth - 8));
  if (IsLimited(layout, space)) return {16 * unit, 219 * unit};
  return {0, static_cast<float>((1 << layout.bit_depth) - 1)};
}

inline CodeScale ChromaScale(const PixelLayout& layout, const ColourSpace& space) {
  if (layout.is_float) return {};
  const auto unit = static_cast<float>(1 << (layout.bit_depth - 8));
  if (IsLimited(layout, space)) return {128 * unit, 224 * unit};
  return {static_cast<float>(1 << (layout.bit_depth - 1)), static_cast<float>((1 << layout.bit_depth) - 1)};
}

}  // namespace shotfix::image
