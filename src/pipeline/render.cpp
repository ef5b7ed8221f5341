// SPDX-License-Identifier: Apache-2.0
#include "shotfix/pipeline/render.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <thread>

#include "pipeline/bounded_queue.h"
#include "pipeline/stage.h"
#include "shotfix/composite/apply_edit.h"
#include "shotfix/core/error.h"
#include "shotfix/core/stop.h"
#include "shotfix/image/convert.h"
#include "shotfix/media/decoder.h"

namespace shotfix::pipeline {
namespace {

constexpr size_t kQueueFrames = 3;

struct Finished {
  image::PixelPlanes planes;
  int64_t index = 0;
};

// Frames to read so that every written frame has the neighbours it would have in the whole clip.
FrameRange ReadRange(const RenderInputs& inputs) {
  int before = 0;
  int after = 0;
  for (const RenderPass& pass : inputs.passes) {
    before += PassStage::ReachBefore(pass);
    after += PassStage::ReachAfter(pass);
  }
  return {std::max(inputs.clip.frames.begin, inputs.frames.begin - before),
          std::min(inputs.clip.frames.end, inputs.frames.end + after)};
}

void DecodeAll(const RenderInputs& inputs, BoundedQueue<image::Frame>& queue, double& seconds) {
  try {
    media::Decoder decoder(inputs.clip, inputs.device);
    const FrameRange range = ReadRange(inputs);
    decoder.Seek(range.begin);
    std::map<std::string, double> sums;
    for (int64_t index = range.begin; index < range.end; ++index) {
      std::optional<image::Frame> frame;
      {
        const StageTimer timer(sums, "decode");
        frame = decoder.Next();
      }
      seconds = sums["decode"];
      if (!frame || !queue.Push(std::move(*frame))) break;
    }
    queue.Close();
  } catch (...) {
    queue.Fail(std::current_exception());
  }
}

// A failure closes the queue: the passes then see that nobody wants more.
void EncodeAll(compliance::DeliverableWriter& writer, BoundedQueue<Finished>& queue, double& seconds,
               std::exception_ptr& problem) {
  std::map<std::string, double> sums;
  while (std::optional<Finished> frame = queue.Pop()) {
    try {
      const StageTimer timer(sums, "encode");
      writer.Write(frame->planes, frame->index);
    } catch (...) {
      problem = std::current_exception();
      queue.Close();
      return;
    }
  }
  seconds = sums["encode"];
}

int64_t CountAltered(const image::PixelPlanes& result, const image::PixelPlanes& source) {
  const image::PixelLayout& layout = source.layout;
  std::vector<uint8_t> altered(static_cast<size_t>(layout.width) * static_cast<size_t>(layout.height), 0);
  for (size_t index = 0; index < source.planes.size(); ++index) {
    const image::Plane& a = source.planes[index];
    const image::Plane& b = result.planes[index];
    const bool subsampled = a.width != layout.width || a.height != layout.height;
    const int shift_x = subsampled ? layout.chroma_shift_x : 0;
    const int shift_y = subsampled ? layout.chroma_shift_y : 0;
    for (int y = 0; y < a.height; ++y) {
      for (int x = 0; x < a.width; ++x) {
        const size_t k = static_cast<size_t>(y) * static_cast<size_t>(a.width) + static_cast<size_t>(x);
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
  return std::count(altered.begin(), altered.end(), 1);
}

image::ColourSpace LinearSpace(const image::ColourSpace& space) {
  return {space.primaries, image::Transfer::kLinear, image::Matrix::kRgb, image::Range::kFull};
}

// Scene-linear float planes, with the source's alpha where there is one.
image::PixelPlanes LinearPlanes(const WorkFrame& work, const image::PixelLayout& layout) {
  image::PixelPlanes planes = image::PlanesFromLinear(work.frame.rgb, layout, LinearSpace(work.frame.space));
  if (layout.has_alpha) image::SetAlpha(planes, work.frame.alpha);
  return planes;
}

// The samples to write for one finished frame.
image::PixelPlanes MakePlanes(const RenderInputs& inputs, const WorkFrame& work) {
  if (inputs.matte_only) {
    const bool linear = inputs.output_layout.is_float;
    image::PixelPlanes planes = image::PixelPlanes::Allocate(inputs.output_layout);
    if (linear) planes = image::PlanesFromLinear(work.source_rgb, inputs.output_layout, LinearSpace(work.frame.space));
    else
      std::copy(work.frame.source->planes.begin(),
                work.frame.source->planes.begin() + inputs.output_layout.colour_planes(), planes.planes.begin());
    image::SetAlpha(planes, 1 - work.last_edit.alpha);
    return planes;
  }
  if (inputs.linear_output && !work.frame.source->layout.is_float) return LinearPlanes(work, inputs.output_layout);
  image::Frame decoded = work.frame;
  decoded.rgb = work.source_rgb;
  image::Edit whole;
  whole.support = work.support;
  whole.alpha = work.replaced;
  return composite::ApplyEdit(decoded, whole, work.frame.rgb);
}

void Record(const RenderInputs& inputs, const WorkFrame& work, const image::PixelPlanes& planes, RenderStats& stats) {
  ++stats.frames;
  stats.pixels += work.frame.height() * work.frame.width();
  if (planes.layout == work.frame.source->layout) stats.altered_pixels += CountAltered(planes, *work.frame.source);
  else if (work.support.defined()) stats.altered_pixels += (work.support > 0).sum().item<int64_t>();
  if (!inputs.support_record) return;
  const at::Tensor support = work.support.defined()
                                 ? (work.support > 0).to(at::kByte).cpu()
                                 : at::zeros({1, work.frame.height(), work.frame.width()}, at::kByte);
  inputs.support_record->Put(work.frame.index, support);
}

// The middle of the render: passes in order, then the writer's queue.
class PassChain {
 public:
  PassChain(const RenderInputs& inputs, BoundedQueue<Finished>& finished, RenderStats& stats, Progress& progress)
      : inputs_(inputs), finished_(finished), stats_(stats), progress_(progress) {
    for (const RenderPass& pass : inputs.passes) stages_.emplace_back(pass, stats.stage_seconds);
  }

  // False when the writer has gone: nobody wants more.
  bool Push(image::Frame frame) {
    const at::Tensor rgb = frame.rgb;
    stages_.front().Push({std::move(frame), rgb, {}, {}, {}});
    Advance(false);
    return wanted_;
  }
  void Finish() {
    stages_.front().Finish();
    Advance(true);
  }

 private:
  // Moves what is ready from stage to stage; `last` tells that no more frames come.
  void Advance(bool last) {
    for (size_t k = 0; k < stages_.size(); ++k) {
      while (std::optional<WorkFrame> work = stages_[k].Pop()) {
        if (k + 1 < stages_.size()) stages_[k + 1].Push(std::move(*work));
        else PutOut(std::move(*work));
      }
      if (last && k + 1 < stages_.size()) stages_[k + 1].Finish();
    }
  }

  void PutOut(WorkFrame work) {
    if (!inputs_.frames.Contains(work.frame.index) || !wanted_) return;
    image::PixelPlanes planes;
    {
      const StageTimer timer(stats_.stage_seconds, "composite");
      planes = MakePlanes(inputs_, work);
      Record(inputs_, work, planes, stats_);
    }
    wanted_ = finished_.Push({std::move(planes), work.frame.index});
    progress_.Update("rendering", stats_.frames, inputs_.frames.size(), "");
    ThrowIfStopped();
  }

  const RenderInputs& inputs_;
  BoundedQueue<Finished>& finished_;
  RenderStats& stats_;
  Progress& progress_;
  std::deque<PassStage> stages_;
  bool wanted_ = true;
};

}  // namespace

image::PixelLayout OutputLayout(const media::ClipInfo& clip, bool linear_output, bool matte_only) {
  image::PixelLayout layout = clip.layout;
  if (linear_output) {
    layout.is_float = true;
    layout.bit_depth = clip.layout.is_float ? clip.layout.bit_depth : 16;
    layout.is_rgb = true;
    layout.is_grey = false;
    layout.chroma_shift_x = 0;
    layout.chroma_shift_y = 0;
  }
  if (matte_only) layout.has_alpha = true;
  return layout;
}

RenderStats Render(const RenderInputs& inputs, compliance::DeliverableWriter& writer, Progress& progress) {
  SHOTFIX_CHECK(!inputs.passes.empty());
  RenderStats stats;
  const auto start = std::chrono::steady_clock::now();
  double decode_s = 0;
  double encode_s = 0;
  std::exception_ptr encode_problem;
  BoundedQueue<image::Frame> decoded(kQueueFrames);
  BoundedQueue<Finished> finished(kQueueFrames);
  std::jthread decode_thread([&] { DecodeAll(inputs, decoded, decode_s); });
  std::jthread encode_thread([&] { EncodeAll(writer, finished, encode_s, encode_problem); });
  try {
    PassChain chain(inputs, finished, stats, progress);
    bool wanted = true;
    while (std::optional<image::Frame> frame = wanted ? decoded.Pop() : std::nullopt)
      wanted = chain.Push(std::move(*frame));
    if (wanted) chain.Finish();
  } catch (...) {
    decoded.Close();
    finished.Close();
    throw;
  }
  decoded.Close();
  finished.Close();
  decode_thread.join();
  encode_thread.join();
  if (encode_problem) std::rethrow_exception(encode_problem);
  stats.stage_seconds["decode"] = decode_s;
  stats.stage_seconds["encode"] = encode_s;
  stats.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return stats;
}

}  // namespace shotfix::pipeline
