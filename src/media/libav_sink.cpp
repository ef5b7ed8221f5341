// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "media/codec_options.h"
#include "media/codec_table.h"
#include "media/dpx_header.h"
#include "media/ffmpeg.h"
#include "media/frame_sink.h"
#include "media/planes_io.h"
#include "media/stream_copy.h"
#include "shotfix/core/error.h"
#include "shotfix/media/clip_files.h"

namespace shotfix::media {
namespace {

void Allocate(AVFrame& frame, AVPixelFormat format, const image::PixelLayout& layout) {
  frame.format = format;
  frame.width = layout.width;
  frame.height = layout.height;
  if (av_frame_get_buffer(&frame, 0) < 0) Throw(ErrorCode::kUnavailable, "no memory for a {} frame", layout.ToString());
}

void Tag(AVFrame& frame, const AVCodecContext& codec, Rational aspect) {
  frame.color_primaries = codec.color_primaries;
  frame.color_trc = codec.color_trc;
  frame.colorspace = codec.colorspace;
  frame.color_range = codec.color_range;
  frame.chroma_location = codec.chroma_sample_location;
  frame.sample_aspect_ratio = ToAv(aspect);
}

// The tag that goes out: the source's own where the samples still mean what it says (also when nobody here knows the
// code), else the code of what they mean, where there is one.
template <typename Value>
int TagFor(Value written, Value source, int source_tag) {
  constexpr int kUnspecified = 2;
  const bool unchanged = written == source && source_tag != kUnspecified;
  if (unchanged) return source_tag;
  return static_cast<int>(written) < 256 ? static_cast<int>(written) : kUnspecified;
}

void CopyMetadata(const std::map<std::string, std::string>& from, AVDictionary** to) {
  for (const auto& [key, value] : from) av_dict_set(to, key.c_str(), value.c_str(), 0);
}

class LibavSink final : public FrameSink {
 public:
  LibavSink(const std::filesystem::path& path, const EncodeSettings& settings, const ClipInfo& source)
      : path_(path), settings_(settings), source_(source), spec_(SpecOf(ResolveCodec(path, settings.codec))) {
    OpenContainer();
    PrepareScaler();
    if (!spec_.image_sequence) files_.push_back(path_);
  }
  ~LibavSink() override {
    if (HasFile()) avio_closep(&output_->pb);
  }
  void Write(const image::PixelPlanes& planes, int64_t index, const FrameExtras& extras) override;
  void Finish() override;

 private:
  bool HasFile() const { return output_ && output_->pb != nullptr && (output_->oformat->flags & AVFMT_NOFILE) == 0; }
  const char* MuxerName() const;
  void SetColour(bool rgb);
  void OpenCodec();
  void DescribeStream(AVStream& stream);
  void OpenContainer();
  void WriteHeader();
  void PrepareScaler();
  void Drain(int64_t index);
  void CompleteDpx(int64_t index);
  int64_t PtsOf(int64_t index) const;
  [[noreturn]] void FailWriting(int64_t index, int code) const;

  std::filesystem::path path_;
  EncodeSettings settings_;
  ClipInfo source_;
  CodecSpec spec_;
  UniqueFormatOutput output_;
  UniqueCodec codec_;
  UniqueFrame own_frame_{av_frame_alloc()};    // planar, layout of the planes
  UniqueFrame coded_frame_{av_frame_alloc()};  // what the encoder wants
  UniquePacket packet_{av_packet_alloc()};
  UniqueScaler scaler_;
  std::unique_ptr<StreamCopy> streams_;
};

const char* LibavSink::MuxerName() const {
  if (spec_.image_sequence) return "image2";
  if (spec_.codec == Codec::kY4m) return "yuv4mpegpipe";
  return IsPipe(path_) ? "nut" : nullptr;
}

void LibavSink::SetColour(bool rgb) {
  const image::ColourSpace& space = settings_.space;
  codec_->color_primaries =
      static_cast<AVColorPrimaries>(TagFor(space.primaries, source_.space.primaries, source_.tags.primaries));
  codec_->color_trc =
      static_cast<AVColorTransferCharacteristic>(TagFor(space.transfer, source_.space.transfer, source_.tags.transfer));
  const image::Matrix matrix = space.matrix == image::Matrix::kRgb && !rgb ? image::Matrix::kBt709 : space.matrix;
  codec_->colorspace =
      rgb ? AVCOL_SPC_RGB : static_cast<AVColorSpace>(TagFor(matrix, source_.space.matrix, source_.tags.matrix));
  const bool limited = space.range != image::Range::kFull && !settings_.layout.is_rgb;
  codec_->color_range = rgb || (!limited && !settings_.layout.is_rgb) ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  if (spec_.image_sequence && !rgb) codec_->color_range = AVCOL_RANGE_JPEG;
  if (!rgb) codec_->chroma_sample_location = static_cast<AVChromaLocation>(source_.tags.chroma_site);
}

void LibavSink::OpenCodec() {
  const AVCodec* encoder = avcodec_find_encoder_by_name(spec_.encoder);
  if (encoder == nullptr)
    Throw(ErrorCode::kUnavailable, "this FFmpeg has no {} encoder for --codec {}; run \"shotfix doctor\"",
          spec_.encoder, spec_.name);
  codec_.reset(avcodec_alloc_context3(encoder));
  codec_->width = settings_.layout.width;
  codec_->height = settings_.layout.height;
  codec_->pix_fmt = ChooseFormat(spec_, *encoder, settings_.layout);
  // Constant rate counts frames, so 24000/1001 stays exact whatever the source's clock was.
  codec_->time_base = source_.variable_rate ? ToAv(source_.time_base) : av_inv_q(ToAv(source_.rate));
  codec_->framerate = ToAv(source_.rate);
  codec_->sample_aspect_ratio = ToAv(source_.sample_aspect);
  SetColour((av_pix_fmt_desc_get(codec_->pix_fmt)->flags & AV_PIX_FMT_FLAG_RGB) != 0);
  if (source_.says_progressive) codec_->field_order = AV_FIELD_PROGRESSIVE;
  codec_->thread_count = 2;
  if ((output_->oformat->flags & AVFMT_GLOBALHEADER) != 0) codec_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  codec_->flags |= AV_CODEC_FLAG_BITEXACT;
  AVDictionary* options = nullptr;
  SetCodecOptions(spec_, codec_->pix_fmt, settings_, source_, &options);
  const int opened = avcodec_open2(codec_.get(), encoder, &options);
  av_dict_free(&options);
  if (opened < 0)
    Throw(ErrorCode::kUnavailable, "the {} encoder does not take {}: {}", spec_.encoder, settings_.layout.ToString(),
          ErrorText(opened));
}

// What identifies the picture beside its samples: names, timecode, display matrix, mastering display.
void LibavSink::DescribeStream(AVStream& stream) {
  stream.time_base = codec_->time_base;
  stream.avg_frame_rate = codec_->framerate;
  stream.r_frame_rate = codec_->framerate;
  stream.sample_aspect_ratio = codec_->sample_aspect_ratio;
  if (spec_.image_sequence) return;
  CopyMetadata(source_.file_metadata, &output_->metadata);
  CopyMetadata(source_.stream_metadata, &stream.metadata);
  const std::optional<Timecode> time = TimecodeAt(source_, settings_.frames.begin);
  const std::string text = time ? time->ToString() : source_.timecode;
  if (!text.empty()) av_dict_set(&stream.metadata, "timecode", text.c_str(), 0);
  for (const StreamFact& fact : source_.facts) {
    uint8_t* copy = av_stream_new_side_data(&stream, static_cast<AVPacketSideDataType>(fact.kind), fact.bytes.size());
    if (copy != nullptr) std::memcpy(copy, fact.bytes.data(), fact.bytes.size());
  }
}

void LibavSink::OpenContainer() {
  AVFormatContext* raw = nullptr;
  if (avformat_alloc_output_context2(&raw, nullptr, MuxerName(), path_.c_str()) < 0) {
    Throw(ErrorCode::kUsage, "\"{}\": FFmpeg has no container for this ending", path_.string());
  }
  output_.reset(raw);
  output_->flags |= AVFMT_FLAG_BITEXACT;
  if (spec_.codec == Codec::kY4m) output_->strict_std_compliance = FF_COMPLIANCE_UNOFFICIAL;  // over 8 bit
  OpenCodec();
  AVStream* stream = avformat_new_stream(output_.get(), nullptr);
  avcodec_parameters_from_context(stream->codecpar, codec_.get());
  DescribeStream(*stream);
  const bool others = source_.audio_streams > 0 || source_.other_streams > 0;
  if (others && !spec_.image_sequence && spec_.codec != Codec::kY4m) {
    streams_ = std::make_unique<StreamCopy>(source_, settings_.frames, settings_.copy_sound, *output_);
  }
  WriteHeader();
}

void LibavSink::WriteHeader() {
  AVDictionary* options = nullptr;
  if (spec_.image_sequence) {
    // Files are numbered by the frames' own numbers, also where some are left out.
    av_dict_set(&options, IsSequencePattern(path_) ? "frame_pts" : "update", "1", 0);
  } else {
    const std::string url = IsPipe(path_) ? "pipe:1" : "file:" + path_.string();
    const int opened = avio_open(&output_->pb, url.c_str(), AVIO_FLAG_WRITE);
    if (opened < 0) Throw(ErrorCode::kCannotCreate, "cannot create \"{}\": {}", path_.string(), ErrorText(opened));
  }
  const std::string muxer = output_->oformat->name;
  // QuickTime keeps names that it does not know (camera, lens ...) only when asked.
  if (muxer == "mov" || muxer == "mp4") av_dict_set(&options, "movflags", "use_metadata_tags", 0);
  const int written = avformat_write_header(output_.get(), &options);
  av_dict_free(&options);
  if (written < 0)
    Throw(ErrorCode::kUsage, "\"{}\": the container does not take this stream: {}", path_.string(), ErrorText(written));
}

void LibavSink::PrepareScaler() {
  const AVPixelFormat own = PlanarFormat(settings_.layout);
  Allocate(*own_frame_, own, settings_.layout);
  Tag(*own_frame_, *codec_, source_.sample_aspect);
  if (own == codec_->pix_fmt) return;
  Allocate(*coded_frame_, codec_->pix_fmt, settings_.layout);
  Tag(*coded_frame_, *codec_, source_.sample_aspect);
  // The flags of the ffmpeg program, so that a lossy conversion equals a plain transcode.
  scaler_.reset(sws_getContext(settings_.layout.width, settings_.layout.height, own, settings_.layout.width,
                               settings_.layout.height, codec_->pix_fmt, SWS_BICUBIC, nullptr, nullptr, nullptr));
  if (!scaler_)
    Throw(ErrorCode::kUnavailable, "FFmpeg cannot convert {} for {}", settings_.layout.ToString(), spec_.name);
  const image::Matrix matrix =
      settings_.space.matrix == image::Matrix::kRgb ? image::Matrix::kBt709 : settings_.space.matrix;
  const int* coefficients =
      sws_getCoefficients(matrix == image::Matrix::kUnknown ? SWS_CS_DEFAULT : static_cast<int>(matrix));
  const int from_full = settings_.space.range == image::Range::kFull || settings_.layout.is_rgb ? 1 : 0;
  sws_setColorspaceDetails(scaler_.get(), coefficients, from_full, coefficients,
                           codec_->color_range == AVCOL_RANGE_JPEG ? 1 : 0, 0, 1 << 16, 1 << 16);
}

int64_t LibavSink::PtsOf(int64_t index) const {
  if (spec_.image_sequence) return index;
  if (!source_.variable_rate) return index - settings_.frames.begin;
  const auto at = [&](int64_t frame) { return source_.pts[static_cast<size_t>(frame - source_.frames.begin)]; };
  return at(index) - at(settings_.frames.begin);
}

void LibavSink::FailWriting(int64_t index, int code) const {
  throw Error(ErrorCode::kIo,
              fmt::format("writing frame {} to \"{}\" failed: {}", index, path_.string(), ErrorText(code)))
      .WithFile(path_.string())
      .WithFrame(index);
}

// FFmpeg's DPX header says linear, whatever the samples are, and has no timecode.
void LibavSink::CompleteDpx(int64_t index) {
  const std::vector<uint8_t> whole =
      WithWholeDpxHeader({packet_->data, static_cast<size_t>(packet_->size)}, settings_.space, source_.rate,
                         PackableTimecodeAt(source_, index));
  const UniquePacket renewed(av_packet_alloc());
  if (av_new_packet(renewed.get(), static_cast<int>(whole.size())) < 0)
    Throw(ErrorCode::kUnavailable, "no memory for frame {}", index);
  std::memcpy(renewed->data, whole.data(), whole.size());
  av_packet_copy_props(renewed.get(), packet_.get());
  av_packet_unref(packet_.get());
  av_packet_move_ref(packet_.get(), renewed.get());
}

void LibavSink::Drain(int64_t index) {
  for (;;) {
    const int received = avcodec_receive_packet(codec_.get(), packet_.get());
    if (received == AVERROR(EAGAIN) || received == AVERROR_EOF) return;
    if (received < 0) FailWriting(index, received);
    if (spec_.codec == Codec::kDpx) CompleteDpx(packet_->pts);
    AVStream& stream = *output_->streams[0];
    if (packet_->duration == 0 && !source_.variable_rate && !settings_.gaps) packet_->duration = 1;
    av_packet_rescale_ts(packet_.get(), codec_->time_base, stream.time_base);
    packet_->stream_index = 0;
    const int written = av_interleaved_write_frame(output_.get(), packet_.get());
    if (written < 0) FailWriting(index, written);
    if (output_->pb != nullptr && output_->pb->error < 0) FailWriting(index, output_->pb->error);
  }
}

void LibavSink::Write(const image::PixelPlanes& planes, int64_t index, const FrameExtras& extras) {
  SHOTFIX_CHECK(planes.layout == settings_.layout);
  av_frame_make_writable(own_frame_.get());
  FillFrame(planes, *own_frame_);
  AVFrame* frame = own_frame_.get();
  if (scaler_) {
    av_frame_make_writable(coded_frame_.get());
    sws_scale(scaler_.get(), frame->data, frame->linesize, 0, frame->height, coded_frame_->data,
              coded_frame_->linesize);
    frame = coded_frame_.get();
  }
  frame->pts = PtsOf(index);
  frame->pict_type = AV_PICTURE_TYPE_NONE;
  av_frame_remove_side_data(frame, AV_FRAME_DATA_A53_CC);
  if (!extras.captions.empty()) {
    AVFrameSideData* captions = av_frame_new_side_data(frame, AV_FRAME_DATA_A53_CC, extras.captions.size());
    if (captions != nullptr) std::memcpy(captions->data, extras.captions.data(), extras.captions.size());
  }
  if (streams_) streams_->WriteUntil(static_cast<double>(frame->pts) * av_q2d(codec_->time_base));
  const int sent = avcodec_send_frame(codec_.get(), frame);
  if (sent < 0) {
    throw Error(ErrorCode::kIo,
                fmt::format("encoding frame {} of \"{}\" failed: {}", index, path_.string(), ErrorText(sent)))
        .WithFrame(index);
  }
  Drain(index);
  if (spec_.image_sequence) files_.push_back(SequenceFile(path_, index));
}

void LibavSink::Finish() {
  const int64_t last = settings_.frames.end - 1;
  avcodec_send_frame(codec_.get(), nullptr);
  Drain(last);
  if (streams_) streams_->WriteRest();
  const int written = av_write_trailer(output_.get());
  const int closed = HasFile() ? avio_closep(&output_->pb) : 0;
  if (written < 0 || closed < 0) {
    Throw(ErrorCode::kIo, "finishing \"{}\" failed: {}", path_.string(), ErrorText(written < 0 ? written : closed));
  }
}

}  // namespace

std::unique_ptr<FrameSink> MakeLibavSink(const std::filesystem::path& path, const EncodeSettings& settings,
                                         const ClipInfo& source) {
  return std::make_unique<LibavSink>(path, settings, source);
}

}  // namespace shotfix::media
