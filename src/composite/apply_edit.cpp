// SPDX-License-Identifier: Apache-2.0
#include "shotfix/composite/apply_edit.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <tuple>

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

// Where result and source differ, in luma samples, grown to whole chroma blocks and by what their filters reach.
struct Box {
  int64_t y = 0;
  int64_t x = 0;
  int64_t height = 0;
  int64_t width = 0;
};

Box ChangedBox(const at::Tensor& source, const at::Tensor& result, const image::PixelLayout& layout) {
  const int64_t height = source.size(1);
  const int64_t width = source.size(2);
  const float* a = source.const_data_ptr<float>();
  const float* b = result.const_data_ptr<float>();
  int64_t top = height;
  int64_t bottom = 0;
  int64_t left = width;
  int64_t right = 0;
  for (int64_t row = 0; row < 3 * height; ++row) {
    const float* from = a + row * width;
    const float* to = b + row * width;
    if (std::memcmp(from, to, static_cast<size_t>(width) * sizeof(float)) == 0) continue;
    top = std::min(top, row % height);
    bottom = std::max(bottom, row % height + 1);
    // Bits, not values: a NaN that stays is no change.
    const auto same = [&](int64_t x) { return std::bit_cast<uint32_t>(from[x]) == std::bit_cast<uint32_t>(to[x]); };
    int64_t first = 0;
    while (same(first)) ++first;
    int64_t last = width - 1;
    while (same(last)) --last;
    left = std::min(left, first);
    right = std::max(right, last + 1);
  }
  if (bottom <= top) return {};
  constexpr int64_t kReach = 2;  // chroma blocks
  const auto grown = [](int64_t begin, int64_t end, int shift, int64_t limit) {
    const int64_t margin = shift > 0 ? kReach << shift : 0;
    const int64_t first = std::max<int64_t>(0, begin - margin) >> shift << shift;
    return std::pair{first, std::min(limit, end + margin) - first};
  };
  Box box;
  std::tie(box.y, box.height) = grown(top, bottom, layout.chroma_shift_y, height);
  std::tie(box.x, box.width) = grown(left, right, layout.chroma_shift_x, width);
  return box;
}

struct PlaneJob {
  const image::CodePlane& source;  // E(source), of the box
  const image::CodePlane& result;  // E(result), of the box
  const float* support;            // [h,w] of the box
  const float* replaced;           // [h,w]: how much of the source the fill has replaced
  int shift_x;
  int shift_y;
  int64_t x;  // of the box in this plane
  int64_t y;
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
  if (job.shift_x == 0 && job.shift_y == 0) {
    const int64_t k = y * job.width + x;
    return {job.support[k], job.replaced[k]};
  }
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

// Rows of the box.
void WriteRows(const PlaneJob& job, image::Plane& plane, int64_t begin, int64_t end) {
  for (int64_t y = begin; y < end; ++y) {
    for (int64_t x = 0; x < job.source.width; ++x) {
      const auto in_box = static_cast<size_t>(y * job.source.width + x);
      const float from = job.source.codes[in_box];
      const float to = job.result.codes[in_box];
      // Bits again: nothing changes here, also where both are NaN.
      if (std::bit_cast<uint32_t>(from) == std::bit_cast<uint32_t>(to)) continue;
      const Cover cover = CoverOf(job, x, y);
      if (cover.support <= 0) continue;
      const auto in_plane = static_cast<size_t>((y + job.y) * plane.width + x + job.x);
      if (!plane.values.empty()) {
        const bool keeps_rest = cover.replaced < 1 && std::isfinite(from);
        plane.values[in_plane] = keeps_rest ? to + (plane.values[in_plane] - from) * (1 - cover.replaced) : to;
        continue;
      }
      const auto code = static_cast<float>(plane.codes[in_plane]);
      const float rest = (code - from) * cover.replaced;  // what the source has and E(source) has not
      const float dither =
          Dither(job.frame, job.index, static_cast<uint64_t>(x + job.x), static_cast<uint64_t>(y + job.y));
      const float value = code + std::nearbyint(to - from - rest + dither);
      plane.codes[in_plane] = static_cast<uint16_t>(std::clamp(value, 0.0F, static_cast<float>(job.max_code)));
    }
  }
}

at::Tensor Plain(const at::Tensor& field) { return field.to(at::kCPU).contiguous(); }

at::Tensor Crop(const at::Tensor& picture, const Box& box) {
  return picture.narrow(1, box.y, box.height).narrow(2, box.x, box.width).contiguous();
}

// What the formula of image::Edit reads and writes, as plain CPU memory; undefined where the edit leaves it.
struct BlendJob {
  at::Tensor base;    // [3,H,W]
  at::Tensor warped;  // [3,H,W]
  at::Tensor factor;  // 2^gain, [3,H,W] or [3,1,1]
  at::Tensor fill;
  at::Tensor alpha;
  at::Tensor support;
  at::Tensor result;  // [3,H,W]
};

const float* RowOf(const at::Tensor& field, int64_t row, int64_t width) {
  return field.defined() ? field.const_data_ptr<float>() + row * width : nullptr;
}

// One row of one channel, counted through all three: base + support * ((1 - alpha) * warped * factor + alpha * fill -
// base).
void BlendRow(const BlendJob& job, int64_t row) {
  const int64_t height = job.base.size(1);
  const int64_t width = job.base.size(2);
  const float* base = RowOf(job.base, row, width);
  const float* warped = RowOf(job.warped, row, width);
  const float* fill = RowOf(job.fill, row, width);
  const float* alpha = RowOf(job.alpha, row % height, width);
  const float* support = RowOf(job.support, row % height, width);
  const bool one_factor = job.factor.defined() && job.factor.numel() == 3;
  const float* factors = one_factor ? nullptr : RowOf(job.factor, row, width);
  const float factor = one_factor ? job.factor.const_data_ptr<float>()[row / height] : 1.0F;
  float* out = job.result.mutable_data_ptr<float>() + row * width;
  for (int64_t x = 0; x < width; ++x) {
    float value = warped[x] * (factors != nullptr ? factors[x] : factor);
    // Whole covers and none take their side itself: infinite highlights have no difference.
    if (fill != nullptr && alpha[x] > 0) value = alpha[x] >= 1 ? fill[x] : value + alpha[x] * (fill[x] - value);
    out[x] = support[x] >= 1 ? value : support[x] > 0 ? base[x] + support[x] * (value - base[x]) : base[x];
  }
}

at::Tensor Packed(const at::Tensor& field) { return field.defined() ? field.contiguous() : field; }

}  // namespace

at::Tensor ApplyEditLinear(const image::Frame& frame, const image::Edit& edit) {
  const int64_t height = frame.height();
  const int64_t width = frame.width();
  image::CheckEdit(edit, height, width);
  if (edit.empty()) return frame.rgb;
  at::Tensor warped = frame.rgb;
  if (edit.warp.defined()) warped = image::SampleAtOffset(warped, edit.warp, image::Filter::kBicubic);
  at::Tensor factor;
  if (edit.gain.defined()) {
    const bool constant = edit.gain.size(1) == 1 && edit.gain.size(2) == 1;
    factor = at::exp2(constant ? edit.gain : image::Resize(edit.gain, height, width));
  }
  if (!frame.rgb.device().is_cpu()) {
    at::Tensor result = factor.defined() ? warped * factor : warped;
    if (edit.fill.defined()) {
      const at::Tensor blend = result + edit.alpha * (edit.fill - result);
      result = at::where(edit.alpha >= 1, edit.fill, at::where(edit.alpha > 0, blend, result));
    }
    const at::Tensor mixed = at::where(edit.support > 0, frame.rgb + edit.support * (result - frame.rgb), frame.rgb);
    return at::where(edit.support >= 1, result, mixed);
  }
  const BlendJob job{frame.rgb.contiguous(),
                     warped.contiguous(),
                     Packed(factor),
                     Packed(edit.fill),
                     Packed(edit.alpha),
                     edit.support.contiguous(),
                     at::empty_like(frame.rgb, at::MemoryFormat::Contiguous)};
  at::parallel_for(0, 3 * height, 32, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) BlendRow(job, row);
  });
  return job.result;
}

namespace {

// Everything that a band of rows is written from.
struct ApplyJob {
  const image::Frame& frame;
  const at::Tensor& before;    // [3,H,W]
  const at::Tensor& after;     // [3,H,W]
  const at::Tensor& support;   // [1,H,W]
  const at::Tensor& replaced;  // [1,H,W]
};

// Writes luma rows [begin, end) of the box's columns; `begin` lies on a chroma row. The rows around them that the
// chroma filters reach are encoded too and not written.
void ApplyBand(const ApplyJob& job, Box box, int64_t begin, int64_t end, image::PixelPlanes& planes) {
  image::PixelLayout layout = planes.layout;
  const int64_t margin = layout.chroma_shift_y > 0 ? int64_t{2} << layout.chroma_shift_y : 0;
  box.y = std::max<int64_t>(0, begin - margin);
  box.height = std::min(job.before.size(1), end + margin) - box.y;
  layout.width = static_cast<int>(box.width);
  layout.height = static_cast<int>(box.height);
  const std::vector<image::CodePlane> source = image::CodesFromLinear(Crop(job.before, box), layout, job.frame.space);
  const std::vector<image::CodePlane> result = image::CodesFromLinear(Crop(job.after, box), layout, job.frame.space);
  const at::Tensor support = Crop(job.support, box);
  const at::Tensor replaced = Crop(job.replaced, box);
  for (size_t index = 0; index < source.size(); ++index) {
    const bool chroma = index > 0 && !layout.is_rgb;
    const int shift_x = chroma ? layout.chroma_shift_x : 0;
    const int shift_y = chroma ? layout.chroma_shift_y : 0;
    const PlaneJob of_plane{source[index],
                            result[index],
                            support.const_data_ptr<float>(),
                            replaced.const_data_ptr<float>(),
                            shift_x,
                            shift_y,
                            box.x >> shift_x,
                            box.y >> shift_y,
                            box.width,
                            box.height,
                            static_cast<uint64_t>(job.frame.index),
                            index,
                            layout.is_float ? 0 : image::MaxCode(layout)};
    image::Plane& plane = planes.planes[index];
    const int64_t last = (end - box.y + (int64_t{1} << shift_y) - 1) >> shift_y;
    at::parallel_for((begin - box.y) >> shift_y, std::min<int64_t>(last, source[index].height), 16,
                     [&](int64_t first, int64_t stop) { WriteRows(of_plane, plane, first, stop); });
  }
}

}  // namespace

image::PixelPlanes ApplyEdit(const image::Frame& frame, const image::Edit& edit, const at::Tensor& result_linear) {
  constexpr int64_t kBandRows = 256;  // bounds what lies between; a multiple of every chroma block
  SHOTFIX_CHECK(frame.source != nullptr);
  image::PixelPlanes planes = *frame.source;
  if (edit.empty()) return planes;
  const at::Tensor before = Plain(frame.rgb);
  const at::Tensor after = Plain(result_linear);
  const Box box = ChangedBox(before, after, planes.layout);
  const at::Tensor support = Plain(edit.support);
  const at::Tensor replaced = Plain(edit.alpha.defined() ? edit.alpha * edit.support : at::zeros_like(edit.support));
  const ApplyJob job{frame, before, after, support, replaced};
  for (int64_t row = box.y; row < box.y + box.height; row += kBandRows)
    ApplyBand(job, box, row, std::min(row + kBandRows, box.y + box.height), planes);
  return planes;
}

}  // namespace shotfix::composite
