// SPDX-License-Identifier: Apache-2.0
#include "shotfix/media/encoder.h"

#include <algorithm>
#include <cstring>

#include "media/codec_table.h"
#include "media/ffmpeg.h"
#include "media/planes_io.h"
#include "media/sound_copy.h"
#include "shotfix/core/error.h"

namespace shotfix::media {

struct Encoder::Impl {
  std::filesystem::path path;
  EncodeSettings settings;
  ClipInfo source;
  CodecSpec spec;
  UniqueFormatOutput output;
  UniqueCodec codec;
  UniqueFrame own_frame{av_frame_alloc()};    // planar, layout of the planes
  UniqueFrame coded_frame{av_frame_alloc()};  // what the encoder wants
  UniquePacket packet{av_packet_alloc()};
  UniqueScaler scaler;
  std::unique_ptr<SoundCopy> sound;
  std::vector<std::filesystem::path> files;
  bool header_written = false;

  explicit Impl(CodecSpec row) : spec(std::move(row)) {}
  ~Impl() {
    if (output && output->pb != nullptr && (output->oformat->flags & AVFMT_NOFILE) == 0) avio_closep(&output->pb);
  }
  void OpenCodec();
  void SetCodecOptions(AVDictionary** options);
  void OpenContainer();
  void AddTimecode(AVStream& stream);
  void PrepareScaler();
  void Drain(int64_t index);
  int64_t PtsOf(int64_t index) const;
};

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
  frame.sample_aspect_ratio = ToAv(aspect);
}

}  // namespace

void Encoder::Impl::SetCodecOptions(AVDictionary** options) {
  switch (spec.codec) {
    case Codec::kProRes422Hq:
      av_dict_set(options, "profile", "hq", 0);
      av_dict_set(options, "vendor", "apl0", 0);
      break;
    case Codec::kProRes4444:
      av_dict_set(options, "profile", "4444", 0);
      av_dict_set(options, "vendor", "apl0", 0);
      av_dict_set(options, "alpha_bits", settings.layout.has_alpha ? "16" : "0", 0);
      break;
    case Codec::kFfv1:
      av_dict_set(options, "level", "3", 0);
      av_dict_set(options, "slicecrc", "1", 0);
      av_dict_set(options, "slices", "4", 0);
      av_dict_set(options, "g", "1", 0);
      break;
    case Codec::kH264:
      av_dict_set_int(options, "crf", settings.quality_crf, 0);
      av_dict_set(options, "preset", "medium", 0);
      break;
    case Codec::kHevc:
      av_dict_set_int(options, "crf", settings.quality_crf, 0);
      av_dict_set(options, "x265-params", "log-level=none", 0);
      break;
    case Codec::kDnxhr: {
      const bool full_chroma = codec->pix_fmt == AV_PIX_FMT_YUV444P10LE;
      av_dict_set(options, "profile",
                  full_chroma                                ? "dnxhr_444"
                  : codec->pix_fmt == AV_PIX_FMT_YUV422P10LE ? "dnxhr_hqx"
                                                             : "dnxhr_hq",
                  0);
      break;
    }
    case Codec::kTiff: av_dict_set(options, "compression_algo", "deflate", 0); break;
    case Codec::kExr: av_dict_set(options, "compression", "zip16", 0); break;
    default: break;
  }
}

void Encoder::Impl::OpenCodec() {
  const AVCodec* encoder = avcodec_find_encoder_by_name(spec.encoder);
  if (encoder == nullptr)
    Throw(ErrorCode::kUnavailable, "this FFmpeg has no {} encoder for --codec {}; run \"shotfix doctor\"", spec.encoder,
          spec.name);
  codec.reset(avcodec_alloc_context3(encoder));
  codec->width = settings.layout.width;
  codec->height = settings.layout.height;
  codec->pix_fmt = ChooseFormat(spec, *encoder, settings.layout);
  // Constant rate counts frames, so 24000/1001 stays exact whatever the source's clock was.
  codec->time_base = source.variable_rate ? ToAv(source.time_base) : av_inv_q(ToAv(source.rate));
  codec->framerate = ToAv(source.rate);
  codec->sample_aspect_ratio = ToAv(source.sample_aspect);
  codec->color_primaries = static_cast<AVColorPrimaries>(settings.space.primaries);
  codec->color_trc = static_cast<AVColorTransferCharacteristic>(settings.space.transfer);
  const bool rgb = (av_pix_fmt_desc_get(codec->pix_fmt)->flags & AV_PIX_FMT_FLAG_RGB) != 0;
  const image::Matrix matrix =
      settings.space.matrix == image::Matrix::kRgb && !rgb ? image::Matrix::kBt709 : settings.space.matrix;
  codec->colorspace = rgb ? AVCOL_SPC_RGB : static_cast<AVColorSpace>(matrix);
  const bool limited = settings.space.range != image::Range::kFull && !settings.layout.is_rgb;
  codec->color_range = rgb || (!limited && !settings.layout.is_rgb) ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  if (spec.image_sequence && !rgb) codec->color_range = AVCOL_RANGE_JPEG;
  codec->thread_count = 2;
  if ((output->oformat->flags & AVFMT_GLOBALHEADER) != 0) codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  codec->flags |= AV_CODEC_FLAG_BITEXACT;
  AVDictionary* options = nullptr;
  SetCodecOptions(&options);
  const int opened = avcodec_open2(codec.get(), encoder, &options);
  av_dict_free(&options);
  if (opened < 0)
    Throw(ErrorCode::kUnavailable, "the {} encoder does not take {}: {}", spec.encoder, settings.layout.ToString(),
          ErrorText(opened));
}

void Encoder::Impl::AddTimecode(AVStream& stream) {
  if (source.timecode.empty() || spec.image_sequence) return;
  std::string text = source.timecode;
  if (const std::optional<Timecode> start = Timecode::Parse(text, source.rate))
    text = start->Plus(settings.frames.begin - source.frames.begin).ToString();
  av_dict_set(&stream.metadata, "timecode", text.c_str(), 0);
}

void Encoder::Impl::OpenContainer() {
  AVFormatContext* raw = nullptr;
  const char* muxer = spec.image_sequence ? "image2" : nullptr;
  if (avformat_alloc_output_context2(&raw, nullptr, muxer, path.c_str()) < 0) {
    Throw(ErrorCode::kUsage, "\"{}\": FFmpeg has no container for this ending", path.string());
  }
  output.reset(raw);
  output->flags |= AVFMT_FLAG_BITEXACT;
  OpenCodec();
  AVStream* stream = avformat_new_stream(output.get(), nullptr);
  avcodec_parameters_from_context(stream->codecpar, codec.get());
  stream->time_base = codec->time_base;
  stream->avg_frame_rate = codec->framerate;
  stream->r_frame_rate = codec->framerate;
  stream->sample_aspect_ratio = codec->sample_aspect_ratio;
  AddTimecode(*stream);
  if (!source.display_matrix.empty() && !spec.image_sequence) {
    uint8_t* matrix = av_stream_new_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, 9 * sizeof(int32_t));
    if (matrix != nullptr) std::memcpy(matrix, source.display_matrix.data(), 9 * sizeof(int32_t));
  }
  if (settings.copy_sound && !spec.image_sequence && source.audio_streams > 0) {
    sound = std::make_unique<SoundCopy>(source, settings.frames, *output);
  }
  AVDictionary* options = nullptr;
  if (spec.image_sequence) {
    av_dict_set_int(&options, "start_number", settings.frames.begin, 0);
    if (!IsSequencePattern(path)) av_dict_set(&options, "update", "1", 0);
  } else {
    const int opened = avio_open(&output->pb, ("file:" + path.string()).c_str(), AVIO_FLAG_WRITE);
    if (opened < 0) Throw(ErrorCode::kCannotCreate, "cannot create \"{}\": {}", path.string(), ErrorText(opened));
  }
  const int written = avformat_write_header(output.get(), &options);
  av_dict_free(&options);
  if (written < 0)
    Throw(ErrorCode::kUsage, "\"{}\": the container does not take this stream: {}", path.string(), ErrorText(written));
  header_written = true;
}

void Encoder::Impl::PrepareScaler() {
  const AVPixelFormat own = PlanarFormat(settings.layout);
  Allocate(*own_frame, own, settings.layout);
  Tag(*own_frame, *codec, source.sample_aspect);
  if (own == codec->pix_fmt) return;
  Allocate(*coded_frame, codec->pix_fmt, settings.layout);
  Tag(*coded_frame, *codec, source.sample_aspect);
  // The flags of the ffmpeg program, so that a lossy conversion equals a plain transcode.
  scaler.reset(sws_getContext(settings.layout.width, settings.layout.height, own, settings.layout.width,
                              settings.layout.height, codec->pix_fmt, SWS_BICUBIC, nullptr, nullptr, nullptr));
  if (!scaler) Throw(ErrorCode::kUnavailable, "FFmpeg cannot convert {} for {}", settings.layout.ToString(), spec.name);
  const image::Matrix matrix =
      settings.space.matrix == image::Matrix::kRgb ? image::Matrix::kBt709 : settings.space.matrix;
  const int* coefficients =
      sws_getCoefficients(matrix == image::Matrix::kUnknown ? SWS_CS_DEFAULT : static_cast<int>(matrix));
  const int from_full = settings.space.range == image::Range::kFull || settings.layout.is_rgb ? 1 : 0;
  sws_setColorspaceDetails(scaler.get(), coefficients, from_full, coefficients,
                           codec->color_range == AVCOL_RANGE_JPEG ? 1 : 0, 0, 1 << 16, 1 << 16);
}

int64_t Encoder::Impl::PtsOf(int64_t index) const {
  if (!source.variable_rate) return index - settings.frames.begin;
  const auto at = [&](int64_t frame) { return source.pts[static_cast<size_t>(frame - source.frames.begin)]; };
  return at(index) - at(settings.frames.begin);
}

void Encoder::Impl::Drain(int64_t index) {
  const auto fail = [&](int code) {
    throw Error(ErrorCode::kIo,
                fmt::format("writing frame {} to \"{}\" failed: {}", index, path.string(), ErrorText(code)))
        .WithFile(path.string())
        .WithFrame(index);
  };
  for (;;) {
    const int received = avcodec_receive_packet(codec.get(), packet.get());
    if (received == AVERROR(EAGAIN) || received == AVERROR_EOF) return;
    if (received < 0) fail(received);
    AVStream& stream = *output->streams[0];
    if (packet->duration == 0 && !source.variable_rate) packet->duration = 1;
    av_packet_rescale_ts(packet.get(), codec->time_base, stream.time_base);
    packet->stream_index = 0;
    const int written = av_interleaved_write_frame(output.get(), packet.get());
    if (written < 0) fail(written);
    if (output->pb != nullptr && output->pb->error < 0) fail(output->pb->error);
  }
}

Encoder::Encoder(const std::filesystem::path& path, const EncodeSettings& settings, const ClipInfo& source)
    : impl_(std::make_unique<Impl>(SpecOf(ResolveCodec(path, settings.codec)))) {
  impl_->path = path;
  impl_->settings = settings;
  impl_->source = source;
  SHOTFIX_CHECK(settings.frames.begin >= source.frames.begin && settings.frames.end <= source.frames.end);
  const bool several = settings.frames.size() > 1;
  if (impl_->spec.image_sequence && several && !IsSequencePattern(path)) {
    Throw(ErrorCode::kUsage, "\"{}\": {} frames need a frame number in the name, such as NAME.%04d{}", path.string(),
          settings.frames.size(), path.extension().string());
  }
  impl_->OpenContainer();
  impl_->PrepareScaler();
  if (!impl_->spec.image_sequence) impl_->files.push_back(path);
}

Encoder::~Encoder() = default;

void Encoder::Write(const image::PixelPlanes& planes, int64_t index) {
  Impl& impl = *impl_;
  SHOTFIX_CHECK(planes.layout == impl.settings.layout);
  av_frame_make_writable(impl.own_frame.get());
  FillFrame(planes, *impl.own_frame);
  AVFrame* frame = impl.own_frame.get();
  if (impl.scaler) {
    av_frame_make_writable(impl.coded_frame.get());
    sws_scale(impl.scaler.get(), frame->data, frame->linesize, 0, frame->height, impl.coded_frame->data,
              impl.coded_frame->linesize);
    frame = impl.coded_frame.get();
  }
  frame->pts = impl.PtsOf(index);
  frame->pict_type = AV_PICTURE_TYPE_NONE;
  if (impl.sound) impl.sound->WriteUntil(static_cast<double>(frame->pts) * av_q2d(impl.codec->time_base));
  const int sent = avcodec_send_frame(impl.codec.get(), frame);
  if (sent < 0) {
    throw Error(ErrorCode::kIo,
                fmt::format("encoding frame {} of \"{}\" failed: {}", index, impl.path.string(), ErrorText(sent)))
        .WithFrame(index);
  }
  impl.Drain(index);
  if (impl.spec.image_sequence) {
    char name[4096] = {};
    if (av_get_frame_filename2(name, sizeof(name), impl.path.c_str(), static_cast<int>(index), 0) < 0)
      impl.files.push_back(impl.path);
    else impl.files.emplace_back(name);
  }
}

void Encoder::Finish() {
  Impl& impl = *impl_;
  const int64_t last = impl.settings.frames.end - 1;
  avcodec_send_frame(impl.codec.get(), nullptr);
  impl.Drain(last);
  if (impl.sound) impl.sound->WriteRest();
  const int written = av_write_trailer(impl.output.get());
  const bool has_file = impl.output->pb != nullptr && (impl.output->oformat->flags & AVFMT_NOFILE) == 0;
  const int closed = has_file ? avio_closep(&impl.output->pb) : 0;
  if (written < 0 || closed < 0) {
    Throw(ErrorCode::kIo, "finishing \"{}\" failed: {}", impl.path.string(), ErrorText(written < 0 ? written : closed));
  }
}

const std::vector<std::filesystem::path>& Encoder::files() const { return impl_->files; }

}  // namespace shotfix::media
