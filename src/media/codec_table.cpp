// SPDX-License-Identifier: Apache-2.0
#include "media/codec_table.h"

#include <algorithm>

#include "media/extension.h"
#include "media/planes_io.h"
#include "shotfix/core/error.h"

namespace shotfix::media {

// Traps of FFmpeg 5.1: prores_ks does not go into MXF, DNxHR 12 bit becomes 10 bit silently, ProRes 4444 encodes 10
// bit.
const std::vector<CodecSpec>& CodecTable() {
  static const std::vector<CodecSpec> table = {
      {Codec::kProRes422Hq, "prores", "prores_ks", {".mov"}, false, {AV_PIX_FMT_YUV422P10LE}},
      {Codec::kProRes4444,
       "prores4444",
       "prores_ks",
       {".mov"},
       false,
       {AV_PIX_FMT_YUV444P10LE, AV_PIX_FMT_YUVA444P10LE}},
      {Codec::kFfv1, "ffv1", "ffv1", {".mkv", ".nut", ".avi"}, false, {}},
      {Codec::kH264, "h264", "libx264", {".mp4", ".mov", ".mkv"}, false, {}},
      {Codec::kHevc, "hevc", "libx265", {".mp4", ".mov", ".mkv"}, false, {}},
      {Codec::kDnxhr,
       "dnxhr",
       "dnxhd",
       {".mxf", ".mov"},
       false,
       {AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUV422P10LE, AV_PIX_FMT_YUV444P10LE}},
      {Codec::kPng,
       "png",
       "png",
       {".png"},
       true,
       {AV_PIX_FMT_RGB24, AV_PIX_FMT_RGBA, AV_PIX_FMT_RGB48BE, AV_PIX_FMT_RGBA64BE, AV_PIX_FMT_GRAY8,
        AV_PIX_FMT_GRAY16BE}},
      {Codec::kTiff,
       "tiff",
       "tiff",
       {".tif", ".tiff"},
       true,
       {AV_PIX_FMT_RGB24, AV_PIX_FMT_RGBA, AV_PIX_FMT_RGB48LE, AV_PIX_FMT_RGBA64LE, AV_PIX_FMT_GRAY8,
        AV_PIX_FMT_GRAY16LE}},
      {Codec::kDpx,
       "dpx",
       "dpx",
       {".dpx"},
       true,
       {AV_PIX_FMT_RGB24, AV_PIX_FMT_RGBA, AV_PIX_FMT_GBRP10LE, AV_PIX_FMT_GBRP12LE, AV_PIX_FMT_RGB48LE,
        AV_PIX_FMT_RGBA64LE}},
      {Codec::kExr, "exr", "exr", {".exr"}, true, {}},
      {Codec::kRaw, "raw", "rawvideo", {".nut"}, false, {}},
      {Codec::kY4m,
       "y4m",
       "wrapped_avframe",
       {".y4m"},
       false,
       {AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUV444P, AV_PIX_FMT_YUV411P, AV_PIX_FMT_GRAY8,
        AV_PIX_FMT_YUV420P10LE, AV_PIX_FMT_YUV422P10LE, AV_PIX_FMT_YUV444P10LE, AV_PIX_FMT_GRAY10LE,
        AV_PIX_FMT_YUV420P12LE, AV_PIX_FMT_YUV422P12LE, AV_PIX_FMT_YUV444P12LE, AV_PIX_FMT_GRAY12LE,
        AV_PIX_FMT_YUV420P16LE, AV_PIX_FMT_YUV422P16LE, AV_PIX_FMT_YUV444P16LE, AV_PIX_FMT_GRAY16LE}},
  };
  return table;
}

const CodecSpec& SpecOf(Codec codec) {
  for (const CodecSpec& spec : CodecTable()) {
    if (spec.codec == codec) return spec;
  }
  Throw(ErrorCode::kInternal, "codec {} has no row in the table", static_cast<int>(codec));
}

Codec ParseCodec(const std::string& name) {
  for (const CodecSpec& spec : CodecTable()) {
    if (name == spec.name) return spec.codec;
  }
  Throw(ErrorCode::kUsage, "--codec \"{}\" is not known; use one of {}", name, CodecNames());
}

std::string CodecNames() {
  std::string names;
  for (const CodecSpec& spec : CodecTable()) names += (names.empty() ? "" : ", ") + std::string(spec.name);
  return names;
}

Codec ResolveCodec(const std::filesystem::path& path, Codec codec) {
  if (IsPipe(path)) {
    if (codec == Codec::kByFileName) return Codec::kRaw;
    if (codec == Codec::kRaw || codec == Codec::kY4m || codec == Codec::kFfv1) return codec;
    Throw(ErrorCode::kUsage, "-o - streams NUT: --codec raw or ffv1, or y4m; {} goes into a file", SpecOf(codec).name);
  }
  const std::string extension = LowerExtension(path);
  const auto fits = [&](const CodecSpec& spec) {
    return std::find(spec.extensions.begin(), spec.extensions.end(), extension) != spec.extensions.end();
  };
  if (codec == Codec::kByFileName) {
    for (const CodecSpec& spec : CodecTable()) {
      if (fits(spec)) return spec.codec;
    }
    Throw(ErrorCode::kUsage,
          "\"{}\": the ending does not name a codec; use .mov, .mkv, .mp4, .mxf, or a sequence such as NAME.%04d.exr",
          path.string());
  }
  if (!fits(SpecOf(codec))) {
    Throw(ErrorCode::kUsage, "\"{}\": --codec {} goes into {}", path.string(), SpecOf(codec).name,
          SpecOf(codec).extensions.front());
  }
  return codec;
}

bool StoresLinear(Codec codec) { return codec == Codec::kExr; }

AVPixelFormat ChooseFormat(const CodecSpec& spec, const AVCodec& encoder, const image::PixelLayout& layout) {
  const AVPixelFormat own = PlanarFormat(layout);
  if (own == AV_PIX_FMT_NONE) Throw(ErrorCode::kData, "FFmpeg has no pixel format for {}", layout.ToString());
  if (layout.is_float && !spec.image_sequence) {
    Throw(ErrorCode::kUsage, "--codec {} cannot hold {}; write EXR: NAME.%04d.exr", spec.name, layout.ToString());
  }
  std::vector<AVPixelFormat> allowed = spec.formats;
  if (spec.codec == Codec::kRaw) allowed = {own};
  if (allowed.empty() && encoder.pix_fmts != nullptr) {
    for (const AVPixelFormat* format = encoder.pix_fmts; *format != AV_PIX_FMT_NONE; ++format)
      allowed.push_back(*format);
  }
  if (std::find(allowed.begin(), allowed.end(), own) != allowed.end()) return own;
  if (spec.codec == Codec::kProRes4444) return layout.has_alpha ? AV_PIX_FMT_YUVA444P10LE : AV_PIX_FMT_YUV444P10LE;
  // Eight bit stays eight bit in formats that have both depths; deeper never loses bits where a deeper one is allowed.
  allowed.push_back(AV_PIX_FMT_NONE);
  int loss = 0;
  return avcodec_find_best_pix_fmt_of_list(allowed.data(), own, layout.has_alpha ? 1 : 0, &loss);
}

}  // namespace shotfix::media
