// SPDX-License-Identifier: Apache-2.0
#include "pipeline/render_output.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>

#include "shotfix/core/error.h"
#include "shotfix/core/log.h"
#include "shotfix/core/stop.h"
#include "shotfix/media/decoder.h"

namespace shotfix::pipeline {
namespace {

bool SameRow(const image::Plane& a, const image::Plane& b, size_t begin, size_t count) {
  if (!a.values.empty()) return std::memcmp(&a.values[begin], &b.values[begin], count * sizeof(float)) == 0;
  return std::memcmp(&a.codes[begin], &b.codes[begin], count * sizeof(uint16_t)) == 0;
}

// Marks the pixels that a changed sample of this plane belongs to.
void MarkAltered(const image::Plane& a, const image::Plane& b, const image::PixelLayout& layout,
                 std::vector<uint8_t>& altered) {
  const bool subsampled = a.width != layout.width || a.height != layout.height;
  const int shift_x = subsampled ? layout.chroma_shift_x : 0;
  const int shift_y = subsampled ? layout.chroma_shift_y : 0;
  for (int y = 0; y < a.height; ++y) {
    const size_t begin = static_cast<size_t>(y) * static_cast<size_t>(a.width);
    if (SameRow(a, b, begin, static_cast<size_t>(a.width))) continue;
    for (int x = 0; x < a.width; ++x) {
      const size_t k = begin + static_cast<size_t>(x);
      const bool same = a.values.empty() ? a.codes[k] == b.codes[k] : a.values[k] == b.values[k];
      if (same) continue;
      const int right = std::min(layout.width, (x + 1) << shift_x);
      const int bottom = std::min(layout.height, (y + 1) << shift_y);
      for (int row = y << shift_y; row < bottom; ++row) {
        std::fill(altered.begin() + static_cast<ptrdiff_t>(row) * layout.width + (x << shift_x),
                  altered.begin() + static_cast<ptrdiff_t>(row) * layout.width + right, 1);
      }
    }
  }
}

int64_t CountAltered(const image::PixelPlanes& result, const image::PixelPlanes& source) {
  const image::PixelLayout& layout = source.layout;
  std::vector<uint8_t> altered(static_cast<size_t>(layout.width) * static_cast<size_t>(layout.height), 0);
  for (size_t k = 0; k < source.planes.size(); ++k) MarkAltered(source.planes[k], result.planes[k], layout, altered);
  return std::count(altered.begin(), altered.end(), 1);
}

}  // namespace

int64_t RenderOutput::Replay(Progress& progress) {
  int64_t next = inputs_.frames.begin;
  if (journal_ == nullptr || !journal_->Get(next)) return next;
  media::Decoder decoder(inputs_.clip);
  decoder.Seek(next);
  for (; next < inputs_.frames.end; ++next) {
    ThrowIfStopped();
    const std::optional<std::string> packed = journal_->Get(next);
    if (!packed) break;
    std::optional<image::Frame> source = decoder.NextSamples();
    SHOTFIX_CHECK(source.has_value());
    std::optional<FinishedFrame> finished = UnpackFrame(*packed, inputs_.output_layout, *source->source);
    if (!finished) break;
    Write({std::move(*finished), source->source, std::move(source->captions), next, source->held});
    ++stats_.resumed_frames;
    progress.Update("resuming", stats_.frames, inputs_.frames.size(), "");
  }
  return next;
}

void RenderOutput::Keep(const OutputFrame& frame) {
  if (journal_ == nullptr) return;
  try {
    journal_->Put(frame.index, PackFrame(frame.finished, *frame.source));
  } catch (const Error& problem) {
    log::Warning("this render cannot be resumed if it stops: {}", problem.what());
    journal_ = nullptr;
  }
}

void RenderOutput::Put(OutputFrame frame) {
  Keep(frame);
  Write(std::move(frame));
}

void RenderOutput::Write(OutputFrame frame) {
  const image::PixelPlanes& planes = frame.finished.planes;
  const image::PixelLayout& layout = frame.source->layout;
  if (frame.held) stats_.bad_frames.push_back(frame.index);
  if (frame.held && inputs_.clip.on_bad_frame == media::OnBadFrame::kSkip) return;
  ++stats_.frames;
  at::Tensor support = frame.finished.support;
  stats_.pixels += int64_t{layout.width} * layout.height;
  if (planes.layout == layout) stats_.altered_pixels += CountAltered(planes, *frame.source);
  else if (support.defined()) stats_.altered_pixels += support.sum().item<int64_t>();
  if (inputs_.support_record) {
    if (!support.defined()) support = at::zeros({1, layout.height, layout.width}, at::kByte);
    inputs_.support_record->Put(frame.index, support);
  }
  writer_.Write(planes, frame.index, {std::move(frame.captions), std::move(frame.finished.layers), frame.held});
}

}  // namespace shotfix::pipeline
