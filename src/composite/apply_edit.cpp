// SPDX-License-Identifier: Apache-2.0
#include "shotfix/composite/apply_edit.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>

#include "shotfix/core/error.h"
#include "shotfix/image/convert.h"
#include "shotfix/image/resample.h"

namespace shotfix::composite {
namespace {

// splitmix64 of the position: uniform in (-0.5, 0.5), never the bounds, so that a delta of 0 stays 0.
float Dither(uint64_t frame, uint64_t plane, uint64_t x, uint64_t y) {
  uint64_t value = (frame * 4 + plane) * 0x9E3779B97F4A7C15ULL ^ (x << 32 | y);
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
  value ^= value >> 31;
  return (static_cast<float>(value >> 40) + 0.5F) / static_cast<float>(1 << 24) - 0.5F;
}

struct PlaneJob {
  const image::CodePlane& source;  // E(source)
  const image::CodePlane& result;  // E(result)
  const float* support;            // [H,W]
  const float* replaced;           // [H,W]: how much of the source the fill has replaced
  int shift_x;
  int shift_y;
  int64_t width;  // of support
  int64_t height;
  uint64_t frame;
  uint64_t index;  // of the plane
  int max_code;
};

struct Cover {
  float support = 0;   // largest over the covered luma samples
  float replaced = 0;  // mean
};

Cover CoverOf(const PlaneJob& job, int64_t x, int64_t y) {
  Cover cover;
  int count = 0;
  for (int64_t row = y << job.shift_y; row < std::min(job.height, (y + 1) << job.shift_y); ++row) {
    for (int64_t column = x << job.shift_x; column < std::min(job.width, (x + 1) << job.shift_x); ++column) {
      cover.support = std::max(cover.support, job.support[row * job.width + column]);
      cover.replaced += job.replaced[row * job.width + column];
      ++count;
    }
  }
  cover.replaced /= static_cast<float>(std::max(1, count));
  return cover;
}

void WriteRows(const PlaneJob& job, image::Plane& plane, int64_t begin, int64_t end) {
  for (int64_t y = begin; y < end; ++y) {
    for (int64_t x = 0; x < plane.width; ++x) {
      const Cover cover = CoverOf(job, x, y);
      if (cover.support <= 0) continue;
      const auto index = static_cast<size_t>(y * plane.width + x);
      if (!plane.values.empty()) {
        const float rest = (plane.values[index] - job.source.codes[index]) * (1 - cover.replaced);
        plane.values[index] = job.result.codes[index] + rest;
        continue;
      }
      const auto code = static_cast<float>(plane.codes[index]);
      const float delta = job.result.codes[index] - job.source.codes[index];
      const float rest =
          (code - job.source.codes[index]) * cover.replaced;  // what the source has and E(source) has not
      const float dither = Dither(job.frame, job.index, static_cast<uint64_t>(x), static_cast<uint64_t>(y));
      if (delta == 0) continue;
      const float value = code + std::nearbyint(delta - rest + dither);
      plane.codes[index] = static_cast<uint16_t>(std::clamp(value, 0.0F, static_cast<float>(job.max_code)));
    }
  }
}

at::Tensor Plain(const at::Tensor& field) { return field.to(at::kCPU).contiguous(); }

}  // namespace

at::Tensor ApplyEditLinear(const image::Frame& frame, const image::Edit& edit) {
  const int64_t height = frame.height();
  const int64_t width = frame.width();
  image::CheckEdit(edit, height, width);
  if (edit.empty()) return frame.rgb;
  at::Tensor result = frame.rgb;
  if (edit.warp.defined()) result = image::SampleAtOffset(result, edit.warp, image::Filter::kBicubic);
  if (edit.gain.defined()) result = result * at::exp2(image::Resize(edit.gain, height, width));
  if (edit.fill.defined()) result = result + edit.alpha * (edit.fill - result);
  const at::Tensor mixed = frame.rgb + edit.support * (result - frame.rgb);
  return at::where(edit.support > 0, mixed, frame.rgb);
}

image::PixelPlanes ApplyEdit(const image::Frame& frame, const image::Edit& edit, const at::Tensor& result_linear) {
  SHOTFIX_CHECK(frame.source != nullptr);
  image::PixelPlanes planes = *frame.source;
  if (edit.empty()) return planes;
  const std::vector<image::CodePlane> source = image::CodesFromLinear(frame.rgb, planes.layout, frame.space);
  const std::vector<image::CodePlane> result = image::CodesFromLinear(result_linear, planes.layout, frame.space);
  const at::Tensor support = Plain(edit.support);
  const at::Tensor replaced = Plain(edit.alpha.defined() ? edit.alpha * edit.support : at::zeros_like(edit.support));
  for (size_t index = 0; index < source.size(); ++index) {
    const bool chroma = index > 0 && !planes.layout.is_rgb;
    const PlaneJob job{source[index],
                       result[index],
                       support.const_data_ptr<float>(),
                       replaced.const_data_ptr<float>(),
                       chroma ? planes.layout.chroma_shift_x : 0,
                       chroma ? planes.layout.chroma_shift_y : 0,
                       frame.width(),
                       frame.height(),
                       static_cast<uint64_t>(frame.index),
                       index,
                       planes.layout.is_float ? 0 : image::MaxCode(planes.layout)};
    image::Plane& plane = planes.planes[index];
    at::parallel_for(0, plane.height, 16, [&](int64_t begin, int64_t end) { WriteRows(job, plane, begin, end); });
  }
  return planes;
}

}  // namespace shotfix::composite
