// SPDX-License-Identifier: Apache-2.0
// Frames that do not decode in the middle of a clip.
#include <fstream>
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

constexpr const char* kTags = " -vf setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv ";

// Overwrites bytes in the middle of the packets of some frames.
void Break(const std::string& path, const std::vector<int>& frames) {
  const std::string list =
      testing::Shell("ffprobe -v error -select_streams v -show_entries packet=pos,size -of csv=p=0 '" + path + "'")
          .output;
  std::istringstream lines(list);
  std::vector<std::pair<size_t, size_t>> packets;
  for (std::string line; std::getline(lines, line);) {
    const size_t comma = line.find(',');
    const size_t a = std::stoul(line);
    const size_t b = std::stoul(line.substr(comma + 1));
    packets.emplace_back(std::max(a, b), std::min(a, b));  // position, size: the position is larger here
  }
  std::string bytes = ReadFile(path);
  for (const int frame : frames) {
    const auto [position, size] = packets.at(static_cast<size_t>(frame));
    REQUIRE(position + size <= bytes.size());
    for (size_t k = size / 3; k < size * 2 / 3; ++k) bytes[position + k] = static_cast<char>(0x5A ^ (k * 37));
  }
  std::ofstream(path, std::ios::binary) << bytes;
}

ClipInfo Open(const std::string& path, OnBadFrame rule) {
  ProbeOptions options;
  options.on_bad_frame = rule;
  return Probe(path, options);
}

std::vector<image::Frame> ReadAll(const ClipInfo& info) {
  std::vector<image::Frame> frames;
  Decoder decoder(info);
  while (auto frame = decoder.NextSamples()) frames.push_back(std::move(*frame));
  return frames;
}

// Reading from `begin` on gives the frames that reading the whole clip gave.
void CheckFrom(int64_t begin, const ClipInfo& info, const std::vector<image::Frame>& all) {
  INFO("from " << begin);
  Decoder decoder(info);
  decoder.Seek(begin);
  for (auto k = static_cast<size_t>(begin); k < all.size(); ++k) {
    const auto frame = decoder.NextSamples();
    REQUIRE(frame.has_value());
    CHECK(*frame->source == *all[k].source);
    CHECK(frame->held == all[k].held);
  }
}

// Damage starts at a frame that is neither the first nor at a block's border.
std::string BrokenClip(const TempDir& folder, const std::vector<int>& frames) {
  const std::string path = folder / "s.mkv";
  Ffmpeg(std::string("-f lavfi -i testsrc2=size=160x96:rate=24:duration=1,noise=alls=20:allf=t") + kTags +
         "-c:v ffv1 -level 3 -slicecrc 1 -g 1 -cluster_size_limit 2M '" + path + "'");
  Break(path, frames);
  return path;
}

}  // namespace

TEST_CASE("by default the first frame that does not decode is named", "[media]") {
  const TempDir folder;
  const std::string path = BrokenClip(folder, {9});
  try {
    ReadAll(Open(path, OnBadFrame::kStop));
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::kData);
    CHECK(error.frame() == 9);
  }
}

TEST_CASE("held frames are the last good one, wherever reading begins", "[media]") {
  const TempDir folder;
  const ClipInfo info = Open(BrokenClip(folder, {0, 9, 10, 11, 20}), OnBadFrame::kHold);
  const std::vector<image::Frame> all = ReadAll(info);
  REQUIRE(all.size() == 24);
  for (size_t k = 0; k < all.size(); ++k) {
    INFO(k);
    CHECK(all[k].index == static_cast<int64_t>(k));
    CHECK(all[k].held == (k == 0 || (k >= 9 && k <= 11) || k == 20));
  }
  CHECK(*all[0].source == *all[1].source);
  CHECK(*all[11].source == *all[8].source);
  CHECK(*all[20].source == *all[19].source);
  CHECK_FALSE(*all[12].source == *all[8].source);
  for (const int64_t begin : {0, 8, 9, 10, 11, 12, 20, 23}) {
    CheckFrom(begin, info, all);
  }
}

TEST_CASE("a long-GOP clip with a broken packet is read to its end", "[media]") {
  const TempDir folder;
  const std::string path = folder / "s.mkv";
  Ffmpeg(std::string("-f lavfi -i testsrc2=size=160x96:rate=24:duration=2") + kTags +
         "-c:v libx264 -pix_fmt yuv420p -g 12 -bf 2 '" + path + "'");
  Break(path, {14, 15});
  const std::vector<image::Frame> all = ReadAll(Open(path, OnBadFrame::kHold));
  REQUIRE(all.size() == 48);
  CHECK(std::count_if(all.begin(), all.end(), [](const image::Frame& frame) { return frame.held; }) >= 1);
  CHECK_FALSE(all[40].held);
  CHECK_THROWS_AS(ReadAll(Open(path, OnBadFrame::kStop)), Error);
}

TEST_CASE("a missing picture of a sequence of EXR is held too", "[media]") {
  const TempDir folder;
  Ffmpeg("-f lavfi -i testsrc2=size=32x32:rate=24:duration=0.25 -pix_fmt gbrpf32le -start_number 10 '" +
         (folder / "f.%03d.exr") + "'");
  std::ofstream(folder / "f.013.exr") << "not a picture";
  const std::vector<image::Frame> all = ReadAll(Open(folder / "f.%03d.exr", OnBadFrame::kHold));
  REQUIRE(all.size() == 6);
  CHECK(all[3].held);
  CHECK(*all[3].source == *all[2].source);
}

TEST_CASE("an empty file in a sequence is one bad frame, not the end, wherever reading begins", "[media]") {
  const TempDir folder;
  Ffmpeg("-f lavfi -i testsrc2=size=32x32:rate=24:duration=0.5 -pix_fmt rgb24 -start_number 10 '" +
         (folder / "f.%03d.png") + "'");
  std::ofstream(folder / "f.014.png", std::ios::trunc).close();
  const ClipInfo info = Open(folder / "f.%03d.png", OnBadFrame::kHold);
  const std::vector<image::Frame> all = ReadAll(info);
  REQUIRE(all.size() == 12);
  for (size_t k = 0; k < all.size(); ++k) CHECK(all[k].held == (k == 4));
  CHECK(*all[4].source == *all[3].source);
  for (const int64_t begin : {13, 14, 15, 21}) {
    Decoder decoder(info);
    decoder.Seek(begin);
    const auto frame = decoder.NextSamples();
    REQUIRE(frame.has_value());
    CHECK(*frame->source == *all[static_cast<size_t>(begin - 10)].source);
  }
  CHECK_THROWS_WITH(ReadAll(Open(folder / "f.%03d.png", OnBadFrame::kStop)), Catch::Contains("frame 14"));
}

TEST_CASE("damage earlier in a group of pictures is not taken for damage of the frame that is sought", "[media]") {
  const TempDir folder;
  const std::string path = folder / "s.mkv";
  Ffmpeg(std::string("-f lavfi -i testsrc2=size=160x96:rate=24:duration=1,noise=alls=20:allf=t") + kTags +
         "-c:v ffv1 -level 3 -slicecrc 1 -g 12 -cluster_size_limit 2M '" + path + "'");
  Break(path, {14, 18});
  const ClipInfo info = Open(path, OnBadFrame::kHold);
  const std::vector<image::Frame> all = ReadAll(info);
  REQUIRE(all.size() == 24);
  for (const int64_t begin : {15, 16, 18, 19, 20}) {
    CheckFrom(begin, info, all);
  }
}

TEST_CASE("a picture that changes its size stops the reading with the frame, whatever is asked", "[media]") {
  const TempDir folder;
  for (const auto& [name, size, offset] : {std::tuple{"a.ts", "160x96", "0"}, {"b.ts", "128x64", "0.5"}}) {
    Ffmpeg(std::string("-f lavfi -i testsrc2=size=") + size + ":rate=24:duration=0.5" + kTags +
           "-c:v libx264 -bf 0 -pix_fmt yuv420p -output_ts_offset " + offset + " '" + (folder / name) + "'");
  }
  testing::Shell("cat '" + (folder / "a.ts") + "' '" + (folder / "b.ts") + "' > '" + (folder / "ab.ts") + "'");
  for (const OnBadFrame rule : {OnBadFrame::kStop, OnBadFrame::kHold}) {
    try {
      ReadAll(Open(folder / "ab.ts", rule));
      FAIL("no error");
    } catch (const Error& error) {
      INFO(error.what());
      CHECK(error.frame() == 12);
      CHECK(std::string(error.what()).find("160x96") != std::string::npos);
    }
  }
}

TEST_CASE("two decoders count their own damage", "[media]") {
  const TempDir folder;
  const std::string broken = BrokenClip(folder, {5});
  Ffmpeg(std::string("-f lavfi -i testsrc2=size=160x96:rate=24:duration=1") + kTags +
         "-c:v ffv1 -level 3 -slicecrc 1 '" + (folder / "good.mkv") + "'");
  Decoder good(Open(folder / "good.mkv", OnBadFrame::kStop));
  Decoder bad(Open(broken, OnBadFrame::kHold));
  for (int k = 0; k < 24; ++k) {
    REQUIRE(good.NextSamples().has_value());
    const auto frame = bad.NextSamples();
    REQUIRE(frame.has_value());
    CHECK(frame->held == (k == 5));
  }
}

}  // namespace shotfix::media
