// SPDX-License-Identifier: Apache-2.0
// What this FFmpeg can do, for `doctor`.
#pragma once

#include <string>
#include <vector>

namespace shotfix::media {

struct CodecSupport {
  std::string name;  // "h264"
  bool decodes = false;
  bool encodes = false;
};
std::string FfmpegVersion();
std::vector<CodecSupport> ListCodecSupport();

}  // namespace shotfix::media
