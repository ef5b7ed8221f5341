// SPDX-License-Identifier: Apache-2.0
#include "shotfix/media/still.h"

#include <ATen/ATen.h>

#include "media/ffmpeg.h"
#include "media/planes_io.h"
#include "shotfix/core/atomic_file.h"
#include "shotfix/core/error.h"
#include "shotfix/image/check.h"
#include "shotfix/image/convert.h"
#include "shotfix/media/decoder.h"

namespace shotfix::media {
namespace {

std::string EncodePngPlanes(const image::PixelPlanes& planes, AVPixelFormat format) {
  const AVCodec* encoder = avcodec_find_encoder(AV_CODEC_ID_PNG);
  if (encoder == nullptr) Throw(ErrorCode::kUnavailable, "this FFmpeg has no PNG encoder");
  const UniqueCodec codec(avcodec_alloc_context3(encoder));
  codec->width = planes.layout.width;
  codec->height = planes.layout.height;
  codec->pix_fmt = format;
  codec->time_base = {1, 25};
  const UniqueFrame frame(av_frame_alloc());
  frame->format = format;
  frame->width = codec->width;
  frame->height = codec->height;
  const UniquePacket packet(av_packet_alloc());
  if (avcodec_open2(codec.get(), encoder, nullptr) < 0 || av_frame_get_buffer(frame.get(), 0) < 0) {
    Throw(ErrorCode::kUnavailable, "the PNG encoder does not take {}", planes.layout.ToString());
  }
  FillFrame(planes, *frame);
  const bool sent = avcodec_send_frame(codec.get(), frame.get()) >= 0 && avcodec_send_frame(codec.get(), nullptr) >= 0;
  if (!sent || avcodec_receive_packet(codec.get(), packet.get()) < 0)
    Throw(ErrorCode::kInternal, "encoding a PNG failed");
  return {reinterpret_cast<const char*>(packet->data), static_cast<size_t>(packet->size)};
}

image::PixelPlanes PlanesOf(const at::Tensor& picture, int bits) {
  image::PixelLayout layout;
  layout.height = static_cast<int>(picture.size(1));
  layout.width = static_cast<int>(picture.size(2));
  layout.bit_depth = bits;
  layout.is_grey = picture.size(0) == 1;
  layout.is_rgb = !layout.is_grey;
  image::PixelPlanes planes = image::PixelPlanes::Allocate(layout);
  const auto max_code = static_cast<float>(image::MaxCode(layout));
  const at::Tensor codes =
      (picture.detach().to(at::kCPU).to(at::kFloat).clamp(0, 1) * max_code + 0.5F).floor().contiguous();
  const float* values = codes.const_data_ptr<float>();
  for (image::Plane& plane : planes.planes) {
    for (uint16_t& code : plane.codes) code = static_cast<uint16_t>(*values++);
  }
  return planes;
}

}  // namespace

image::Frame ReadStill(const std::filesystem::path& path, const ProbeOptions& options) {
  Decoder decoder(Probe(path, options));
  std::optional<image::Frame> frame = decoder.Next();
  if (!frame) Throw(ErrorCode::kData, "\"{}\" holds no picture", path.string());
  return *frame;
}

at::Tensor ReadMatte(const std::filesystem::path& path) {
  ProbeOptions options;
  options.in_space = image::ParseColourSpace("linear");
  ClipInfo info = Probe(path, options);
  Decoder decoder(std::move(info));
  const std::optional<image::Frame> frame = decoder.NextSamples();
  if (!frame) Throw(ErrorCode::kData, "\"{}\" holds no picture", path.string());
  const image::PixelPlanes& planes = *frame->source;
  if (planes.layout.has_alpha) return image::AlphaFromPlanes(planes);
  image::ColourSpace codes = frame->space;
  codes.transfer = image::Transfer::kLinear;
  if (planes.layout.is_grey && !planes.layout.is_float) codes.range = image::Range::kFull;
  const at::Tensor rgb = image::LinearFromPlanes(planes, codes);
  return (rgb[0] * 0.2126 + rgb[1] * 0.7152 + rgb[2] * 0.0722).clamp(0, 1).unsqueeze(0).contiguous();
}

std::string EncodePng(const at::Tensor& picture) {
  SHOTFIX_CHECK(picture.dim() == 3 && (picture.size(0) == 1 || picture.size(0) == 3));
  if (picture.size(0) == 1) return EncodePngPlanes(PlanesOf(picture, 8), AV_PIX_FMT_GRAY8);
  return EncodePngPlanes(PlanesOf(picture, 8), AV_PIX_FMT_RGB24);
}

void WritePng(const std::filesystem::path& path, const at::Tensor& picture) {
  WriteFileAtomically(path, EncodePng(picture), Overwrite::kAllow);
}

void WriteMattePng(const std::filesystem::path& path, const at::Tensor& matte) {
  image::CheckTensor(matte, "matte", {1, image::kAnySize, image::kAnySize});
  WriteFileAtomically(path, EncodePngPlanes(PlanesOf(matte, 16), AV_PIX_FMT_GRAY16BE), Overwrite::kAllow);
}

}  // namespace shotfix::media
