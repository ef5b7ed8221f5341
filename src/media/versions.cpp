// SPDX-License-Identifier: Apache-2.0
#include "shotfix/media/versions.h"

#include <array>
#include <utility>

#include "media/ffmpeg.h"

namespace shotfix::media {

std::string FfmpegVersion() { return av_version_info(); }

std::vector<CodecSupport> ListCodecSupport() {
  static constexpr std::array<std::pair<const char*, const char*>, 9> kCodecs = {{{"h264", "libx264"},
                                                                                  {"hevc", "libx265"},
                                                                                  {"prores", "prores_ks"},
                                                                                  {"dnxhd", "dnxhd"},
                                                                                  {"ffv1", "ffv1"},
                                                                                  {"png", "png"},
                                                                                  {"tiff", "tiff"},
                                                                                  {"dpx", "dpx"},
                                                                                  {"exr", "exr"}}};
  std::vector<CodecSupport> result;
  for (const auto& [decoder, encoder] : kCodecs) {
    result.push_back(
        {decoder, avcodec_find_decoder_by_name(decoder) != nullptr, avcodec_find_encoder_by_name(encoder) != nullptr});
  }
  return result;
}

}  // namespace shotfix::media
