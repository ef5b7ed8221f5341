// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4, by nettle) of contents: what identifies footage, models and solutions.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace shotfix {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Update(const void* data, size_t size_bytes);
  void Update(std::string_view text) { Update(text.data(), text.size()); }
  std::string HexDigest();  // 64 lower-case digits; the object starts anew

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string HashText(std::string_view text);
// Streams the file. Throws kNoInput when it cannot be opened, kIo when reading fails.
std::string HashFile(const std::filesystem::path& path);

}  // namespace shotfix
