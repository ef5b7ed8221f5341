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

// Part of a plane's row as floats: (code - offset) / span.
void ReadRow(const Plane& plane, const CodeScale& scale, int64_t y, float* row) {
  const auto begin = static_cast<size_t>(y * plane.width);
  if (!plane.values.empty()) {
    std::copy_n(plane.values.data() + begin, plane.width, row);
    return;
  }
  const uint16_t* codes = plane.codes.data() + begin;
  const float factor = 1 / scale.span;
  const float bias = -scale.offset / scale.span;
  for (int x = 0; x < plane.width; ++x) row[x] = static_cast<float>(codes[x]) * factor + bias;
}

// Note [Chroma siting]: chroma lies at the left luma sample of its block and half way down (H.273 type 0, what H.264,
// HEVC, ProRes and DNxHR mean when they say nothing), in the middle of the block (type 1) or at its top left sample
// (type 2). Decoding interpolates linearly between sites; encoding filters with the matching triangle where sites are
// luma samples and with a box where they lie between.
struct ChromaRows {
  const PixelLayout& layout;
  ChromaSite site;
  std::vector<float> upper;
  std::vector<float> lower;

  ChromaRows(const PixelLayout& of, ChromaSite at)
      : layout(of), site(at), upper(static_cast<size_t>(of.width) + 1), lower(static_cast<size_t>(of.width) + 1) {}

  // Chroma at every luma sample of row y.
  void Read(const Plane& plane, const CodeScale& scale, int64_t y, float* row) {
    const int step_y = 1 << layout.chroma_shift_y;
    const float between = site == ChromaSite::kTopLeft ? 0.0F : 0.5F;
    const float place = (static_cast<float>(y) + between) / static_cast<float>(step_y) - between;
    const float clamped = std::min(std::max(place, 0.0F), static_cast<float>(plane.height - 1));
    const auto top = static_cast<int64_t>(clamped);
    const int64_t bottom = std::min<int64_t>(top + 1, plane.height - 1);
    const float weight = clamped - static_cast<float>(top);
    ReadRow(plane, scale, top, upper.data());
    if (weight > 0 && bottom != top) {
      ReadRow(plane, scale, bottom, lower.data());
      for (int x = 0; x < plane.width; ++x)
        upper[static_cast<size_t>(x)] += weight * (lower[static_cast<size_t>(x)] - upper[static_cast<size_t>(x)]);
    }
    if (layout.chroma_shift_x == 0) std::copy_n(upper.data(), layout.width, row);
    else Across(plane.width, row);
  }

 private:
  void Across(int chroma_width, float* row) {
    const int step = 1 << layout.chroma_shift_x;
    const float between = site == ChromaSite::kCentre ? 0.5F : 0.0F;
    upper[static_cast<size_t>(chroma_width)] = upper[static_cast<size_t>(chroma_width) - 1];
    for (int phase = 0; phase < step; ++phase) {
      const float place = (static_cast<float>(phase) + between) / static_cast<float>(step) - between;
      const int back = place < 0 ? 1 : 0;
      const float weight = place + static_cast<float>(back);
      for (int x = phase; x < layout.width; x += step) {
        const int site_x = x / step - back;
        const float left = upper[static_cast<size_t>(std::max(site_x, 0))];
        row[x] = left + weight * (upper[static_cast<size_t>(site_x + 1)] - left);
      }
    }
  }
};

void YuvRows(const PixelPlanes& planes, const ColourSpace& space, int64_t begin, int64_t end, float* out) {
  const PixelLayout& layout = planes.layout;
  const Curve& curve = Curve::Get(space.transfer, Curve::Direction::kLinearFromCode);
  const auto [kr, kg, kb] = LumaWeights(space.matrix);
  const float red_from_cr = 2 * (1 - kr);
  const float blue_from_cb = 2 * (1 - kb);
  const float green_from_cr = -kr * red_from_cr / kg;
  const float green_from_cb = -kb * blue_from_cb / kg;
  ChromaRows chroma(layout, space.chroma_site);
  const int64_t width = layout.width;
  const int64_t area = width * layout.height;
  std::vector<float> cb(static_cast<size_t>(width));
  std::vector<float> cr(static_cast<size_t>(width));
  std::vector<float> luma(static_cast<size_t>(width));
  for (int64_t y = begin; y < end; ++y) {
    ReadRow(planes.planes[0], LumaScale(layout, space), y, luma.data());
    chroma.Read(planes.planes[1], ChromaScale(layout, space), y, cb.data());
    chroma.Read(planes.planes[2], ChromaScale(layout, space), y, cr.data());
    float* red = out + y * width;
    float* green = red + area;
    float* blue = green + area;
    for (size_t x = 0; x < static_cast<size_t>(width); ++x) {
      red[x] = luma[x] + red_from_cr * cr[x];
      green[x] = luma[x] + green_from_cr * cr[x] + green_from_cb * cb[x];
      blue[x] = luma[x] + blue_from_cb * cb[x];
    }
    for (float* row : {red, green, blue}) curve.Apply(row, width);
  }
}

void RgbRows(const PixelPlanes& planes, const ColourSpace& space, int64_t begin, int64_t end, float* out) {
  const PixelLayout& layout = planes.layout;
  const Curve& curve = Curve::Get(space.transfer, Curve::Direction::kLinearFromCode);
  const int64_t area = int64_t{layout.width} * layout.height;
  for (int64_t channel = 0; channel < 3; ++channel) {
    const Plane& plane = planes.planes[layout.is_grey ? 0 : static_cast<size_t>(channel)];
    for (int64_t y = begin; y < end; ++y) {
      float* row = out + channel * area + y * layout.width;
      ReadRow(plane, LumaScale(layout, space), y, row);
      curve.Apply(row, layout.width);
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

namespace {

// The clipped copy becomes the result: at UHD a picture less.
at::Tensor Clipped(const at::Tensor& picture, const Curve& curve) {
  at::Tensor clipped = picture.clamp(0, 1).contiguous();
  if (!clipped.device().is_cpu()) return curve.Apply(clipped);
  float* values = clipped.mutable_data_ptr<float>();
  at::parallel_for(0, clipped.numel(), 1 << 14,
                   [&](int64_t begin, int64_t end) { curve.Apply(values + begin, end - begin); });
  return clipped;
}

}  // namespace

at::Tensor PerceptualFromLinear(const at::Tensor& rgb) {
  return Clipped(rgb, Curve::Get(Transfer::kSrgb, Curve::Direction::kCodeFromLinear));
}
at::Tensor LinearFromPerceptual(const at::Tensor& encoded) {
  return Clipped(encoded, Curve::Get(Transfer::kSrgb, Curve::Direction::kLinearFromCode));
}

}  // namespace shotfix::image
