// SPDX-License-Identifier: Apache-2.0
#include "shotfix/media/decoder.h"

#include <ATen/ATen.h>

#include "media/exr.h"
#include "media/frame_reader.h"
#include "shotfix/image/convert.h"
#include "shotfix/media/clip_files.h"

namespace shotfix::media {
namespace {

class ExrReader final : public FrameReader {
 public:
  explicit ExrReader(const ClipInfo& info) : info_(info), next_(info.frames.begin) {}
  void Seek(int64_t index) override { next_ = index; }
  bool StartOver() override { return false; }
  std::optional<RawFrame> Read() override {
    if (!info_.frames.Contains(next_)) return std::nullopt;
    const int64_t index = next_++;
    RawFrame raw;
    try {
      raw.planes = std::make_shared<image::PixelPlanes>(ReadExr(SequenceFile(info_.path, index)));
    } catch (const Error& problem) {
      DamagedFrame damaged(problem.code(), problem.what());
      damaged.WithFile(info_.path.string()).WithFrame(index);
      throw damaged;
    }
    if (raw.planes->layout != info_.layout) {
      throw Error(ErrorCode::kData,
                  fmt::format("\"{}\": the picture changes from {} to {} at frame {}; cut the clip there",
                              info_.path.string(), info_.layout.ToString(), raw.planes->layout.ToString(), index))
          .WithFile(info_.path.string())
          .WithFrame(index);
    }
    raw.index = index;
    raw.pts = info_.pts[static_cast<size_t>(index - info_.frames.begin)];
    raw.duration = 1;
    return raw;
  }

 private:
  ClipInfo info_;
  int64_t next_;
};

std::unique_ptr<FrameReader> OpenReader(const ClipInfo& info) {
  return info.codec == "exr" ? OpenExrReader(info) : OpenLibavReader(info);
}

}  // namespace

std::unique_ptr<FrameReader> OpenExrReader(const ClipInfo& info) { return std::make_unique<ExrReader>(info); }

struct Decoder::Impl {
  ClipInfo info;
  c10::Device device;
  std::unique_ptr<FrameReader> reader;
  int64_t next_index;
  std::optional<RawFrame> pending;                      // read, and not yet its turn
  std::shared_ptr<const image::PixelPlanes> last_good;  // of the frame before next_index, when it was read
  bool ended = false;

  Impl(ClipInfo clip, c10::Device where)
      : info(std::move(clip)), device(where), reader(OpenReader(info)), next_index(info.frames.begin) {}
  std::optional<RawFrame> ReadOrThrow();
  RawFrame ReadOrHold(bool& held);
  std::shared_ptr<const image::PixelPlanes> Substitute();
  [[noreturn]] void Damaged(const std::string& why) const;
};

void Decoder::Impl::Damaged(const std::string& why) const {
  throw Error(ErrorCode::kData,
              fmt::format("\"{}\": frame {} does not decode: {}", info.path.string(), next_index, why))
      .WithFile(info.path.string())
      .WithFrame(next_index);
}

std::optional<RawFrame> Decoder::Impl::ReadOrThrow() {
  for (;;) {
    std::optional<RawFrame> raw = reader->Read();
    if (!raw && reader->StartOver()) continue;
    if (!raw) Damaged("the stream ends early");
    if (raw->index > next_index && reader->StartOver()) continue;
    if (raw->index != next_index) Damaged(fmt::format("frame {} came instead", raw->index));
    return raw;
  }
}

// Note [Held frames]: a frame that does not decode is the last good one before it, wherever reading began, so that a
// piece of a clip gives the same frames as the whole. At the head of a clip it is the first good one.
RawFrame Decoder::Impl::ReadOrHold(bool& held) {
  while (!ended && (!pending || pending->index < next_index)) {
    try {
      pending = reader->Read();
      const bool missed = !pending || pending->index > next_index;
      if (missed && reader->StartOver()) pending.reset();
      else ended = !pending;
    } catch (const DamagedFrame&) {
      pending.reset();  // the next good one tells where it belongs
    }
  }
  held = !pending || pending->index != next_index;
  if (!held) {
    RawFrame raw = std::move(*pending);
    pending.reset();
    return raw;
  }
  RawFrame raw;
  raw.planes = Substitute();
  raw.index = next_index;
  raw.pts = info.pts[static_cast<size_t>(next_index - info.frames.begin)];
  return raw;
}

std::shared_ptr<const image::PixelPlanes> Decoder::Impl::Substitute() {
  if (last_good) return last_good;
  ClipInfo strict = info;
  strict.on_bad_frame = OnBadFrame::kStop;
  Decoder before(strict);
  for (int64_t index = next_index - 1; index >= info.frames.begin; --index) {
    try {
      before.Seek(index);
      if (const std::optional<image::Frame> frame = before.NextSamples()) return frame->source;
    } catch (const Error& problem) {
      if (problem.code() != ErrorCode::kData) throw;
      before = Decoder(strict);
    }
  }
  if (pending) return pending->planes;
  Damaged("and no other frame is there to hold");
}

Decoder::Decoder(ClipInfo info, c10::Device device) : impl_(std::make_unique<Impl>(std::move(info), device)) {}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

const ClipInfo& Decoder::info() const { return impl_->info; }

void Decoder::Seek(int64_t index) {
  Impl& impl = *impl_;
  SHOTFIX_CHECK(impl.info.frames.Contains(index));
  if (index == impl.next_index && !impl.ended) return;
  impl.reader->Seek(index);
  impl.next_index = index;
  impl.pending.reset();
  impl.last_good.reset();
  impl.ended = false;
}

std::optional<image::Frame> Decoder::NextSamples() {
  Impl& impl = *impl_;
  if (!impl.info.frames.Contains(impl.next_index)) {
    impl.ended = true;
    return std::nullopt;
  }
  image::Frame result;
  RawFrame raw = impl.info.on_bad_frame == OnBadFrame::kStop ? *impl.ReadOrThrow() : impl.ReadOrHold(result.held);
  result.source = std::move(raw.planes);
  result.captions = std::move(raw.captions);
  result.space = impl.info.space;
  result.index = raw.index;
  result.pts = raw.pts;
  result.time_base = impl.info.time_base;
  result.duration = raw.duration;
  impl.last_good = result.source;
  ++impl.next_index;
  return result;
}

std::optional<image::Frame> Decoder::Next() {
  std::optional<image::Frame> frame = NextSamples();
  if (!frame) return frame;
  frame->rgb = image::LinearFromPlanes(*frame->source, frame->space).to(impl_->device);
  if (frame->source->layout.has_alpha) frame->alpha = image::AlphaFromPlanes(*frame->source).to(impl_->device);
  return frame;
}

}  // namespace shotfix::media
