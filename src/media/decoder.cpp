// SPDX-License-Identifier: Apache-2.0
#include "shotfix/media/decoder.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "media/ffmpeg.h"
#include "media/planes_io.h"
#include "shotfix/core/error.h"
#include "shotfix/image/convert.h"

namespace shotfix::media {

struct Decoder::Impl {
  ClipInfo info;
  c10::Device device;
  UniqueFormatInput input;
  UniqueCodec codec;
  UniquePacket packet{av_packet_alloc()};
  UniqueFrame frame{av_frame_alloc()};
  int stream_index = 0;
  int64_t skip_below_pts = INT64_MIN;
  int64_t next_index = 0;
  bool draining = false;
  bool sought = false;  // the container was asked to seek and no frame has come since

  Impl(ClipInfo clip, c10::Device where) : info(std::move(clip)), device(where) {}
  void Open();
  bool Receive();
  int64_t IndexOf(int64_t pts) const;
  bool RestartAfterSeek();
  [[noreturn]] void Damaged(const std::string& why) const;
};

void Decoder::Impl::Damaged(const std::string& why) const {
  throw Error(ErrorCode::kData,
              fmt::format("\"{}\": frame {} does not decode: {}", info.path.string(), next_index, why))
      .WithFile(info.path.string())
      .WithFrame(next_index);
}

void Decoder::Impl::Open() {
  input = OpenInput(info.path.string(), info.is_sequence ? info.frames.begin : -1, info.rate);
  stream_index = FindVideoStream(*input, info.path.string());
  const AVStream& stream = *input->streams[stream_index];
  const AVCodec* decoder = avcodec_find_decoder(stream.codecpar->codec_id);
  if (decoder == nullptr) Throw(ErrorCode::kData, "\"{}\": no decoder for {}", info.path.string(), info.codec);
  codec.reset(avcodec_alloc_context3(decoder));
  avcodec_parameters_to_context(codec.get(), stream.codecpar);
  codec->pkt_timebase = stream.time_base;
  codec->thread_count = 2;
  codec->err_recognition = AV_EF_CRCCHECK;
  const int opened = avcodec_open2(codec.get(), decoder, nullptr);
  if (opened < 0)
    Throw(ErrorCode::kData, "\"{}\": the {} decoder does not open: {}", info.path.string(), info.codec,
          ErrorText(opened));
  for (unsigned k = 0; k < input->nb_streams; ++k) {
    if (static_cast<int>(k) != stream_index) input->streams[k]->discard = AVDISCARD_ALL;
  }
}

// Puts the next decoded picture into `frame`; false at the end.
bool Decoder::Impl::Receive() {
  const int64_t concealed_before = ConcealedErrors();
  for (;;) {
    const int received = avcodec_receive_frame(codec.get(), frame.get());
    if (received == 0) {
      if (frame->decode_error_flags != 0 || (frame->flags & AV_FRAME_FLAG_CORRUPT) != 0) Damaged("corrupt data");
      if (ConcealedErrors() != concealed_before) Damaged("a checksum does not fit");
      return true;
    }
    if (received == AVERROR_EOF) return false;
    if (received != AVERROR(EAGAIN)) Damaged(ErrorText(received));
    const int read = av_read_frame(input.get(), packet.get());
    if (read < 0 && !draining) {
      draining = true;
      if (read != AVERROR_EOF) Damaged(ErrorText(read));
      avcodec_send_packet(codec.get(), nullptr);
      continue;
    }
    if (read >= 0 && packet->stream_index == stream_index) {
      const int sent = avcodec_send_packet(codec.get(), packet.get());
      av_packet_unref(packet.get());
      if (sent < 0 && sent != AVERROR(EAGAIN)) Damaged(ErrorText(sent));
    } else {
      av_packet_unref(packet.get());
    }
  }
}

// Some containers (MPEG-TS, open GOPs) seek behind the last frame that decodes: then everything is decoded from the
// first frame on, once. False when that would not help.
bool Decoder::Impl::RestartAfterSeek() {
  if (!sought) return false;
  Open();
  sought = false;
  draining = false;
  return true;
}

int64_t Decoder::Impl::IndexOf(int64_t pts) const {
  const auto place = std::lower_bound(info.pts.begin(), info.pts.end(), pts);
  return info.frames.begin + (place - info.pts.begin());
}

Decoder::Decoder(ClipInfo info, c10::Device device) : impl_(std::make_unique<Impl>(std::move(info), device)) {
  impl_->Open();
  impl_->next_index = impl_->info.frames.begin;
}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;

const ClipInfo& Decoder::info() const { return impl_->info; }

void Decoder::Seek(int64_t index) {
  Impl& impl = *impl_;
  SHOTFIX_CHECK(impl.info.frames.Contains(index));
  if (index == impl.next_index && !impl.draining) return;
  const int64_t target = impl.info.pts[static_cast<size_t>(index - impl.info.frames.begin)];
  // Where seeking fails (pipes, odd containers) decoding starts anew from the first frame: slow and exact.
  const bool from_start = index == impl.info.frames.begin ||
                          av_seek_frame(impl.input.get(), impl.stream_index, target, AVSEEK_FLAG_BACKWARD) < 0;
  if (from_start) impl.Open();
  else avcodec_flush_buffers(impl.codec.get());
  impl.sought = !from_start;
  impl.skip_below_pts = target;
  impl.next_index = index;
  impl.draining = false;
}

std::optional<image::Frame> Decoder::NextSamples() {
  Impl& impl = *impl_;
  while (impl.info.frames.Contains(impl.next_index)) {
    if (!impl.Receive()) {
      if (impl.RestartAfterSeek()) continue;
      impl.Damaged("the stream ends early");
    }
    const AVFrame& raw = *impl.frame;
    int64_t pts = raw.best_effort_timestamp;
    if (pts == AV_NOPTS_VALUE) pts = impl.info.pts[static_cast<size_t>(impl.next_index - impl.info.frames.begin)];
    if (pts < impl.skip_below_pts) continue;
    if (impl.IndexOf(pts) > impl.next_index && impl.RestartAfterSeek()) continue;
    impl.sought = false;
    if (raw.interlaced_frame != 0)
      Throw(ErrorCode::kData, "\"{}\" is interlaced; deinterlace it first, for example with ffmpeg -vf bwdif",
            impl.info.path.string());
    image::Frame result;
    auto planes = std::make_shared<image::PixelPlanes>(PlanesFromFrame(raw));
    if (planes->layout != impl.info.layout) {
      impl.Damaged(
          fmt::format("the picture changes from {} to {}", impl.info.layout.ToString(), planes->layout.ToString()));
    }
    result.source = std::move(planes);
    result.space = impl.info.space;
    result.index = impl.IndexOf(pts);
    if (result.index != impl.next_index) impl.Damaged(fmt::format("frame {} came instead", result.index));
    result.pts = pts;
    result.time_base = impl.info.time_base;
    result.duration = raw.pkt_duration;
    ++impl.next_index;
    return result;
  }
  return std::nullopt;
}

std::optional<image::Frame> Decoder::Next() {
  std::optional<image::Frame> frame = NextSamples();
  if (!frame) return frame;
  frame->rgb = image::LinearFromPlanes(*frame->source, frame->space).to(impl_->device);
  if (frame->source->layout.has_alpha) frame->alpha = image::AlphaFromPlanes(*frame->source).to(impl_->device);
  return frame;
}

}  // namespace shotfix::media
