// SPDX-License-Identifier: Apache-2.0
#include "media/dpx_header.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cmath>
#include <cstring>
#include <fstream>

#include "media/extension.h"
#include "media/sequence_rate.h"
#include "shotfix/core/error.h"

namespace shotfix::media {
namespace {

// Offsets of ST 268.
constexpr size_t kMagic = 0;
constexpr size_t kImageOffset = 4;
constexpr size_t kFileSize = 16;
constexpr size_t kIndustrySize = 28;
constexpr size_t kCreator = 160;
constexpr size_t kTransfer = 801;
constexpr size_t kColorimetric = 802;
constexpr size_t kElementOffset = 808;  // of the only image element's data
constexpr size_t kFilmPosition = 1712;
constexpr size_t kFilmRate = 1724;
constexpr size_t kFilmTexts = 1732;
constexpr size_t kTimecode = 1920;
constexpr size_t kVideoRate = 1940;
constexpr size_t kShortHeader = 1664;  // what FFmpeg writes
constexpr size_t kWholeHeader = 2048;
constexpr uint32_t kUndefined = 0xFFFFFFFF;
constexpr uint32_t kDropFrameFlag = 0x40;  // of the frames' byte (ST 12-1)

class Words {
 public:
  explicit Words(std::span<const uint8_t> bytes) : bytes_(bytes) {
    big_endian_ = bytes.size() >= 4 && std::memcmp(bytes.data() + kMagic, "SDPX", 4) == 0;
    valid_ = big_endian_ || (bytes.size() >= 4 && std::memcmp(bytes.data() + kMagic, "XPDS", 4) == 0);
  }
  bool valid() const { return valid_; }
  uint32_t At(size_t offset) const {
    if (offset + 4 > bytes_.size()) return kUndefined;
    uint32_t value = 0;
    for (size_t k = 0; k < 4; ++k) value |= uint32_t{bytes_[offset + k]} << (8 * (big_endian_ ? 3 - k : k));
    return value;
  }
  static void Put(std::vector<uint8_t>& bytes, size_t offset, uint32_t value, bool big_endian) {
    for (size_t k = 0; k < 4; ++k) bytes[offset + k] = static_cast<uint8_t>(value >> (8 * (big_endian ? 3 - k : k)));
  }
  bool big_endian() const { return big_endian_; }

 private:
  std::span<const uint8_t> bytes_;
  bool big_endian_ = false;
  bool valid_ = false;
};

std::string TimecodeText(uint32_t packed) {
  int part[4] = {};
  for (int k = 0; k < 4; ++k) {
    const uint32_t byte = packed >> (8 * (3 - k));
    const uint32_t tens_mask = k == 3 ? 0x3 : k == 0 ? 0x3 : 0x7;
    if ((byte & 0xF) > 9) return {};
    part[k] = static_cast<int>((byte >> 4 & tens_mask) * 10 + (byte & 0xF));
  }
  if (part[0] > 23 || part[1] > 59 || part[2] > 59) return {};
  const char separator = (packed & kDropFrameFlag) != 0 ? ';' : ':';
  return fmt::format("{:02}:{:02}:{:02}{}{:02}", part[0], part[1], part[2], separator, part[3]);
}

uint32_t PackedTimecode(const std::string& text) {
  uint32_t packed = 0;
  for (const size_t at : {0, 3, 6, 9}) {
    const auto digit = [&](size_t k) { return static_cast<uint32_t>(text[k] - '0'); };
    packed = packed << 8 | digit(at) << 4 | digit(at + 1);
  }
  return text[8] == ';' ? packed | kDropFrameFlag : packed;
}

// ST 268 table 5A and 5B, transfer and colorimetric.
std::pair<uint8_t, uint8_t> CodesOf(const image::ColourSpace& space) {
  constexpr uint8_t kUserDefined = 0;
  constexpr uint8_t kLinear = 2;
  constexpr uint8_t kItu709 = 6;
  constexpr uint8_t kItu601M = 8;
  const uint8_t colorimetric = space.primaries == image::Primaries::kBt709       ? kItu709
                               : space.primaries == image::Primaries::kSmpte170m ? kItu601M
                                                                                 : kUserDefined;
  switch (space.transfer) {
    case image::Transfer::kLinear: return {kLinear, colorimetric};
    case image::Transfer::kBt709: return {kItu709, colorimetric};
    case image::Transfer::kSmpte170m: return {kItu601M, colorimetric};
    default: return {kUserDefined, colorimetric};
  }
}

}  // namespace

bool IsDpx(const std::filesystem::path& path) { return LowerExtension(path) == ".dpx"; }

DpxFacts ParseDpxHeader(std::span<const uint8_t> header) {
  DpxFacts facts;
  const Words words(header);
  if (!words.valid() || header.size() < kShortHeader) return facts;
  const bool by_ffmpeg = std::memcmp(header.data() + kCreator, "Lavc", 4) == 0;
  const uint8_t transfer = header[kTransfer];
  facts.transfer_known = !by_ffmpeg && transfer != 0 && transfer != 0xFF;
  const auto image_offset = static_cast<size_t>(words.At(kImageOffset));
  for (const size_t place : {kVideoRate, kFilmRate}) {
    if (facts.rate || place + 4 > image_offset || words.At(place) == kUndefined) continue;
    facts.rate = RateFromFloat(std::bit_cast<float>(words.At(place)));
  }
  if (image_offset < kWholeHeader || words.At(kTimecode) == kUndefined) return facts;
  facts.timecode = TimecodeText(words.At(kTimecode));
  return facts;
}

DpxFacts ReadDpxFacts(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) Throw(ErrorCode::kNoInput, "cannot read \"{}\"", path.string());
  std::vector<uint8_t> header(kWholeHeader);
  stream.read(reinterpret_cast<char*>(header.data()), static_cast<std::streamsize>(header.size()));
  header.resize(static_cast<size_t>(stream.gcount()));
  return ParseDpxHeader(header);
}

std::vector<uint8_t> WithWholeDpxHeader(std::span<const uint8_t> file, const image::ColourSpace& space, Rational rate,
                                        const std::optional<Timecode>& timecode) {
  const Words words(file);
  SHOTFIX_CHECK(words.valid() && file.size() > kShortHeader && words.At(kImageOffset) == kShortHeader);
  const bool big = words.big_endian();
  std::vector<uint8_t> whole(file.begin(), file.begin() + kShortHeader);
  whole.resize(kWholeHeader, 0xFF);
  whole.insert(whole.end(), file.begin() + kShortHeader, file.end());
  Words::Put(whole, kImageOffset, kWholeHeader, big);
  Words::Put(whole, kElementOffset, kWholeHeader, big);
  Words::Put(whole, kIndustrySize, kWholeHeader - kShortHeader, big);
  Words::Put(whole, kFileSize, static_cast<uint32_t>(whole.size()), big);
  const auto [transfer, colorimetric] = CodesOf(space);
  whole[kTransfer] = transfer;
  whole[kColorimetric] = colorimetric;
  // Texts that nobody knows are empty, not undefined: the film section's edge code, frame id and slate.
  std::fill(whole.begin() + kShortHeader, whole.begin() + kFilmPosition, uint8_t{0});
  std::fill(whole.begin() + kFilmTexts, whole.begin() + kTimecode, uint8_t{0});
  constexpr char kName[] = "shotfix";
  std::fill_n(whole.begin() + kCreator, 100, uint8_t{0});
  std::copy_n(kName, sizeof(kName), whole.begin() + kCreator);
  const auto fps = std::bit_cast<uint32_t>(static_cast<float>(rate.ToDouble()));
  Words::Put(whole, kFilmRate, fps, big);
  Words::Put(whole, kVideoRate, fps, big);
  if (timecode) Words::Put(whole, kTimecode, PackedTimecode(timecode->ToString()), big);
  return whole;
}

}  // namespace shotfix::media
