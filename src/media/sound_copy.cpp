// SPDX-License-Identifier: Apache-2.0
#include "media/sound_copy.h"

#include <limits>

#include "shotfix/core/error.h"

namespace shotfix::media {
namespace {

constexpr double kInterleave_s = 5;  // tracks are never further apart in a file

}  // namespace

SoundCopy::SoundCopy(const ClipInfo& source, FrameRange frames, AVFormatContext& output) : output_(output) {
  input_ = OpenInput(source.path.string(), -1, source.rate);
  const double tick_s = source.time_base.ToDouble();
  const auto time_of = [&](int64_t frame) {
    return static_cast<double>(source.pts[static_cast<size_t>(frame - source.frames.begin)]) * tick_s;
  };
  const bool whole = frames == source.frames;
  begin_s_ = time_of(frames.begin);
  end_s_ = whole || frames.end >= source.frames.end ? std::numeric_limits<double>::infinity() : time_of(frames.end);
  whole_ = whole;
  for (unsigned k = 0; k < input_->nb_streams; ++k) {
    AVStream& in = *input_->streams[k];
    target_.push_back(-1);
    if (in.codecpar->codec_type != AVMEDIA_TYPE_AUDIO) {
      in.discard = AVDISCARD_ALL;
      continue;
    }
    if (avformat_query_codec(output.oformat, in.codecpar->codec_id, FF_COMPLIANCE_NORMAL) == 0) {
      Throw(ErrorCode::kUsage,
            "\"{}\" has {} sound, which this container cannot hold; write .mov or .mkv, or leave the sound out with "
            "--no-sound",
            source.path.string(), avcodec_get_name(in.codecpar->codec_id));
    }
    AVStream* out = avformat_new_stream(&output, nullptr);
    avcodec_parameters_copy(out->codecpar, in.codecpar);
    out->codecpar->codec_tag = 0;
    out->time_base = in.time_base;
    out->disposition = in.disposition;
    av_dict_copy(&out->metadata, in.metadata, 0);
    target_.back() = out->index;
  }
}

bool SoundCopy::ReadNext() {
  while (!pending_ && !done_) {
    if (av_read_frame(input_.get(), packet_.get()) < 0) {
      done_ = true;
    } else if (target_[static_cast<size_t>(packet_->stream_index)] < 0) {
      av_packet_unref(packet_.get());
    } else {
      pending_ = true;
    }
  }
  return pending_;
}

void SoundCopy::WriteUntil(double time_s) {
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
    if (written < 0) Throw(ErrorCode::kIo, "writing sound failed: {}", ErrorText(written));
  }
}

void SoundCopy::WriteRest() { WriteUntil(std::numeric_limits<double>::infinity()); }

}  // namespace shotfix::media
