// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <fstream>
#include <optional>

#include <OpenEXR/ImfThreading.h>

#include <filesystem>

#include "media/exr_parts.h"
#include "shotfix/core/error.h"

namespace shotfix::media {
namespace {

constexpr size_t kMostHeader = size_t{64} << 20;
constexpr size_t kMostName = 255;

// Reads names and numbers of a header from a stream; nothing at its end.
class HeaderReader {
 public:
  explicit HeaderReader(std::istream& stream) : stream_(stream) {}
  std::optional<std::string> Name() {
    std::string name;
    for (int c = stream_.get(); c != 0; c = stream_.get()) {
      if (c == std::istream::traits_type::eof() || name.size() >= kMostName) return std::nullopt;
      name += static_cast<char>(c);
    }
    return name;
  }
  std::optional<uint32_t> Number() {
    unsigned char bytes[4] = {};
    if (!stream_.read(reinterpret_cast<char*>(bytes), 4)) return std::nullopt;
    return uint32_t{bytes[0]} | uint32_t{bytes[1]} << 8 | uint32_t{bytes[2]} << 16 | uint32_t{bytes[3]} << 24;
  }
  void Skip(size_t bytes) { stream_.seekg(static_cast<std::streamoff>(bytes), std::ios::cur); }
  size_t place() const { return static_cast<size_t>(stream_.tellg()); }

 private:
  std::istream& stream_;
};

// OpenEXR takes memory for an attribute before it looks whether the file has it: sizes are checked here first.
bool SizesFit(std::istream& stream, size_t file_bytes) {
  constexpr uint32_t kMagic = 20000630;
  constexpr uint32_t kSeveralParts = 0x1000;
  HeaderReader reader(stream);
  if (reader.Number() != kMagic) return false;
  const std::optional<uint32_t> version = reader.Number();
  if (!version) return false;
  const size_t limit = std::min(file_bytes, kMostHeader);
  bool first_of_header = true;
  for (;;) {
    const std::optional<std::string> name = reader.Name();
    if (!name) return false;
    if (name->empty()) {
      if ((*version & kSeveralParts) == 0 || first_of_header) return true;
      first_of_header = true;
      continue;
    }
    const std::optional<std::string> type = reader.Name();
    const std::optional<uint32_t> size = reader.Number();
    if (!type || !size || reader.place() > limit || *size > limit - reader.place()) return false;
    reader.Skip(*size);
    first_of_header = false;
  }
}

}  // namespace

void OpenExr(const std::string& path, const std::function<void(Imf::MultiPartInputFile&)>& read) {
  std::error_code problem;
  if (!std::filesystem::exists(path, problem)) Throw(ErrorCode::kNoInput, "\"{}\" does not exist", path);
  const uintmax_t bytes = std::filesystem::file_size(path, problem);
  if (bytes == 0) Throw(ErrorCode::kData, "\"{}\" is empty (0 bytes); copy it again from the card or the server", path);
  std::ifstream stream(path, std::ios::binary);
  if (!SizesFit(stream, static_cast<size_t>(bytes)))
    Throw(ErrorCode::kData, "\"{}\" does not read as OpenEXR: its header is damaged or cut off", path);
  try {
    Imf::MultiPartInputFile file(path.c_str(), Imf::globalThreadCount(), false);
    read(file);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& reason) {
    Throw(ErrorCode::kData, "\"{}\" does not read as OpenEXR: {}", path, reason.what());
  }
}

}  // namespace shotfix::media
