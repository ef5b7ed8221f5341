// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <random>
#include "support/test.h"

#include "shotfix/core/atomic_file.h"
#include "shotfix/core/error.h"
#include "shotfix/media/decoder.h"
#include "support/shell.h"
#include "support/temp_dir.h"

namespace shotfix::media {
namespace {

using testing::Ffmpeg;
using testing::TempDir;

ErrorCode CodeOf(const std::string& path) {
  try {
    Decoder decoder(Probe(path));
    while (decoder.NextSamples()) {
    }
  } catch (const Error& error) {
    INFO(error.what());
    CHECK(std::string(error.what()).find(std::filesystem::path(path).filename().string()) != std::string::npos);
    return error.code();
  }
  FAIL("no error for " << path);
  return ErrorCode::kInternal;
}

void Truncate(const std::string& from, const std::string& to, double share) {
  const std::string whole = ReadFile(from);
  std::ofstream(to, std::ios::binary) << whole.substr(0,
                                                      static_cast<size_t>(static_cast<double>(whole.size()) * share));
}

constexpr const char* kTags = " -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv ";

}  // namespace

TEST_CASE("what is no clip is told in one sentence with the right code", "[media]") {
  const TempDir folder;
  CHECK(CodeOf(folder / "missing.mov") == ErrorCode::kNoInput);
  std::filesystem::create_directory(folder / "a_folder.mov");
  CHECK(CodeOf(folder / "a_folder.mov") == ErrorCode::kNoInput);
  std::ofstream(folder / "empty.mov").close();
  CHECK(CodeOf(folder / "empty.mov") == ErrorCode::kData);
  std::ofstream(folder / "text.mov") << "this is a letter, not a clip";
  CHECK(CodeOf(folder / "text.mov") == ErrorCode::kData);
  Ffmpeg("-f lavfi -i sine=duration=0.2 '" + (folder / "sound.wav") + "'");
  CHECK(CodeOf(folder / "sound.wav") == ErrorCode::kData);
  CHECK(CodeOf(folder / "none.%04d.exr") == ErrorCode::kNoInput);
}

TEST_CASE("truncated files are found out", "[media]") {
  const TempDir folder;
  Ffmpeg(std::string("-f lavfi -i testsrc2=size=160x90:rate=24:duration=3 -c:v libx264 -pix_fmt yuv420p") + kTags +
         "'" + (folder / "w.mp4") + "'");
  Ffmpeg("-i '" + (folder / "w.mp4") + "' -c copy '" + (folder / "w.mkv") + "'");
  Ffmpeg("-i '" + (folder / "w.mp4") + "' -c copy -movflags faststart '" + (folder / "f.mp4") + "'");
  Truncate(folder / "w.mp4", folder / "cut.mp4", 0.6);
  CHECK(CodeOf(folder / "cut.mp4") == ErrorCode::kData);
  Truncate(folder / "w.mkv", folder / "cut.mkv", 0.4);
  CHECK(CodeOf(folder / "cut.mkv") == ErrorCode::kData);
  Truncate(folder / "f.mp4", folder / "cutf.mp4", 0.6);
  CHECK(CodeOf(folder / "cutf.mp4") == ErrorCode::kData);
}

TEST_CASE("interlaced footage is refused with the way out", "[media]") {
  const TempDir folder;
  Ffmpeg(
      std::string("-f lavfi -i testsrc2=size=160x96:rate=25:duration=0.4 -vf tinterlace=interleave_top,fieldorder=tff "
                  "-c:v prores_ks -flags +ildct+ilme -top 1 -pix_fmt yuv422p10le") +
      kTags + "'" + (folder / "i.mov") + "'");
  CHECK_THROWS_WITH(Probe(folder / "i.mov"), Catch::Contains("deinterlace"));
}

TEST_CASE("a gap in a sequence names the missing frame", "[media]") {
  const TempDir folder;
  Ffmpeg("-f lavfi -i testsrc2=size=32x32:rate=24:duration=0.25 -start_number 10 '" + (folder / "f.%03d.png") + "'");
  std::filesystem::remove(folder / "f.012.png");
  CHECK_THROWS_WITH(Probe(folder / "f.%03d.png"), Catch::Contains("frame 12"));
}

TEST_CASE("damaged clips end in an error or in whole frames, never in a crash", "[media]") {
  const TempDir folder;
  Ffmpeg(std::string("-f lavfi -i testsrc2=size=96x64:rate=24:duration=1 -c:v libx264 -pix_fmt yuv420p") + kTags + "'" +
         (folder / "w.mkv") + "'");
  const std::string whole = ReadFile(folder / "w.mkv");
  std::mt19937 rng(9);
  for (int k = 0; k < 40; ++k) {
    std::string bent = whole;
    for (int i = 0; i < 12; ++i) bent[rng() % bent.size()] = static_cast<char>(rng());
    std::ofstream(folder / "bent.mkv", std::ios::binary) << bent;
    try {
      ProbeOptions options;
      options.in_space = image::ParseColourSpace("bt709");
      const ClipInfo info = Probe(folder / "bent.mkv", options);
      Decoder decoder(info);
      int64_t frames = 0;
      while (const auto frame = decoder.NextSamples()) {
        REQUIRE(frame->source->layout == info.layout);
        ++frames;
      }
      CHECK(frames == info.frame_count());
    } catch (const Error& error) {
      CHECK((error.code() == ErrorCode::kData || error.code() == ErrorCode::kNoInput));
    }
  }
}

}  // namespace shotfix::media
