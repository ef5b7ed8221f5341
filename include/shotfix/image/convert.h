// SPDX-License-Identifier: Apache-2.0
// Between decoded samples and scene-linear light, at the chroma siting of the source.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <vector>

#include "shotfix/image/colour.h"
#include "shotfix/image/pixel_planes.h"

namespace shotfix::image {

// [3,H,W] float32 scene-linear on the CPU. Chroma is interpolated from its siting (left, H.273 type 0). Throws kData
// when the transfer or, for YCbCr, the matrix is unknown.
at::Tensor LinearFromPlanes(const PixelPlanes& planes, const ColourSpace& space);
// [1,H,W] float32 in [0,1] on the CPU; undefined when the layout has no alpha.
at::Tensor AlphaFromPlanes(const PixelPlanes& planes);

// The colour planes that a linear picture has in this layout and space, as floats in code units (a 10-bit luma of 502.3
// stays 502.3): what quantisation starts from. Chroma planes have their subsampled size.
struct CodePlane {
  int width = 0;
  int height = 0;
  std::vector<float> codes;
};
std::vector<CodePlane> CodesFromLinear(const at::Tensor& rgb, const PixelLayout& layout, const ColourSpace& space);

// A picture to planes without a source (plates, mattes, stills): rounds to nearest, clips to the legal codes.
PixelPlanes PlanesFromLinear(const at::Tensor& rgb, const PixelLayout& layout, const ColourSpace& space);
// Writes [1,H,W] in [0,1] into the alpha plane, full scale.
void SetAlpha(PixelPlanes& planes, const at::Tensor& alpha);
// The highest code of an integer layout.
inline int MaxCode(const PixelLayout& layout) { return (1 << layout.bit_depth) - 1; }

// Linear light in other primaries: out = m * in, m from RgbFromRgb.
at::Tensor ApplyMatrix(const at::Tensor& rgb, const std::array<float, 9>& matrix);
// What networks, flow and measures look at: the sRGB curve of linear light clipped to [0, 1].
at::Tensor PerceptualFromLinear(const at::Tensor& rgb);
at::Tensor LinearFromPerceptual(const at::Tensor& encoded);

}  // namespace shotfix::image
