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

// Chroma of one plane from its full-size floats; see Note [Chroma siting].
CodePlane Subsample(const std::vector<float>& full, const PixelLayout& layout, const CodeScale& scale) {
  CodePlane result;
  const int step_x = 1 << layout.chroma_shift_x;
  const int step_y = 1 << layout.chroma_shift_y;
  result.width = (layout.width + step_x - 1) >> layout.chroma_shift_x;
  result.height = (layout.height + step_y - 1) >> layout.chroma_shift_y;
  result.codes.resize(static_cast<size_t>(result.width) * static_cast<size_t>(result.height));
  at::parallel_for(0, result.height, kRowsPerTask, [&](int64_t begin, int64_t end) {
    for (int64_t y = begin; y < end; ++y) {
      for (int64_t x = 0; x < result.width; ++x) {
        float sum = 0;
        float weights = 0;
        for (int dy = 0; dy < step_y; ++dy) {
          const int64_t row = std::min<int64_t>(y * step_y + dy, layout.height - 1);
          for (int dx = 1 - step_x; dx < step_x; ++dx) {
            const int64_t column = std::clamp<int64_t>(x * step_x + dx, 0, layout.width - 1);
            const auto weight = static_cast<float>(step_x - std::abs(dx));
            sum += weight * full[static_cast<size_t>(row * layout.width + column)];
            weights += weight;
          }
        }
        result.codes[static_cast<size_t>(y * result.width + x)] = sum / weights * scale.span + scale.offset;
      }
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
  at::parallel_for(0, area, 1 << 14, [&, kr = kr, kg = kg, kb = kb](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      const auto index = static_cast<size_t>(k);
      const float r = curve(rgb[k]);
      const float g = curve(rgb[area + k]);
      const float b = curve(rgb[2 * area + k]);
      const float y = kr * r + kg * g + kb * b;
      luma.codes[index] = y * scale.span + scale.offset;
      cb[index] = (b - y) / (2 * (1 - kb));
      cr[index] = (r - y) / (2 * (1 - kr));
    }
  });
  const CodeScale chroma = ChromaScale(layout, space);
  std::vector<CodePlane> planes;
  planes.push_back(std::move(luma));
  planes.push_back(Subsample(cb, layout, chroma));
  planes.push_back(Subsample(cr, layout, chroma));
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
      for (int64_t k = begin; k < end; ++k) {
        float value = 0;
        if (layout.is_grey) {
          value = 0.2126F * curve(rgb[k]) + 0.7152F * curve(rgb[area + k]) + 0.0722F * curve(rgb[2 * area + k]);
        } else {
          value = curve(rgb[channel * area + k]);
        }
        plane.codes[static_cast<size_t>(k)] = value * scale.span + scale.offset;
      }
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
