// SPDX-License-Identifier: Apache-2.0
// File types by their endings, whatever case they are written in.
#pragma once

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string>

namespace shotfix::media {

// ".exr" of "Shot.0001.EXR".
inline std::string LowerExtension(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return extension;
}

}  // namespace shotfix::media
