// SPDX-License-Identifier: Apache-2.0
#include "shotfix/media/clip_files.h"

#include <algorithm>
#include <chrono>

#include "media/ffmpeg.h"
#include "media/packet_index.h"
#include "shotfix/core/error.h"
#include "shotfix/core/hash.h"

namespace fs = std::filesystem;

namespace shotfix::media {

fs::path SequenceFile(const fs::path& pattern, int64_t index) {
  char name[4096] = {};
  const bool numbered = av_get_frame_filename2(name, sizeof(name), pattern.c_str(), static_cast<int>(index), 0) >= 0;
  return numbered ? fs::path(name) : pattern;
}

std::vector<fs::path> FilesOf(const fs::path& clip) {
  if (!IsSequencePattern(clip)) return {clip};
  std::vector<fs::path> files;
  try {
    const FrameRange range = ScanSequence(clip);
    for (int64_t index = range.begin; index < range.end; ++index) files.push_back(SequenceFile(clip, index));
  } catch (const Error&) {
    files = {clip};  // gone, or with a gap: Probe says so better
  }
  return files;
}

FileStamp StampOf(const fs::path& clip) {
  FileStamp stamp;
  for (const fs::path& file : FilesOf(clip)) {
    std::error_code problem;
    const uintmax_t size = fs::file_size(file, problem);
    if (problem) continue;
    stamp.size_bytes += static_cast<int64_t>(size);
    const auto time = fs::last_write_time(file, problem).time_since_epoch();
    const auto time_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
    stamp.mtime_ns = std::max<int64_t>(stamp.mtime_ns, time_ns);
  }
  return stamp;
}

std::string HashClip(const fs::path& clip) {
  const std::vector<fs::path> files = FilesOf(clip);
  if (files.size() == 1) return HashFile(files.front());
  Sha256 hash;
  for (const fs::path& file : files) hash.Update(HashFile(file));
  return hash.HexDigest();
}

}  // namespace shotfix::media
