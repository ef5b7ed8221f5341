// SPDX-License-Identifier: Apache-2.0
// The files that a clip consists of, and what tells whether they changed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace shotfix::media {

// One file, or the frames of a sequence pattern in order (exactly those that Probe would read). A pattern without a
// matching file gives the pattern itself.
std::vector<std::filesystem::path> FilesOf(const std::filesystem::path& clip);

// The name of one frame of a sequence pattern; a name without a number field stays as it is.
std::filesystem::path SequenceFile(const std::filesystem::path& pattern, int64_t index);

struct FileStamp {
  int64_t size_bytes = 0;  // of all files
  int64_t mtime_ns = 0;    // of the newest
  bool operator==(const FileStamp&) const = default;
};
// Zeros for files that are not there.
FileStamp StampOf(const std::filesystem::path& clip);
// SHA-256 of the file, or of the list of its frames' hashes. Throws kNoInput, kIo.
std::string HashClip(const std::filesystem::path& clip);

}  // namespace shotfix::media
