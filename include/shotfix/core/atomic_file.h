// SPDX-License-Identifier: Apache-2.0
// Outputs appear by rename: a file under its final name is always whole.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace shotfix {

enum class Overwrite { kRefuse, kAllow };

// Throws kCannotCreate when the folder is missing, the name is a folder, or it exists and `overwrite` refuses.
void CheckOutputPath(const std::filesystem::path& path, Overwrite overwrite);

// A name beside the final one that is this process's own; what killed processes of this machine left under such names
// is removed first.
std::filesystem::path TempPathFor(const std::filesystem::path& final_path);

// A temporary name beside the final one. `Commit` syncs and renames; the destructor removes what was not committed.
class AtomicFile {
 public:
  AtomicFile(std::filesystem::path final_path, Overwrite overwrite);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  const std::filesystem::path& temp_path() const { return temp_path_; }
  const std::filesystem::path& final_path() const { return final_path_; }
  void Commit();  // throws kIo

 private:
  std::filesystem::path final_path_;
  std::filesystem::path temp_path_;
  Overwrite overwrite_;
  bool committed_ = false;
};

// Writes `content` whole. Throws kIo (disk full) or kCannotCreate.
void WriteFileAtomically(const std::filesystem::path& path, std::string_view content, Overwrite overwrite);
// Reads a whole file of at most `max_bytes`. Throws kNoInput, kData (too large), kIo.
std::string ReadFile(const std::filesystem::path& path, size_t max_bytes = size_t{1} << 30);

}  // namespace shotfix
