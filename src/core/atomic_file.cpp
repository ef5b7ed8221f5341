// SPDX-License-Identifier: Apache-2.0
#include "shotfix/core/atomic_file.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "shotfix/core/error.h"

namespace fs = std::filesystem;

namespace shotfix {
namespace {

fs::path FolderOf(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

// ".NAME.HOST-PID.part": other processes and other machines on the same storage have names of their own.
std::string Owner() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return std::string(host.data()) + "-";
}

// What processes of this machine left behind when they were killed.
void RemoveLeftOvers(const fs::path& folder, const std::string& prefix) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix) || name.find(".part") == std::string::npos) continue;
    const long pid = std::strtol(name.c_str() + prefix.size(), nullptr, 10);
    if (pid > 0 && kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH) fs::remove_all(entry.path(), ignored);
  }
}

void SyncFile(const fs::path& path) {
  const int handle = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (handle < 0) Throw(ErrorCode::kIo, "cannot reopen \"{}\" to sync it: {}", path.string(), std::strerror(errno));
  const int result = fsync(handle);
  close(handle);
  if (result != 0) Throw(ErrorCode::kIo, "writing \"{}\" failed: {}", path.string(), std::strerror(errno));
}

}  // namespace

void CheckOutputPath(const fs::path& path, Overwrite overwrite) {
  std::error_code ignored;
  const fs::path folder = FolderOf(path);
  if (!fs::is_directory(folder, ignored)) {
    Throw(ErrorCode::kCannotCreate, "cannot create \"{}\": the folder \"{}\" does not exist; create it first",
          path.string(), folder.string());
  }
  if (fs::is_directory(path, ignored)) {
    Throw(ErrorCode::kCannotCreate, "cannot create \"{}\": a folder has that name; give a file name", path.string());
  }
  if (overwrite == Overwrite::kRefuse && fs::exists(path, ignored)) {
    Throw(ErrorCode::kCannotCreate, "\"{}\" exists; give another name or --overwrite", path.string());
  }
}

fs::path TempPathFor(const fs::path& final_path) {
  const fs::path folder = FolderOf(final_path);
  // No % in the name: muxers read it as a frame number. The extension stays last: they look at that too.
  const std::string stem = final_path.stem().string();
  const std::string prefix = "." + stem.substr(0, stem.find('%')) + "." + Owner();
  RemoveLeftOvers(folder, prefix);
  return folder / (prefix + std::to_string(getpid()) + ".part" + final_path.extension().string());
}

AtomicFile::AtomicFile(fs::path final_path, Overwrite overwrite)
    : final_path_(std::move(final_path)), overwrite_(overwrite) {
  CheckOutputPath(final_path_, overwrite);
  temp_path_ = TempPathFor(final_path_);
}

AtomicFile::~AtomicFile() {
  std::error_code ignored;
  if (!committed_) fs::remove(temp_path_, ignored);
}

void AtomicFile::Commit() {
  SyncFile(temp_path_);
  CheckOutputPath(final_path_, overwrite_);
  std::error_code problem;
  fs::rename(temp_path_, final_path_, problem);
  if (problem)
    Throw(ErrorCode::kIo, "cannot rename \"{}\" to \"{}\": {}", temp_path_.string(), final_path_.string(),
          problem.message());
  committed_ = true;
}

void WriteFileAtomically(const fs::path& path, std::string_view content, Overwrite overwrite) {
  AtomicFile file(path, overwrite);
  std::ofstream stream(file.temp_path(), std::ios::binary | std::ios::trunc);
  stream.write(content.data(), static_cast<std::streamsize>(content.size()));
  stream.close();
  if (!stream) Throw(ErrorCode::kIo, "writing \"{}\" failed: {}", path.string(), std::strerror(errno));
  file.Commit();
}

std::string ReadFile(const fs::path& path, size_t max_bytes) {
  std::error_code problem;
  const uintmax_t size = fs::file_size(path, problem);
  if (problem) Throw(ErrorCode::kNoInput, "cannot read \"{}\": {}", path.string(), problem.message());
  if (size > max_bytes)
    Throw(ErrorCode::kData, "\"{}\" has {} bytes; at most {} are allowed here", path.string(), size, max_bytes);
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream content;
  content << stream.rdbuf();
  if (!stream || (size > 0 && content.str().size() != size))
    Throw(ErrorCode::kIo, "reading \"{}\" failed: {}", path.string(), std::strerror(errno));
  return content.str();
}

}  // namespace shotfix
