// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>

#include "media/ffmpeg.h"
#include "media/frame_reader.h"
#include "media/planes_io.h"

namespace shotfix::media {
namespace {

class LibavReader final : public FrameReader {
 public:
  explicit LibavReader(const ClipInfo& info) : info_(info) { Open(info.frames.begin); }
  void Seek(int64_t index) override;
  std::optional<RawFrame> Read() override;
  bool StartOver() override;

 private:
  void Open(int64_t first);
  void OpenCodec(const AVStream& stream);
  bool Receive();
  void SkipUnreadFile();
  void Feed();
  int64_t IndexOf(int64_t pts) const;
  RawFrame Unpack(int64_t pts);
  [[noreturn]] void Damaged(const std::string& why) const;

  ClipInfo info_;
  std::atomic<int64_t> concealed_ = 0;  // see CountsConcealedErrors
  int64_t concealed_seen_ = 0;          // of them, those that are no damage of the next picture
  UniqueFormatInput input_;
  UniqueCodec codec_;
  UniquePacket packet_{av_packet_alloc()};
  UniqueFrame frame_{av_frame_alloc()};
  int stream_index_ = 0;
  int64_t skip_below_pts_ = INT64_MIN;
  int64_t next_index_ = 0;  // expected, for messages and for streams without times
  bool draining_ = false;
  bool sought_ = false;     // the container was asked to seek ...
  bool delivered_ = false;  // ... and a frame has been handed out since
  // Of sequences, where each file is a packet:
  int64_t next_file_ = 0;               // frame number of the packet that is read next
  int64_t pts_offset_ = 0;              // image2 counts from the file it was opened at
  std::optional<int64_t> unread_file_;  // a file that gave no packet: told once the frames before it are out
};

void LibavReader::Damaged(const std::string& why) const {
  DamagedFrame error(ErrorCode::kData,
                     fmt::format("\"{}\": frame {} does not decode: {}", info_.path.string(), next_index_, why));
  error.WithFile(info_.path.string()).WithFrame(next_index_);
  throw error;
}

void LibavReader::OpenCodec(const AVStream& stream) {
  const AVCodec* decoder = avcodec_find_decoder(stream.codecpar->codec_id);
  if (decoder == nullptr) Throw(ErrorCode::kData, "\"{}\": no decoder for {}", info_.path.string(), info_.codec);
  codec_.reset(avcodec_alloc_context3(decoder));
  avcodec_parameters_to_context(codec_.get(), stream.codecpar);
  codec_->pkt_timebase = stream.time_base;
  codec_->thread_count = 2;
  // Note [Damage and frame threads]: FFV1 and PNG tell of a failed checksum by log only, and H.264 marks a picture as
  // damaged while another thread may have handed it out already. Without frame threads both are told with the frame at
  // hand, each time.
  const AVCodecID id = stream.codecpar->codec_id;
  if (id == AV_CODEC_ID_FFV1 || id == AV_CODEC_ID_PNG || id == AV_CODEC_ID_H264) codec_->thread_type = FF_THREAD_SLICE;
  codec_->err_recognition = AV_EF_CRCCHECK;
  CountsConcealedErrors(*codec_, concealed_);
  const int opened = avcodec_open2(codec_.get(), decoder, nullptr);
  if (opened < 0)
    Throw(ErrorCode::kData, "\"{}\": the {} decoder does not open: {}", info_.path.string(), info_.codec,
          ErrorText(opened));
}

// `first`: the file that a sequence is opened at; containers are always opened at their head.
void LibavReader::Open(int64_t first) {
  input_ = OpenInput(info_.path.string(), info_.is_sequence ? first : -1, info_.rate);
  next_file_ = first;
  pts_offset_ = info_.is_sequence ? first - info_.frames.begin : 0;
  stream_index_ = FindVideoStream(*input_, info_.path.string());
  OpenCodec(*input_->streams[stream_index_]);
  for (unsigned k = 0; k < input_->nb_streams; ++k) {
    if (static_cast<int>(k) != stream_index_) input_->streams[k]->discard = AVDISCARD_ALL;
  }
  draining_ = false;
}

// One packet into the decoder, or the news that none are left.
void LibavReader::Feed() {
  const int read = av_read_frame(input_.get(), packet_.get());
  if (read < 0) {
    draining_ = true;
    avcodec_send_packet(codec_.get(), nullptr);
    // image2 stops at a file that is empty or cannot be opened, as if the sequence ended there.
    if (info_.is_sequence && info_.frames.Contains(next_file_)) unread_file_ = next_file_;
    else if (read != AVERROR_EOF) Damaged(ErrorText(read));
    return;
  }
  ++next_file_;
  const bool ours = packet_->stream_index == stream_index_;
  // Damage before the frame that was sought is no damage of it: it only leads there.
  const bool wanted = info_.is_sequence || packet_->pts == AV_NOPTS_VALUE || packet_->pts >= skip_below_pts_;
  const int sent = ours ? avcodec_send_packet(codec_.get(), packet_.get()) : 0;
  av_packet_unref(packet_.get());
  if (!wanted) concealed_seen_ = concealed_;
  if (wanted && sent < 0 && sent != AVERROR(EAGAIN)) Damaged(ErrorText(sent));
}

// Puts the next decoded picture into `frame_`; false at the end.
bool LibavReader::Receive() {
  concealed_seen_ = concealed_;
  for (;;) {
    const int received = avcodec_receive_frame(codec_.get(), frame_.get());
    const bool ended = received == AVERROR_EOF || (received == AVERROR(EAGAIN) && draining_);
    if (ended && unread_file_) SkipUnreadFile();
    if (ended) return false;
    if (received == AVERROR(EAGAIN)) {
      Feed();
      continue;
    }
    if (received < 0) Damaged(ErrorText(received));
    const bool leads_there = !info_.is_sequence && frame_->best_effort_timestamp != AV_NOPTS_VALUE &&
                             frame_->best_effort_timestamp < skip_below_pts_;
    if (leads_there) {
      concealed_seen_ = concealed_;
      return true;
    }
    if (frame_->decode_error_flags != 0 || (frame_->flags & AV_FRAME_FLAG_CORRUPT) != 0) Damaged("corrupt data");
    if (concealed_ != concealed_seen_) Damaged("a checksum does not fit");
    return true;
  }
}

// Goes on behind it, and tells.
void LibavReader::SkipUnreadFile() {
  const int64_t file = *unread_file_;
  unread_file_.reset();
  if (info_.frames.Contains(file + 1)) Open(file + 1);
  next_index_ = file;
  Damaged("its file is empty or cannot be read");
}

// Some containers (MPEG-TS, open GOPs) seek behind the last frame that decodes: then everything is decoded from the
// first frame on, once.
bool LibavReader::StartOver() {
  if (!sought_) return false;
  Open(info_.frames.begin);
  sought_ = false;
  return true;
}

int64_t LibavReader::IndexOf(int64_t pts) const {
  const auto place = std::lower_bound(info_.pts.begin(), info_.pts.end(), pts);
  return info_.frames.begin + (place - info_.pts.begin());
}

void LibavReader::Seek(int64_t index) {
  const int64_t target = info_.pts[static_cast<size_t>(index - info_.frames.begin)];
  // Where seeking fails (pipes, odd containers) decoding starts anew from the first frame: slow and exact.
  const bool from_start =
      index == info_.frames.begin || av_seek_frame(input_.get(), stream_index_, target, AVSEEK_FLAG_BACKWARD) < 0;
  if (from_start) Open(info_.is_sequence ? index : info_.frames.begin);
  else avcodec_flush_buffers(codec_.get());
  sought_ = !from_start;
  delivered_ = false;
  unread_file_.reset();
  skip_below_pts_ = target;
  next_index_ = index;
  draining_ = false;
}

RawFrame LibavReader::Unpack(int64_t pts) {
  if (frame_->interlaced_frame != 0)
    Throw(ErrorCode::kData, "\"{}\" is interlaced; deinterlace it first, for example with ffmpeg -vf bwdif",
          info_.path.string());
  RawFrame raw;
  auto planes = std::make_shared<image::PixelPlanes>(PlanesFromFrame(*frame_));
  if (planes->layout != info_.layout) {
    throw Error(ErrorCode::kData,
                fmt::format("\"{}\": the picture changes from {} to {} at frame {}; cut the clip there",
                            info_.path.string(), info_.layout.ToString(), planes->layout.ToString(), next_index_))
        .WithFile(info_.path.string())
        .WithFrame(next_index_);
  }
  raw.planes = std::move(planes);
  raw.index = IndexOf(pts);
  raw.pts = pts;
  raw.duration = frame_->pkt_duration;
  const AVFrameSideData* captions = av_frame_get_side_data(frame_.get(), AV_FRAME_DATA_A53_CC);
  if (captions != nullptr) raw.captions.assign(captions->data, captions->data + captions->size);
  next_index_ = raw.index + 1;
  return raw;
}

std::optional<RawFrame> LibavReader::Read() {
  if (delivered_) sought_ = false;
  while (Receive()) {
    int64_t pts = frame_->best_effort_timestamp;
    if (pts == AV_NOPTS_VALUE) {
      if (!info_.frames.Contains(next_index_)) return std::nullopt;
      pts = info_.pts[static_cast<size_t>(next_index_ - info_.frames.begin)];
    } else {
      pts += pts_offset_;
    }
    if (pts < skip_below_pts_) continue;
    delivered_ = true;
    return Unpack(pts);
  }
  return std::nullopt;
}

}  // namespace

std::unique_ptr<FrameReader> OpenLibavReader(const ClipInfo& info) { return std::make_unique<LibavReader>(info); }

}  // namespace shotfix::media
