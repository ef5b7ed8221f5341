// SPDX-License-Identifier: Apache-2.0
#include "pipeline/frame_pack.h"

#include <ATen/ATen.h>
#include <zlib.h>
#include <zstd.h>

#include <cstring>

#include "shotfix/core/error.h"

namespace shotfix::pipeline {
namespace {

constexpr uint32_t kMagic = 0x32504653;  // "SFP2"
constexpr int kLevel = 1;
constexpr uint32_t kMostLayers = 16;
constexpr uint32_t kMostChannels = 8;
constexpr size_t kMostText = 4096;
constexpr int64_t kMaxSide = 1 << 16;
constexpr size_t kFloatsPerPixelOfLayers = 64;  // more than an edit has

class Writer {
 public:
  void Number(uint32_t value) { Bytes(&value, sizeof(value)); }
  void Text(const std::string& text) {
    Number(static_cast<uint32_t>(text.size()));
    Bytes(text.data(), text.size());
  }
  void Bytes(const void* data, size_t size) { out_.append(static_cast<const char*>(data), size); }
  // What is written next may be changed in place: the difference to a source.
  char* Tail(size_t size) {
    out_.resize(out_.size() + size);
    return out_.data() + out_.size() - size;
  }
  const std::string& out() const { return out_; }

 private:
  std::string out_;
};

// Thrown by Reader and caught by UnpackFrame: the bytes are not what they should be.
struct Damaged {};

class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}
  uint32_t Number(uint32_t most) {
    uint32_t value = 0;
    Bytes(&value, sizeof(value));
    if (value > most) throw Damaged();
    return value;
  }
  std::string Text() {
    std::string text(Number(kMostText), '\0');
    Bytes(text.data(), text.size());
    return text;
  }
  void Bytes(void* to, size_t size) {
    if (size > in_.size()) throw Damaged();
    if (size == 0) return;
    std::memcpy(to, in_.data(), size);
    in_.remove_prefix(size);
  }
  // Before memory is taken for them.
  void Expect(size_t bytes) const {
    if (bytes > in_.size()) throw Damaged();
  }
  bool done() const { return in_.empty(); }

 private:
  std::string_view in_;
};

struct Span {
  void* data;
  size_t bytes;
};
Span SamplesOf(image::Plane& plane) {
  if (!plane.values.empty()) return {plane.values.data(), plane.values.size() * sizeof(float)};
  return {plane.codes.data(), plane.codes.size() * sizeof(uint16_t)};
}

// Of the source that differences were taken to: they make no sense with another one.
uint32_t FingerprintOf(const image::PixelPlanes& source) {
  uLong crc = crc32(0, nullptr, 0);
  for (const image::Plane& plane : source.planes) {
    const Span samples = SamplesOf(const_cast<image::Plane&>(plane));
    crc = crc32_z(crc, static_cast<const Bytef*>(samples.data), samples.bytes);
  }
  return static_cast<uint32_t>(crc);
}

// bytes ^= source, eight at a time; both sizes are equal.
void Xor(char* bytes, const void* source, size_t size) {
  const char* from = static_cast<const char*>(source);
  size_t k = 0;
  for (; k + 8 <= size; k += 8) {
    uint64_t a = 0;
    uint64_t b = 0;
    std::memcpy(&a, bytes + k, 8);
    std::memcpy(&b, from + k, 8);
    a ^= b;
    std::memcpy(bytes + k, &a, 8);
  }
  for (; k < size; ++k) bytes[k] = static_cast<char>(bytes[k] ^ from[k]);
}

void WriteLayer(const media::PictureLayer& layer, Writer& writer) {
  writer.Text(layer.name);
  writer.Text(layer.meaning);
  writer.Number(layer.as_half ? 1 : 0);
  writer.Number(static_cast<uint32_t>(layer.channels.size()));
  for (const std::string& channel : layer.channels) writer.Text(channel);
  // Half layers are written as half anyway, so nothing is lost here.
  const at::Tensor values = layer.values.cpu().to(layer.as_half ? at::kHalf : at::kFloat).contiguous();
  writer.Number(static_cast<uint32_t>(values.size(1)));
  writer.Number(static_cast<uint32_t>(values.size(2)));
  writer.Bytes(values.const_data_ptr(), values.nbytes());
}

media::PictureLayer ReadLayer(Reader& reader) {
  media::PictureLayer layer;
  layer.name = reader.Text();
  layer.meaning = reader.Text();
  layer.as_half = reader.Number(1) == 1;
  layer.channels.resize(reader.Number(kMostChannels));
  for (std::string& channel : layer.channels) channel = reader.Text();
  const auto channels = static_cast<int64_t>(layer.channels.size());
  const int64_t height = reader.Number(kMaxSide);
  const int64_t width = reader.Number(kMaxSide);
  if (channels < 1 || height < 1 || width < 1 || channels * height * width > int64_t{1} << 31) throw Damaged();
  reader.Expect(static_cast<size_t>(channels * height * width) * (layer.as_half ? 2 : 4));
  at::Tensor values = at::empty({channels, height, width}, layer.as_half ? at::kHalf : at::kFloat);
  reader.Bytes(values.mutable_data_ptr(), values.nbytes());
  layer.values = values.to(at::kFloat);
  return layer;
}

std::optional<std::string> Expand(std::string_view packed, size_t most) {
  const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > most) return std::nullopt;
  std::string plain(static_cast<size_t>(size), '\0');
  const size_t got = ZSTD_decompress(plain.data(), plain.size(), packed.data(), packed.size());
  if (ZSTD_isError(got) != 0 || got != plain.size()) return std::nullopt;
  return plain;
}

FinishedFrame Read(Reader reader, const image::PixelLayout& layout, const image::PixelPlanes& source) {
  if (reader.Number(kMagic) != kMagic) throw Damaged();
  if (reader.Number(UINT32_MAX) != FingerprintOf(source)) throw Damaged();
  FinishedFrame frame;
  frame.planes = image::PixelPlanes::Allocate(layout);
  const bool differences = layout == source.layout;
  for (size_t k = 0; k < frame.planes.planes.size(); ++k) {
    const Span samples = SamplesOf(frame.planes.planes[k]);
    reader.Bytes(samples.data, samples.bytes);
    if (differences)
      Xor(static_cast<char*>(samples.data), SamplesOf(const_cast<image::Plane&>(source.planes[k])).data, samples.bytes);
  }
  if (reader.Number(1) == 1) {
    frame.support = at::empty({1, layout.height, layout.width}, at::kByte);
    reader.Bytes(frame.support.mutable_data_ptr(), frame.support.nbytes());
  }
  const uint32_t layers = reader.Number(kMostLayers);
  for (uint32_t k = 0; k < layers; ++k) frame.layers.push_back(ReadLayer(reader));
  if (!reader.done()) throw Damaged();
  return frame;
}

}  // namespace

std::string PackFrame(const FinishedFrame& frame, const image::PixelPlanes& source) {
  Writer writer;
  writer.Number(kMagic);
  writer.Number(FingerprintOf(source));
  const bool differences = frame.planes.layout == source.layout;
  for (size_t k = 0; k < frame.planes.planes.size(); ++k) {
    const Span samples = SamplesOf(const_cast<image::Plane&>(frame.planes.planes[k]));
    char* tail = writer.Tail(samples.bytes);
    std::memcpy(tail, samples.data, samples.bytes);
    if (differences) Xor(tail, SamplesOf(const_cast<image::Plane&>(source.planes[k])).data, samples.bytes);
  }
  writer.Number(frame.support.defined() ? 1 : 0);
  if (frame.support.defined()) {
    const at::Tensor support = frame.support.contiguous();
    writer.Bytes(support.const_data_ptr(), support.nbytes());
  }
  writer.Number(static_cast<uint32_t>(frame.layers.size()));
  for (const media::PictureLayer& layer : frame.layers) WriteLayer(layer, writer);

  const std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), &ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string packed(ZSTD_compressBound(writer.out().size()), '\0');
  const size_t size =
      ZSTD_compress2(context.get(), packed.data(), packed.size(), writer.out().data(), writer.out().size());
  SHOTFIX_CHECK(ZSTD_isError(size) == 0);
  packed.resize(size);
  return packed;
}

std::optional<FinishedFrame> UnpackFrame(std::string_view packed, const image::PixelLayout& layout,
                                         const image::PixelPlanes& source) {
  const auto pixels = static_cast<size_t>(layout.width) * static_cast<size_t>(layout.height);
  const std::optional<std::string> plain = Expand(packed, pixels * sizeof(float) * kFloatsPerPixelOfLayers + 65536);
  if (!plain) return std::nullopt;
  try {
    return Read(Reader(*plain), layout, source);
  } catch (const Damaged&) {
    return std::nullopt;
  }
}

}  // namespace shotfix::pipeline
