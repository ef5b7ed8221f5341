// SPDX-License-Identifier: Apache-2.0
#include "shotfix/pipeline/render.h"

#include <ATen/ATen.h>
#include <malloc.h>

#include <algorithm>
#include <thread>

#include "pipeline/bounded_queue.h"
#include "pipeline/render_output.h"
#include "pipeline/stage.h"
#include "shotfix/composite/apply_edit.h"
#include "shotfix/core/error.h"
#include "shotfix/core/stop.h"
#include "shotfix/image/convert.h"
#include "shotfix/media/decoder.h"

namespace shotfix::pipeline {
namespace {

// Frames that wait between threads: three of HD, one of UHD.
size_t QueueFrames(const image::PixelLayout& layout) {
  constexpr size_t kBudgetBytes = size_t{128} << 20;
  const size_t frame_bytes = static_cast<size_t>(layout.width) * static_cast<size_t>(layout.height) * 3 * sizeof(float);
  return std::clamp<size_t>(kBudgetBytes / frame_bytes, 1, 3);
}

// Note [Large pictures]: glibc keeps blocks of up to 32 MB in a heap that only grows; planes and mattes of UHD are of
// that size and leave holes in it, half a gigabyte of them. For pictures over HD they go back to the system at once,
// which costs a few milliseconds a frame.
void ReturnLargeBlocks(const image::PixelLayout& layout) {
  constexpr int kBlockBytes = 4 << 20;
  if (IsLarge(layout)) mallopt(M_MMAP_THRESHOLD, kBlockBytes);
}

// Frames to read so that every written frame has the neighbours it would have in the whole clip.
FrameRange ReadRange(const RenderInputs& inputs, FrameRange wanted) {
  int before = 0;
  int after = 0;
  for (const RenderPass& pass : inputs.passes) {
    before += PassStage::ReachBefore(pass);
    after += PassStage::ReachAfter(pass);
  }
  return {std::max(inputs.clip.frames.begin, wanted.begin - before),
          std::min(inputs.clip.frames.end, wanted.end + after)};
}

void DecodeAll(const RenderInputs& inputs, FrameRange range, BoundedQueue<image::Frame>& queue, double& seconds) {
  try {
    media::Decoder decoder(inputs.clip, inputs.device);
    decoder.Seek(range.begin);
    std::map<std::string, double> sums;
    const bool large = IsLarge(inputs.clip.layout);
    for (int64_t index = range.begin; index < range.end; ++index) {
      std::optional<image::Frame> frame;
      {
        const StageTimer timer(sums, "decode");
        // Large frames wait as samples: their light takes twice the memory.
        frame = large ? decoder.NextSamples() : decoder.Next();
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
void EncodeAll(RenderOutput& output, BoundedQueue<OutputFrame>& queue, double& seconds, std::exception_ptr& problem) {
  std::map<std::string, double> sums;
  while (std::optional<OutputFrame> frame = queue.Pop()) {
    try {
      const StageTimer timer(sums, "encode");
      output.Put(std::move(*frame));
    } catch (...) {
      problem = std::current_exception();
      queue.Close();
      return;
    }
  }
  seconds = sums["encode"];
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

OutputFrame MakeOutput(const RenderInputs& inputs, WorkFrame& work) {
  OutputFrame out;
  out.finished.planes = MakePlanes(inputs, work);
  if (work.support.defined()) out.finished.support = (work.support > 0).to(at::kByte).cpu();
  out.finished.layers = std::move(work.layers);
  out.source = work.frame.source;
  out.captions = std::move(work.frame.captions);
  out.index = work.frame.index;
  out.held = work.frame.held;
  return out;
}

// The middle of the render: passes in order, then the writer's queue.
class PassChain {
 public:
  PassChain(const RenderInputs& inputs, FrameRange wanted, BoundedQueue<OutputFrame>& finished,
            std::map<std::string, double>& seconds)
      : inputs_(inputs), range_(wanted), finished_(finished), seconds_(seconds) {
    for (const RenderPass& pass : inputs.passes) stages_.emplace_back(pass, inputs.layers, seconds);
  }

  // False when the writer has gone: nobody wants more.
  bool Push(image::Frame frame) {
    if (!frame.rgb.defined()) {
      const StageTimer timer(seconds_, "decode large");
      frame.rgb = image::LinearFromPlanes(*frame.source, frame.space).to(inputs_.device);
      if (frame.source->layout.has_alpha) frame.alpha = image::AlphaFromPlanes(*frame.source).to(inputs_.device);
    }
    WorkFrame work;
    work.source_rgb = frame.rgb;
    work.frame = std::move(frame);
    stages_.front().Push(std::move(work));
    Advance(false);
    return wanted_;
  }
  int64_t done() const { return done_; }
  double HeldShare() const { return done_ > 0 ? held_ / static_cast<double>(done_) : 0; }
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
    if (!range_.Contains(work.frame.index) || !wanted_) return;
    held_ += work.held_share;
    std::optional<OutputFrame> out;
    {
      const StageTimer timer(seconds_, "composite");
      out = MakeOutput(inputs_, work);
    }
    wanted_ = finished_.Push(std::move(*out));
    ++done_;
    ThrowIfStopped();
  }

  const RenderInputs& inputs_;
  FrameRange range_;
  BoundedQueue<OutputFrame>& finished_;
  std::map<std::string, double>& seconds_;
  std::deque<PassStage> stages_;
  int64_t done_ = 0;
  double held_ = 0;
  bool wanted_ = true;
};

}  // namespace

image::PixelLayout OutputLayout(const media::ClipInfo& clip, bool linear_output, bool matte_only) {
  image::PixelLayout layout = clip.layout;
  if (linear_output && !clip.layout.is_float) {
    layout.is_float = true;
    layout.bit_depth = 16;
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
  ReturnLargeBlocks(inputs.clip.layout);
  const auto start = std::chrono::steady_clock::now();
  RenderOutput output(inputs, writer, stats);
  const FrameRange wanted{output.Replay(progress), inputs.frames.end};
  std::map<std::string, double> stage_seconds;
  double decode_s = 0;
  double encode_s = 0;
  if (wanted.size() > 0) {
    std::exception_ptr encode_problem;
    const size_t waiting = QueueFrames(inputs.clip.layout);
    BoundedQueue<image::Frame> decoded(waiting);
    BoundedQueue<OutputFrame> finished(waiting);
    std::jthread decode_thread([&] { DecodeAll(inputs, ReadRange(inputs, wanted), decoded, decode_s); });
    std::jthread encode_thread([&] { EncodeAll(output, finished, encode_s, encode_problem); });
    try {
      PassChain chain(inputs, wanted, finished, stage_seconds);
      bool more = true;
      while (std::optional<image::Frame> frame = more ? decoded.Pop() : std::nullopt) {
        more = chain.Push(std::move(*frame));
        progress.Update("rendering", wanted.begin - inputs.frames.begin + chain.done(), inputs.frames.size(), "");
      }
      if (more) chain.Finish();
      stats.held_share = chain.HeldShare();
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
  }
  progress.Update("rendering", inputs.frames.size(), inputs.frames.size(), "");
  stats.stage_seconds = std::move(stage_seconds);
  stats.stage_seconds["decode"] = decode_s;
  stats.stage_seconds["encode"] = encode_s;
  stats.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return stats;
}

}  // namespace shotfix::pipeline
