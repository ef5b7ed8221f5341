// SPDX-License-Identifier: Apache-2.0
#include "shotfix/core/hash.h"

#include <nettle/sha2.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "shotfix/core/error.h"

namespace shotfix {

struct Sha256::State {
  sha256_ctx context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) { sha256_init(&state_->context); }
Sha256::~Sha256() = default;

void Sha256::Update(const void* data, size_t size_bytes) {
  sha256_update(&state_->context, size_bytes, static_cast<const uint8_t*>(data));
}

std::string Sha256::HexDigest() {
  std::array<uint8_t, SHA256_DIGEST_SIZE> digest{};
  sha256_digest(&state_->context, digest.size(), digest.data());
  std::string hex;
  for (const uint8_t byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

std::string HashText(std::string_view text) {
  Sha256 hash;
  hash.Update(text);
  return hash.HexDigest();
}

std::string HashFile(const std::filesystem::path& path) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) Throw(ErrorCode::kNoInput, "cannot open \"{}\": {}", path.string(), std::strerror(errno));
  Sha256 hash;
  std::vector<char> buffer(size_t{1} << 20);
  while (const size_t count = std::fread(buffer.data(), 1, buffer.size(), file.get()))
    hash.Update(buffer.data(), count);
  if (std::ferror(file.get()) != 0)
    Throw(ErrorCode::kIo, "reading \"{}\" failed: {}", path.string(), std::strerror(errno));
  return hash.HexDigest();
}

}  // namespace shotfix
