// SPDX-License-Identifier: Apache-2.0
#include "shotfix/media/encoder.h"

#include "media/codec_table.h"
#include "media/exr.h"
#include "media/frame_sink.h"
#include "shotfix/core/error.h"

namespace shotfix::media {

struct Encoder::Impl {
  EncodeSettings settings;
  std::unique_ptr<FrameSink> sink;
};

std::optional<Timecode> TimecodeAt(const ClipInfo& source, int64_t index) {
  const std::optional<Timecode> start = Timecode::Parse(source.timecode, source.rate);
  if (!start) return std::nullopt;
  return start->Plus(index - source.frames.begin);
}

std::optional<Timecode> PackableTimecodeAt(const ClipInfo& source, int64_t index) {
  const std::optional<Timecode> time = TimecodeAt(source, index);
  return time && time->nominal_fps <= 30 ? time : std::nullopt;
}

Encoder::Encoder(const std::filesystem::path& path, const EncodeSettings& settings, const ClipInfo& source)
    : impl_(std::make_unique<Impl>(Impl{settings, nullptr})) {
  const CodecSpec& spec = SpecOf(ResolveCodec(path, settings.codec));
  SHOTFIX_CHECK(settings.frames.begin >= source.frames.begin && settings.frames.end <= source.frames.end);
  if (spec.image_sequence && settings.frames.size() > 1 && !IsSequencePattern(path)) {
    Throw(ErrorCode::kUsage, "\"{}\": {} frames need a frame number in the name, such as NAME.%04d{}", path.string(),
          settings.frames.size(), path.extension().string());
  }
  impl_->sink = spec.codec == Codec::kExr ? MakeExrSink(path, settings, source) : MakeLibavSink(path, settings, source);
}

Encoder::~Encoder() = default;

void Encoder::Write(const image::PixelPlanes& planes, int64_t index, const FrameExtras& extras) {
  impl_->sink->Write(planes, index, extras);
}

void Encoder::Finish() { impl_->sink->Finish(); }

const std::vector<std::filesystem::path>& Encoder::files() const { return impl_->sink->files(); }

}  // namespace shotfix::media
