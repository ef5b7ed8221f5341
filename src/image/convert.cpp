// SPDX-License-Identifier: Apache-2.0
#include "shotfix/image/convert.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "image/code_scale.h"
#include "shotfix/core/error.h"
#include "shotfix/image/check.h"
#include "shotfix/image/curve.h"

namespace shotfix::image {
namespace {

constexpr int64_t kRowsPerTask = 16;

void RequireKnown(const PixelLayout& layout, const ColourSpace& space) {
  const bool needs_matrix = !layout.is_rgb && !layout.is_grey;
  if (space.transfer == Transfer::kUnknown || (needs_matrix && space.matrix == Matrix::kUnknown)) {
    Throw(ErrorCode::kData,
          "the colour of this picture ({}, {}) is not tagged; say what it is with --in-space, one of {}",
          layout.ToString(), space.ToString(), ColourSpaceNames());
  }
}

// One row of one plane as floats: code / scale + offset.
struct RowReader {
  const Plane& plane;
  CodeScale scale;
  float At(int64_t x, int64_t y) const {
    const auto index = static_cast<size_t>(y * plane.width + x);
    return plane.values.empty() ? (static_cast<float>(plane.codes[index]) - scale.offset) / scale.span
                                : plane.values[index];
  }
};

// Note [Chroma siting]: chroma is sited left horizontally and centred vertically (H.273 type 0, what H.264, HEVC,
// ProRes and DNxHR use when they say nothing). Decoding interpolates linearly between sites; encoding filters with
// the matching triangle (across) and box (down).
void ReadChromaRow(const RowReader& reader, const PixelLayout& layout, int64_t y, float* row) {
  const Plane& plane = reader.plane;
  const int step_x = 1 << layout.chroma_shift_x;
  const float position_y = (static_cast<float>(y) + 0.5F) / static_cast<float>(1 << layout.chroma_shift_y) - 0.5F;
  const float clamped_y = std::min(std::max(position_y, 0.0F), static_cast<float>(plane.height - 1));
  const auto y0 = static_cast<int64_t>(clamped_y);
  const int64_t y1 = std::min<int64_t>(y0 + 1, plane.height - 1);
  const float weight_y = clamped_y - static_cast<float>(y0);
  for (int64_t x = 0; x < layout.width; ++x) {
    const int64_t x0 = x >> layout.chroma_shift_x;
    const int64_t x1 = std::min<int64_t>(x0 + 1, plane.width - 1);
    const float weight_x = static_cast<float>(x & (step_x - 1)) / static_cast<float>(step_x);
    const float top = reader.At(x0, y0) * (1 - weight_x) + reader.At(x1, y0) * weight_x;
    const float bottom = reader.At(x0, y1) * (1 - weight_x) + reader.At(x1, y1) * weight_x;
    row[x] = top * (1 - weight_y) + bottom * weight_y;
  }
}

void YuvRows(const PixelPlanes& planes, const ColourSpace& space, int64_t begin, int64_t end, float* out) {
  const PixelLayout& layout = planes.layout;
  const Curve& curve = Curve::Get(space.transfer, Curve::Direction::kLinearFromCode);
  const auto [kr, kg, kb] = LumaWeights(space.matrix);
  const RowReader luma{planes.planes[0], LumaScale(layout, space)};
  const RowReader blue{planes.planes[1], ChromaScale(layout, space)};
  const RowReader red{planes.planes[2], ChromaScale(layout, space)};
  std::vector<float> cb(static_cast<size_t>(layout.width));
  std::vector<float> cr(static_cast<size_t>(layout.width));
  const int64_t area = int64_t{layout.width} * layout.height;
  for (int64_t y = begin; y < end; ++y) {
    ReadChromaRow(blue, layout, y, cb.data());
    ReadChromaRow(red, layout, y, cr.data());
    for (int64_t x = 0; x < layout.width; ++x) {
      const float luma_value = luma.At(x, y);
      const float r = luma_value + 2 * (1 - kr) * cr[static_cast<size_t>(x)];
      const float b = luma_value + 2 * (1 - kb) * cb[static_cast<size_t>(x)];
      const float g = (luma_value - kr * r - kb * b) / kg;
      float* pixel = out + y * layout.width + x;
      pixel[0] = curve(r);
      pixel[area] = curve(g);
      pixel[2 * area] = curve(b);
    }
  }
}

void RgbRows(const PixelPlanes& planes, const ColourSpace& space, int64_t begin, int64_t end, float* out) {
  const PixelLayout& layout = planes.layout;
  const Curve& curve = Curve::Get(space.transfer, Curve::Direction::kLinearFromCode);
  const int64_t area = int64_t{layout.width} * layout.height;
  for (int64_t channel = 0; channel < 3; ++channel) {
    const RowReader reader{planes.planes[layout.is_grey ? 0 : static_cast<size_t>(channel)], LumaScale(layout, space)};
    for (int64_t y = begin; y < end; ++y) {
      for (int64_t x = 0; x < layout.width; ++x) out[channel * area + y * layout.width + x] = curve(reader.At(x, y));
    }
  }
}

}  // namespace

at::Tensor LinearFromPlanes(const PixelPlanes& planes, const ColourSpace& space) {
  const PixelLayout& layout = planes.layout;
  RequireKnown(layout, space);
  at::Tensor rgb = at::empty({3, layout.height, layout.width}, at::kFloat);
  float* out = rgb.mutable_data_ptr<float>();
  at::parallel_for(0, layout.height, kRowsPerTask, [&](int64_t begin, int64_t end) {
    if (layout.is_rgb || layout.is_grey) RgbRows(planes, space, begin, end, out);
    else YuvRows(planes, space, begin, end, out);
  });
  return rgb;
}

at::Tensor AlphaFromPlanes(const PixelPlanes& planes) {
  const PixelLayout& layout = planes.layout;
  if (!layout.has_alpha) return {};
  const Plane& plane = planes.planes.back();
  at::Tensor alpha = at::empty({1, layout.height, layout.width}, at::kFloat);
  float* out = alpha.mutable_data_ptr<float>();
  const float scale = layout.is_float ? 1.0F : 1.0F / static_cast<float>(MaxCode(layout));
  for (int64_t k = 0; k < alpha.numel(); ++k) {
    const auto index = static_cast<size_t>(k);
    out[k] = layout.is_float ? plane.values[index] : static_cast<float>(plane.codes[index]) * scale;
  }
  return alpha;
}

at::Tensor ApplyMatrix(const at::Tensor& rgb, const std::array<float, 9>& matrix) {
  CheckTensor(rgb, "rgb", {3, kAnySize, kAnySize});
  if (matrix == std::array<float, 9>{1, 0, 0, 0, 1, 0, 0, 0, 1}) return rgb;
  const at::Tensor m = at::from_blob(const_cast<float*>(matrix.data()), {3, 3}, at::kFloat).clone().to(rgb.device());
  return at::matmul(m, rgb.flatten(1)).view_as(rgb);
}

at::Tensor PerceptualFromLinear(const at::Tensor& rgb) {
  return Curve::Get(Transfer::kSrgb, Curve::Direction::kCodeFromLinear).Apply(rgb.clamp(0, 1));
}
at::Tensor LinearFromPerceptual(const at::Tensor& encoded) {
  return Curve::Get(Transfer::kSrgb, Curve::Direction::kLinearFromCode).Apply(encoded.clamp(0, 1));
}

}  // namespace shotfix::image
