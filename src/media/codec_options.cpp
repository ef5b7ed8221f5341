// SPDX-License-Identifier: Apache-2.0
#include "media/codec_options.h"

extern "C" {
#include <libavutil/mastering_display_metadata.h>
}

#include <fmt/core.h>

#include <cmath>

namespace shotfix::media {
namespace {

const StreamFact* FactOf(const ClipInfo& source, AVPacketSideDataType kind, size_t bytes) {
  for (const StreamFact& fact : source.facts) {
    if (fact.kind == kind && fact.bytes.size() >= bytes) return &fact;
  }
  return nullptr;
}

// x265 writes HDR metadata into the stream itself; units of CTA-861.3: 0.00002 and 0.0001 cd/m2.
std::string HdrParameters(const ClipInfo& source) {
  std::string text = "log-level=none";
  if (const StreamFact* fact =
          FactOf(source, AV_PKT_DATA_MASTERING_DISPLAY_METADATA, sizeof(AVMasteringDisplayMetadata))) {
    const auto& display = *reinterpret_cast<const AVMasteringDisplayMetadata*>(fact->bytes.data());
    const auto xy = [](AVRational value) { return std::llround(av_q2d(value) * 50000); };
    const auto nits = [](AVRational value) { return std::llround(av_q2d(value) * 10000); };
    const auto& p = display.display_primaries;
    if (display.has_primaries != 0 && display.has_luminance != 0) {
      text += fmt::format(":master-display=G({},{})B({},{})R({},{})WP({},{})L({},{})", xy(p[1][0]), xy(p[1][1]),
                          xy(p[2][0]), xy(p[2][1]), xy(p[0][0]), xy(p[0][1]), xy(display.white_point[0]),
                          xy(display.white_point[1]), nits(display.max_luminance), nits(display.min_luminance));
    }
  }
  if (const StreamFact* fact = FactOf(source, AV_PKT_DATA_CONTENT_LIGHT_LEVEL, sizeof(AVContentLightMetadata))) {
    const auto& light = *reinterpret_cast<const AVContentLightMetadata*>(fact->bytes.data());
    text += fmt::format(":max-cll={},{}", light.MaxCLL, light.MaxFALL);
  }
  return text;
}

const char* DnxhrProfile(AVPixelFormat format) {
  if (format == AV_PIX_FMT_YUV444P10LE) return "dnxhr_444";
  return format == AV_PIX_FMT_YUV422P10LE ? "dnxhr_hqx" : "dnxhr_hq";
}

}  // namespace

void SetCodecOptions(const CodecSpec& spec, AVPixelFormat format, const EncodeSettings& settings,
                     const ClipInfo& source, AVDictionary** options) {
  const auto set = [&](const char* key, const std::string& value) { av_dict_set(options, key, value.c_str(), 0); };
  switch (spec.codec) {
    case Codec::kProRes422Hq:
      set("profile", "hq");
      set("vendor", "apl0");
      break;
    case Codec::kProRes4444:
      set("profile", "4444");
      set("vendor", "apl0");
      set("alpha_bits", settings.layout.has_alpha ? "16" : "0");
      break;
    case Codec::kFfv1:
      set("level", "3");
      set("slicecrc", "1");
      set("slices", "4");
      set("g", "1");
      break;
    case Codec::kH264:
      set("crf", std::to_string(settings.quality_crf));
      set("preset", "medium");
      break;
    case Codec::kHevc:
      set("crf", std::to_string(settings.quality_crf));
      set("x265-params", HdrParameters(source));
      break;
    case Codec::kDnxhr: set("profile", DnxhrProfile(format)); break;
    case Codec::kTiff: set("compression_algo", "deflate"); break;
    default: break;
  }
}

}  // namespace shotfix::media
