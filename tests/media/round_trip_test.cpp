// SPDX-License-Identifier: Apache-2.0
// Golden media is made by the ffmpeg program, never by the code under test.
#include "support/test.h"

#include "shotfix/core/error.h"
#include "shotfix/media/decoder.h"
#include "shotfix/media/encoder.h"
#include "shotfix/media/still.h"
#include "support/copy_clip.h"
#include "support/shell.h"
#include "support/temp_dir.h"

namespace shotfix::media {
namespace {

using testing::Ffmpeg;
using testing::FrameHashes;
using testing::TempDir;

constexpr const char* kTags = " -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv ";

// Decodes and encodes without touching anything.
void Transcode(const std::string& from, const std::string& to, Codec codec = Codec::kByFileName) {
  ProbeOptions options;
  options.in_space = image::ParseColourSpace("bt709");
  testing::CopyClip(Probe(from, options), to, {.codec = codec, .frames = {}, .extras = {}});
}

std::string Source(const TempDir& folder, const std::string& name, const std::string& encoding,
                   const std::string& size = "160x90") {
  const std::string path = folder / name;
  Ffmpeg("-f lavfi -i testsrc2=size=" + size + ":rate=24:duration=0.5 " + kTags + encoding + " '" + path + "'");
  return path;
}

}  // namespace

TEST_CASE("lossless formats give back every sample, in every depth and subsampling", "[media]") {
  struct Case {
    const char* pixels;
    const char* out;
  };
  for (const Case& c :
       {Case{"yuv420p", "o.mkv"}, {"yuv422p", "o.mkv"},      {"yuv444p", "o.mkv"},     {"yuv420p10le", "o.mkv"},
        {"yuv422p10le", "o.mkv"}, {"yuv444p10le", "o.mkv"},  {"yuv422p12le", "o.mkv"}, {"yuv444p12le", "o.mkv"},
        {"yuv444p16le", "o.mkv"}, {"yuva444p10le", "o.mkv"}, {"yuva420p", "o.mkv"},    {"gbrp10le", "o.mkv"},
        {"gbrp12le", "o.mkv"},    {"gbrp16le", "o.mkv"},     {"bgr0", "o.mkv"},        {"gray", "o.mkv"},
        {"gray10le", "o.mkv"},    {"gray16le", "o.mkv"},     {"yuv411p", "o.mkv"},     {"yuv410p", "o.mkv"},
        {"yuv440p", "o.mkv"}}) {
    INFO(c.pixels);
    const TempDir folder;
    const std::string source = Source(folder, "s.mkv", std::string("-c:v ffv1 -pix_fmt ") + c.pixels);
    Transcode(source, folder / c.out);
    const std::string format = std::string("-pix_fmt ") + c.pixels;
    CHECK(FrameHashes(source) == FrameHashes(folder / c.out));
  }
}

TEST_CASE("image sequences keep their numbers and samples", "[media]") {
  struct Case {
    const char* pixels;
    const char* name;
  };
  for (const Case& c : {Case{"rgb24", "f.%04d.png"},
                        {"rgb48be", "f.%04d.png"},
                        {"rgba64be", "f.%04d.png"},
                        {"rgb48le", "f.%04d.tif"},
                        {"gbrp10le", "f.%04d.dpx"},
                        {"gbrp12le", "f.%04d.dpx"},
                        {"gbrpf32le", "f.%04d.exr"},
                        {"gbrapf32le", "f.%04d.exr"}}) {
    INFO(c.pixels << " " << c.name);
    const TempDir folder;
    std::filesystem::create_directory(folder / "in");
    std::filesystem::create_directory(folder / "out");
    const std::string in = (folder / "in/") + c.name;
    const std::string out = (folder / "out/") + c.name;
    Ffmpeg(std::string("-f lavfi -i testsrc2=size=64x36:rate=24:duration=0.25 -pix_fmt ") + c.pixels +
           " -start_number 1001 '" + in + "'");
    ProbeOptions options;
    options.in_space = image::ParseColourSpace("srgb");
    const ClipInfo info = Probe(in, options);
    CHECK(info.frames == FrameRange{1001, 1007});
    Transcode(in, out);
    CHECK(Probe(out, options).frames == info.frames);
    Decoder a(info);
    Decoder b(Probe(out, options));
    for (int k = 0; k < 6; ++k) REQUIRE(*a.NextSamples()->source == *b.NextSamples()->source);
  }
}

TEST_CASE("ProRes equals what ffmpeg gives for the same transcode", "[media]") {
  const TempDir folder;
  const std::string source = Source(folder, "s.mkv", "-c:v ffv1 -pix_fmt yuv422p10le");
  Transcode(source, folder / "ours.mov");
  Ffmpeg("-i '" + source + "' -c:v prores_ks -profile:v hq -vendor apl0 -pix_fmt yuv422p10le '" +
         (folder / "theirs.mov") + "'");
  CHECK(FrameHashes(folder / "ours.mov") == FrameHashes(folder / "theirs.mov"));
}

TEST_CASE("other codecs open and keep the frame count", "[media]") {
  const TempDir folder;
  const std::string source = Source(folder, "s.mkv", "-c:v ffv1 -pix_fmt yuv422p10le", "320x240");
  for (const auto& [name, codec] : {std::pair{"a.mp4", "h264"},
                                    {"b.mp4", "hevc"},
                                    {"c.mov", "dnxhr"},
                                    {"d.mxf", "dnxhr"},
                                    {"e.mov", "prores4444"}}) {
    INFO(name);
    Transcode(source, folder / name, ParseCodec(codec));
    const ClipInfo info = Probe(folder / name);
    CHECK(info.frame_count() == 12);
    CHECK(info.space.transfer == image::Transfer::kBt709);
  }
}

TEST_CASE("seeking is exact whatever the codec", "[media]") {
  for (const char* encoding : {"-c:v libx264 -pix_fmt yuv420p -g 10 -bf 3", "-c:v ffv1", "-c:v prores_ks"}) {
    INFO(encoding);
    const TempDir folder;
    const std::string path = folder / (std::string(encoding).find("prores") != std::string::npos ? "s.mov" : "s.mkv");
    Ffmpeg(std::string("-f lavfi -i testsrc2=size=96x64:rate=24:duration=2") + kTags + encoding + " '" + path + "'");
    const ClipInfo info = Probe(path);
    Decoder straight(info);
    std::vector<image::PixelPlanes> all;
    while (const auto frame = straight.NextSamples()) all.push_back(*frame->source);
    REQUIRE(all.size() == 48);
    Decoder jumping(info);
    for (const int64_t index : {40, 3, 3, 21, 22, 0, 47}) {
      jumping.Seek(index);
      const auto frame = jumping.NextSamples();
      REQUIRE(frame.has_value());
      CHECK(frame->index == index);
      CHECK(*frame->source == all[static_cast<size_t>(index)]);
    }
  }
}

TEST_CASE("a painted matte is read without a curve, from alpha or luma", "[media]") {
  const TempDir folder;
  Ffmpeg("-f lavfi -i color=gray:size=8x8:rate=1:duration=1 -vf format=gray,lutyuv=y=64 -frames:v 1 '" +
         (folder / "grey.png") + "'");
  CHECK(ReadMatte(folder / "grey.png").mean().item<double>() == Approx(64.0 / 255).margin(0.002));
  Ffmpeg("-f lavfi -i color=white@0.25:size=8x8:rate=1:duration=1,format=rgba -frames:v 1 '" + (folder / "alpha.png") +
         "'");
  CHECK(ReadMatte(folder / "alpha.png").mean().item<double>() == Approx(0.25).margin(0.01));
  Ffmpeg("-f lavfi -i color=white@0.25:size=8x8:rate=1:duration=1,format=rgba -vf format=gbrapf32le -frames:v 1 '" +
         (folder / "alpha.exr") + "'");
  CHECK(ReadMatte(folder / "alpha.exr").mean().item<double>() == Approx(0.25).margin(0.01));
  WriteMattePng(folder / "deep.png", at::full({1, 4, 4}, 0.123456));
  CHECK(ReadMatte(folder / "deep.png").mean().item<double>() == Approx(0.123456).margin(1e-5));
}

}  // namespace shotfix::media
