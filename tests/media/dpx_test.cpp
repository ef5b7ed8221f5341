// SPDX-License-Identifier: Apache-2.0
#include "media/dpx_header.h"

#include <random>
#include "support/test.h"

#include "shotfix/core/atomic_file.h"
#include "shotfix/core/error.h"
#include "shotfix/media/decoder.h"
#include "shotfix/media/encoder.h"
#include "support/copy_clip.h"
#include "support/shell.h"
#include "support/temp_dir.h"

namespace shotfix::media {
namespace {

using testing::Ffmpeg;
using testing::Shell;
using testing::TempDir;

std::span<const uint8_t> BytesOf(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

TEST_CASE("DPX gets a whole header: timecode, rate and the transfer that is true", "[media]") {
  for (const auto& [pixels, bits] : {std::pair{"yuv444p10le", 10}, {"yuv444p12le", 12}}) {
    INFO(pixels);
    const TempDir folder;
    Ffmpeg(
        std::string("-f lavfi -i testsrc2=size=40x24:rate=25:duration=0.12 -vf "
                    "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv -c:v ffv1 -pix_fmt ") +
        pixels + " -timecode 10:11:12:13 '" + (folder / "s.mkv") + "'");
    const ClipInfo info = Probe(folder / "s.mkv");
    CHECK(info.timecode == "10:11:12:13");
    testing::CopyClip(info, folder / "o.%03d.dpx");
    const std::string header = Shell("oiiotool --info -v '" + (folder / "o.002.dpx") + "'").output;
    INFO(header);
    CHECK(header.find("smpte:TimeCode: 10:11:12:15") != std::string::npos);
    CHECK(header.find("dpx:Transfer: \"ITU-R 709-4\"") != std::string::npos);
    CHECK(header.find("dpx:FrameRate: 25") != std::string::npos);
    CHECK(header.find("uint" + std::to_string(bits)) != std::string::npos);
    // The pixels are where the header says: ffmpeg, oiiotool and this program agree on them.
    Ffmpeg("-i '" + (folder / "o.002.dpx") + "' -pix_fmt rgb48be '" + (folder / "a.png") + "'");
    const std::string diff = Shell("oiiotool '" + (folder / "o.002.dpx") + "' '" + (folder / "a.png") +
                                   "' --warn 0.0005 --fail 0.0005 --diff")
                                 .output;
    INFO(diff);
    CHECK(diff.find("PASS") != std::string::npos);
    const ClipInfo again = Probe(folder / "o.%03d.dpx");
    CHECK(again.timecode == "10:11:12:13");
    CHECK(again.rate == Rational{25, 1});
    CHECK(again.space.transfer == image::Transfer::kBt709);
  }
}

TEST_CASE("ffmpeg's DPX calls everything linear and is not believed", "[media]") {
  const TempDir folder;
  Ffmpeg("-f lavfi -i testsrc2=size=40x24:rate=25:duration=0.04 -pix_fmt gbrp10le '" + (folder / "f.dpx") + "'");
  const ClipInfo info = Probe(folder / "f.dpx");
  CHECK(info.space.transfer == image::Transfer::kUnknown);
  CHECK(info.timecode.empty());
  CHECK_THROWS_WITH(Decoder(info).Next(), Catch::Contains("--in-space"));
}

TEST_CASE("drop frame survives the packed form", "[media]") {
  const TempDir folder;
  Ffmpeg("-f lavfi -i testsrc2=size=40x24:rate=25:duration=0.04 -pix_fmt gbrp10le '" + (folder / "f.dpx") + "'");
  const std::string file = ReadFile(folder / "f.dpx");
  const Rational rate{30000, 1001};
  for (const char* text : {"01:00:00;02", "23:59:59;29", "00:00:00:00", "12:34:56:07"}) {
    const std::vector<uint8_t> whole = WithWholeDpxHeader(BytesOf(file), {}, rate, Timecode::Parse(text, rate));
    const DpxFacts facts = ParseDpxHeader(whole);
    CHECK(facts.timecode == text);
    CHECK(facts.rate == rate);
  }
  CHECK(ParseDpxHeader(WithWholeDpxHeader(BytesOf(file), {}, rate, std::nullopt)).timecode.empty());
}

TEST_CASE("a header of any bytes is read without harm", "[media]") {
  std::mt19937 rng(4);
  std::vector<uint8_t> bytes(2048);
  for (int round = 0; round < 2000; ++round) {
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(rng());
    if (round % 2 == 0) std::copy_n("SDPX", 4, bytes.begin());
    const DpxFacts facts = ParseDpxHeader(std::span(bytes).first(rng() % 2049));
    CHECK((facts.timecode.empty() || facts.timecode.size() == 11));
    CHECK((!facts.rate || facts.rate->ToDouble() >= 1));
  }
}

}  // namespace shotfix::media
