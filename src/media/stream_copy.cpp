// SPDX-License-Identifier: Apache-2.0
#include "media/stream_copy.h"

#include <limits>

#include "shotfix/core/error.h"
#include "shotfix/core/log.h"

namespace shotfix::media {
namespace {

constexpr double kInterleave_s = 5;  // tracks are never further apart in a file

}  // namespace

StreamCopy::StreamCopy(const ClipInfo& source, FrameRange frames, bool sound, AVFormatContext& output)
    : output_(output), name_(source.path.string()) {
  input_ = OpenInput(name_, -1, source.rate);
  const double tick_s = source.time_base.ToDouble();
  const auto time_of = [&](int64_t frame) {
    return static_cast<double>(source.pts[static_cast<size_t>(frame - source.frames.begin)]) * tick_s;
  };
  whole_ = frames == source.frames;
  begin_s_ = time_of(frames.begin);
  end_s_ = whole_ || frames.end >= source.frames.end ? std::numeric_limits<double>::infinity() : time_of(frames.end);
  for (unsigned k = 0; k < input_->nb_streams; ++k) {
    AVStream& in = *input_->streams[k];
    target_.push_back(-1);
    if (Wanted(in, sound)) AddStream(in);
    if (target_.back() < 0) in.discard = AVDISCARD_ALL;
  }
  if (whole_) CopyChapters();
}

bool StreamCopy::Wanted(const AVStream& stream, bool sound) const {
  constexpr uint32_t kTimecodeTrack = MKTAG('t', 'm', 'c', 'd');  // the writer makes its own
  const AVCodecParameters& parameters = *stream.codecpar;
  const bool holds = avformat_query_codec(output_.oformat, parameters.codec_id, FF_COMPLIANCE_NORMAL) == 1;
  const char* name = avcodec_get_name(parameters.codec_id);
  if (parameters.codec_type == AVMEDIA_TYPE_AUDIO) {
    if (!sound) return false;
    if (avformat_query_codec(output_.oformat, parameters.codec_id, FF_COMPLIANCE_NORMAL) != 0) return true;
    Throw(ErrorCode::kUsage,
          "\"{}\" has {} sound, which this container cannot hold; write .mov or .mkv, or leave the sound out with "
          "--no-sound",
          name_, name);
  }
  const bool other = parameters.codec_type == AVMEDIA_TYPE_SUBTITLE || parameters.codec_type == AVMEDIA_TYPE_DATA;
  if (!other || parameters.codec_tag == kTimecodeTrack) return false;
  if (!holds)
    log::Warning("\"{}\": stream {} ({}) is left out: the result's container cannot hold it", name_, stream.index,
                 name);
  return holds;
}

void StreamCopy::AddStream(const AVStream& in) {
  AVStream* out = avformat_new_stream(&output_, nullptr);
  avcodec_parameters_copy(out->codecpar, in.codecpar);
  out->codecpar->codec_tag = 0;
  out->time_base = in.time_base;
  out->disposition = in.disposition;
  av_dict_copy(&out->metadata, in.metadata, 0);
  target_.back() = out->index;
}

// The muxer owns and frees what is put here.
void StreamCopy::CopyChapters() {
  if (input_->nb_chapters == 0) return;
  output_.chapters = static_cast<AVChapter**>(av_calloc(input_->nb_chapters, sizeof(AVChapter*)));
  for (unsigned k = 0; k < input_->nb_chapters; ++k) {
    const AVChapter& from = *input_->chapters[k];
    auto* chapter = static_cast<AVChapter*>(av_mallocz(sizeof(AVChapter)));
    chapter->id = from.id;
    chapter->time_base = from.time_base;
    chapter->start = from.start;
    chapter->end = from.end;
    av_dict_copy(&chapter->metadata, from.metadata, 0);
    output_.chapters[output_.nb_chapters++] = chapter;
  }
}

bool StreamCopy::ReadNext() {
  while (!pending_ && !done_) {
    if (av_read_frame(input_.get(), packet_.get()) < 0) {
      done_ = true;
    } else if (static_cast<size_t>(packet_->stream_index) >= target_.size() ||  // found only now: MPEG-TS
               target_[static_cast<size_t>(packet_->stream_index)] < 0) {
      av_packet_unref(packet_.get());
    } else {
      pending_ = true;
    }
  }
  return pending_;
}

void StreamCopy::WriteUntil(double time_s) {
  while (ReadNext()) {
    const AVStream& in = *input_->streams[packet_->stream_index];
    const double base_s = av_q2d(in.time_base);
    const double start_s = static_cast<double>(packet_->pts != AV_NOPTS_VALUE ? packet_->pts : packet_->dts) * base_s;
    const double stop_s = start_s + static_cast<double>(packet_->duration) * base_s;
    if (start_s >= end_s_) {
      // Tracks are interleaved in chunks: another one may still have sound from before the end.
      const bool far_behind = start_s > end_s_ + kInterleave_s;
      av_packet_unref(packet_.get());
      pending_ = false;
      if (far_behind) done_ = true;
      continue;
    }
    if (start_s - begin_s_ >= time_s) return;
    pending_ = false;
    // A whole clip keeps sound that starts before the picture; a piece of one does not.
    if (!whole_ && stop_s <= begin_s_) {
      av_packet_unref(packet_.get());
      continue;
    }
    const AVStream& out = *output_.streams[target_[static_cast<size_t>(packet_->stream_index)]];
    packet_->stream_index = out.index;
    const auto shift = static_cast<int64_t>(begin_s_ / base_s + 0.5);
    if (packet_->pts != AV_NOPTS_VALUE) packet_->pts -= shift;
    if (packet_->dts != AV_NOPTS_VALUE) packet_->dts -= shift;
    av_packet_rescale_ts(packet_.get(), in.time_base, out.time_base);
    packet_->pos = -1;
    const int written = av_interleaved_write_frame(&output_, packet_.get());
    if (written < 0) Throw(ErrorCode::kIo, "writing sound or captions failed: {}", ErrorText(written));
  }
}

void StreamCopy::WriteRest() { WriteUntil(std::numeric_limits<double>::infinity()); }

}  // namespace shotfix::media
