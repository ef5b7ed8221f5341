// SPDX-License-Identifier: Apache-2.0
// From scene-linear light to code values; the way back of convert.cpp.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>

#include "image/code_scale.h"
#include "shotfix/core/error.h"
#include "shotfix/image/check.h"
#include "shotfix/image/convert.h"
#include "shotfix/image/curve.h"

namespace shotfix::image {
namespace {

constexpr int64_t kRowsPerTask = 16;

// The filter across or down that takes luma-sized chroma to its sites; see Note [Chroma siting] in convert.cpp.
// Taps begin at `first` from the block's first sample and add up to 1.
struct SiteFilter {
  int first = 0;
  std::vector<float> taps;

  SiteFilter(int step, bool between) {
    if (between) {
      taps.assign(static_cast<size_t>(step), 1.0F / static_cast<float>(step));
      return;
    }
    first = 1 - step;
    for (int k = first; k < step; ++k)
      taps.push_back(static_cast<float>(step - std::abs(k)) / static_cast<float>(step * step));
  }
};

// Chroma of one plane from its full-size floats.
CodePlane Subsample(const std::vector<float>& full, const PixelLayout& layout, ChromaSite site,
                    const CodeScale& scale) {
  CodePlane result;
  const int step_x = 1 << layout.chroma_shift_x;
  const int step_y = 1 << layout.chroma_shift_y;
  const SiteFilter across(step_x, site == ChromaSite::kCentre);
  const SiteFilter down(step_y, site != ChromaSite::kTopLeft);
  result.width = (layout.width + step_x - 1) >> layout.chroma_shift_x;
  result.height = (layout.height + step_y - 1) >> layout.chroma_shift_y;
  result.codes.resize(static_cast<size_t>(result.width) * static_cast<size_t>(result.height));
  at::parallel_for(0, result.height, kRowsPerTask, [&](int64_t begin, int64_t end) {
    // One row of filtered luma-sized chroma, with its edges repeated on both sides.
    const auto margin = static_cast<size_t>(step_x);
    std::vector<float> row(static_cast<size_t>(layout.width) + 2 * margin);
    for (int64_t y = begin; y < end; ++y) {
      std::fill(row.begin(), row.end(), 0.0F);
      for (size_t k = 0; k < down.taps.size(); ++k) {
        const int64_t source_y =
            std::clamp<int64_t>(y * step_y + down.first + static_cast<int64_t>(k), 0, layout.height - 1);
        const float* from = full.data() + source_y * layout.width;
        for (int64_t x = 0; x < layout.width; ++x) row[static_cast<size_t>(x) + margin] += down.taps[k] * from[x];
      }
      std::fill_n(row.begin(), margin, row[margin]);
      std::fill_n(row.end() - static_cast<ptrdiff_t>(margin), margin, row[row.size() - margin - 1]);
      float* out = result.codes.data() + y * result.width;
      std::fill_n(out, result.width, 0.0F);
      for (size_t k = 0; k < across.taps.size(); ++k) {
        const float* from = row.data() + margin + across.first + static_cast<ptrdiff_t>(k);
        for (int64_t x = 0; x < result.width; ++x) out[x] += across.taps[k] * from[x * step_x];
      }
      for (int64_t x = 0; x < result.width; ++x) out[x] = out[x] * scale.span + scale.offset;
    }
  });
  return result;
}

std::vector<CodePlane> YuvCodes(const float* rgb, const PixelLayout& layout, const ColourSpace& space) {
  const Curve& curve = Curve::Get(space.transfer, Curve::Direction::kCodeFromLinear);
  const auto [kr, kg, kb] = LumaWeights(space.matrix);
  const int64_t area = int64_t{layout.width} * layout.height;
  const CodeScale scale = LumaScale(layout, space);
  CodePlane luma{layout.width, layout.height, std::vector<float>(static_cast<size_t>(area))};
  std::vector<float> cb(static_cast<size_t>(area));
  std::vector<float> cr(static_cast<size_t>(area));
  at::parallel_for(0, layout.height, kRowsPerTask, [&, kr = kr, kg = kg, kb = kb](int64_t begin, int64_t end) {
    const auto width = static_cast<size_t>(layout.width);
    std::vector<float> rows(3 * width);
    const float blue_scale = 1 / (2 * (1 - kb));
    const float red_scale = 1 / (2 * (1 - kr));
    for (int64_t row = begin; row < end; ++row) {
      const size_t at = static_cast<size_t>(row) * width;
      for (size_t channel = 0; channel < 3; ++channel)
        std::copy_n(rgb + channel * static_cast<size_t>(area) + at, width, rows.data() + channel * width);
      curve.Apply(rows.data(), static_cast<int64_t>(rows.size()));
      for (size_t x = 0; x < width; ++x) {
        const float r = rows[x];
        const float b = rows[2 * width + x];
        const float y = kr * r + kg * rows[width + x] + kb * b;
        luma.codes[at + x] = y * scale.span + scale.offset;
        cb[at + x] = (b - y) * blue_scale;
        cr[at + x] = (r - y) * red_scale;
      }
    }
  });
  const CodeScale chroma = ChromaScale(layout, space);
  std::vector<CodePlane> planes;
  planes.push_back(std::move(luma));
  planes.push_back(Subsample(cb, layout, space.chroma_site, chroma));
  planes.push_back(Subsample(cr, layout, space.chroma_site, chroma));
  return planes;
}

std::vector<CodePlane> RgbCodes(const float* rgb, const PixelLayout& layout, const ColourSpace& space) {
  const Curve& curve = Curve::Get(space.transfer, Curve::Direction::kCodeFromLinear);
  const CodeScale scale = LumaScale(layout, space);
  const int64_t area = int64_t{layout.width} * layout.height;
  std::vector<CodePlane> planes;
  for (int channel = 0; channel < layout.colour_planes(); ++channel) {
    CodePlane plane{layout.width, layout.height, std::vector<float>(static_cast<size_t>(area))};
    at::parallel_for(0, area, 1 << 14, [&](int64_t begin, int64_t end) {
      float* codes = plane.codes.data();
      if (layout.is_grey) {
        for (int64_t k = begin; k < end; ++k)
          codes[k] = 0.2126F * curve(rgb[k]) + 0.7152F * curve(rgb[area + k]) + 0.0722F * curve(rgb[2 * area + k]);
      } else {
        std::copy(rgb + channel * area + begin, rgb + channel * area + end, codes + begin);
        curve.Apply(codes + begin, end - begin);
      }
      for (int64_t k = begin; k < end; ++k) codes[k] = codes[k] * scale.span + scale.offset;
    });
    planes.push_back(std::move(plane));
  }
  return planes;
}

}  // namespace

std::vector<CodePlane> CodesFromLinear(const at::Tensor& rgb, const PixelLayout& layout, const ColourSpace& space) {
  CheckTensor(rgb, "rgb", {3, layout.height, layout.width});
  const at::Tensor cpu = rgb.to(at::kCPU).contiguous();
  const float* data = cpu.const_data_ptr<float>();
  return layout.is_rgb || layout.is_grey ? RgbCodes(data, layout, space) : YuvCodes(data, layout, space);
}

PixelPlanes PlanesFromLinear(const at::Tensor& rgb, const PixelLayout& layout, const ColourSpace& space) {
  const std::vector<CodePlane> codes = CodesFromLinear(rgb, layout, space);
  PixelPlanes planes = PixelPlanes::Allocate(layout);
  const auto max_code = static_cast<float>(layout.is_float ? 0 : MaxCode(layout));
  for (size_t index = 0; index < codes.size(); ++index) {
    Plane& plane = planes.planes[index];
    if (layout.is_float) {
      plane.values = codes[index].codes;
      continue;
    }
    for (size_t k = 0; k < plane.codes.size(); ++k) {
      plane.codes[k] = static_cast<uint16_t>(std::clamp(std::nearbyint(codes[index].codes[k]), 0.0F, max_code));
    }
  }
  return planes;
}

void SetAlpha(PixelPlanes& planes, const at::Tensor& alpha) {
  SHOTFIX_CHECK(planes.layout.has_alpha);
  CheckTensor(alpha, "alpha", {1, planes.layout.height, planes.layout.width});
  const at::Tensor cpu = alpha.to(at::kCPU).contiguous();
  const float* values = cpu.const_data_ptr<float>();
  Plane& plane = planes.planes.back();
  const auto max_code = static_cast<float>(planes.layout.is_float ? 1 : MaxCode(planes.layout));
  for (int64_t k = 0; k < cpu.numel(); ++k) {
    const float value = std::clamp(values[k], 0.0F, 1.0F);
    const auto index = static_cast<size_t>(k);
    if (planes.layout.is_float) plane.values[index] = value;
    else plane.codes[index] = static_cast<uint16_t>(std::nearbyint(value * max_code));
  }
}

}  // namespace shotfix::image
