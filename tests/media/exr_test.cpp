// SPDX-License-Identifier: Apache-2.0
// EXR made by oiiotool, read and written here, and judged by oiiotool.
#include <fstream>
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

using testing::CopyClip;
using testing::Ffmpeg;
using testing::Shell;
using testing::TempDir;

// Runs oiiotool in `folder`; fails the test when it does not succeed.
std::string Oiio(const TempDir& folder, const std::string& arguments) {
  const testing::ShellResult result = Shell("cd '" + folder.path().string() + "' && oiiotool " + arguments);
  INFO(result.output);
  REQUIRE(result.exit_code == 0);
  return result.output;
}

EncodeSettings SettingsLike(const ClipInfo& info) {
  EncodeSettings settings;
  settings.layout = info.layout;
  settings.space = info.space;
  settings.frames = info.frames;
  return settings;
}

// "pictureN" as three 40x24 frames from 1001 on.
void Pictures(const TempDir& folder, const std::string& more) {
  Ffmpeg("-f lavfi -i testsrc2=size=40x24:rate=24:duration=0.125 -pix_fmt rgb48be -start_number 1001 '" +
         (folder / "p.%04d.png") + "'");
  for (const char* number : {"1001", "1002", "1003"})
    Oiio(folder, std::string("p.") + number + ".png " + more + " -o in." + number + ".exr");
}

// One picture "p.png" to make EXR files of.
void Picture(const TempDir& folder, const std::string& pattern = "testsrc2") {
  Ffmpeg("-f lavfi -i " + pattern + (pattern.find('=') == std::string::npos ? "=" : ":") +
         "size=40x24:rate=24:duration=0.04 -pix_fmt rgb48be '" + (folder / "p.png") + "'");
}

}  // namespace

TEST_CASE("half stays half, float stays float, and the header tells what is needed", "[media]") {
  for (const auto& [depth, bits] : {std::pair{"half", 16}, {"float", 32}}) {
    INFO(depth);
    const TempDir folder;
    Pictures(folder, std::string("-d ") + depth +
                         " --attrib:type=timecode smpte:TimeCode 01:02:03:04 --attrib:type=rational framesPerSecond "
                         "24000/1001 --attrib reelName A007 --attrib owner 'the lab'");
    const ClipInfo info = Probe(folder / "in.%04d.exr");
    CHECK(info.layout.bit_depth == bits);
    CHECK(info.frames == FrameRange{1001, 1004});
    CHECK(info.rate == Rational{24000, 1001});
    CHECK(info.timecode == "01:02:03:04");
    CHECK(info.space.transfer == image::Transfer::kLinear);
    CopyClip(info, folder / "out.%04d.exr");
    CHECK(Oiio(folder, "in.1002.exr out.1002.exr --fail 0 --hardfail 0 --diff").find("PASS") != std::string::npos);
    const std::string header = Oiio(folder, "--info -v out.1003.exr");
    INFO(header);
    CHECK(header.find(std::string("3 channel, ") + depth) != std::string::npos);
    CHECK(header.find("smpte:TimeCode: 01:02:03:04") != std::string::npos);  // of its own source frame
    CHECK(header.find("24000/1001") != std::string::npos);
    CHECK(header.find("A007") != std::string::npos);
    CHECK(header.find("the lab") != std::string::npos);
  }
}

TEST_CASE("a video's timecode counts up in the EXR frames made from it", "[media]") {
  const TempDir folder;
  Ffmpeg(
      "-f lavfi -i testsrc2=size=40x24:rate=30000/1001:duration=0.1 -vf "
      "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv -c:v prores_ks -pix_fmt yuv422p10le "
      "-timecode '00:00:59;29' '" +
      (folder / "s.mov") + "'");
  const ClipInfo info = Probe(folder / "s.mov");
  EncodeSettings settings = SettingsLike(info);
  settings.layout = {.width = 40, .height = 24, .bit_depth = 16, .is_float = true, .is_rgb = true};
  settings.space.transfer = image::Transfer::kLinear;
  Encoder encoder(folder / "o.%04d.exr", settings, info);
  for (int64_t k = 0; k < 3; ++k) encoder.Write(image::PixelPlanes::Allocate(settings.layout), k);
  encoder.Finish();
  // Drop frame: :00 and :01 of minute one do not exist.
  CHECK(Oiio(folder, "--info -v o.0001.exr").find("smpte:TimeCode: 00:01:00:02") != std::string::npos);
  CHECK(Probe(folder / "o.0001.exr").timecode == "00:01:00;02");
}

TEST_CASE("other parts and other channels of the source go along", "[media]") {
  const TempDir folder;
  Picture(folder);
  Oiio(folder,
       "p.png p.png --ch Z=G --chappend p.png --ch N.x=R,N.y=B --siappend -d half -d Z=float -d N.x=float -o in.exr");
  const ClipInfo info = Probe(folder / "in.exr");
  CHECK(info.layout.ToString() == "40x24 rgb half");
  CopyClip(info, folder / "out.exr");
  const std::string before = Oiio(folder, "--hash --info -v -a in.exr");
  const std::string after = Oiio(folder, "--hash --info -v -a out.exr");
  INFO(after);
  for (const char* words : {"4 channel, half/half/half/float", "B (half), Z (float)", "N.x (float), N.y (half)"})
    CHECK(after.find(words) != std::string::npos);
  const auto hashes = [](const std::string& text) {
    std::string found;
    for (size_t at = text.find("SHA-1"); at != std::string::npos; at = text.find("SHA-1", at + 1))
      found += text.substr(at, 48) + "\n";
    return found;
  };
  CHECK(hashes(before).size() == 98);
  CHECK(hashes(before) == hashes(after));
}

TEST_CASE("data windows beside and beyond the picture are read into it", "[media]") {
  const TempDir folder;
  Picture(folder, "color=red");
  Oiio(folder, "p.png -d half --crop 10x8+4+6 -o crop.exr");
  const ClipInfo crop = Probe(folder / "crop.exr");
  CHECK((crop.layout.width == 40 && crop.layout.height == 24));
  const image::PixelPlanes small = *Decoder(crop).NextSamples()->source;
  CHECK(small.planes[0].values[6 * 40 + 4] > 0.9F);
  CHECK(small.planes[0].values[0] == 0.0F);
  CHECK(small.planes[0].values[6 * 40 + 14] == 0.0F);
  Oiio(folder, "p.png -d half --origin -8-4 --fullsize 16x12+0+0 -o over.exr");
  const ClipInfo over = Probe(folder / "over.exr");
  CHECK((over.layout.width == 16 && over.layout.height == 12));
  CHECK(Decoder(over).NextSamples()->source->planes[0].values[0] > 0.9F);
}

TEST_CASE("chromaticities say the primaries, and unknown ones ask", "[media]") {
  const TempDir folder;
  Picture(folder);
  Oiio(folder,
       "p.png -d half --attrib:type=float[8] chromaticities 0.713,0.293,0.165,0.83,0.128,0.044,0.32168,0.33767 "
       "-o cg.exr");
  const ClipInfo info = Probe(folder / "cg.exr");
  CHECK(info.space.primaries == image::Primaries::kAcesAp1);
  CopyClip(info, folder / "out.exr");
  CHECK(Probe(folder / "out.exr").space.primaries == image::Primaries::kAcesAp1);
  ProbeOptions options;
  options.in_space = image::ParseColourSpace("acescg");
  Oiio(folder, "p.png -d half -o plain.exr");
  CHECK(Probe(folder / "plain.exr", options).space.primaries == image::Primaries::kAcesAp1);
  // A camera's own triangle that nobody here has a name for: no guess, and what it says goes along.
  Oiio(folder,
       "p.png -d half --attrib:type=float[8] chromaticities 0.7,0.25,0.2,0.8,0.1,0.05,0.3127,0.329 -o strange.exr");
  const ClipInfo strange = Probe(folder / "strange.exr");
  CHECK_THROWS_WITH(Decoder(strange).Next(), Catch::Contains("--in-space"));
  const ClipInfo named = Probe(folder / "strange.exr", options);
  CHECK(Decoder(named).Next().has_value());
  CopyClip(named, folder / "kept.exr");
  CHECK(Oiio(folder, "--info -v kept.exr").find("chromaticities: 0.7, 0.25, 0.2, 0.8") != std::string::npos);
}

TEST_CASE("tiled parts are read, but do not go along", "[media]") {
  const TempDir folder;
  Picture(folder);
  Oiio(folder, "p.png -d half -o line.exr p.png -d half --tile 16 16 -o tile.exr");
  const ClipInfo tiled = Probe(folder / "tile.exr");
  CHECK(*Decoder(tiled).NextSamples()->source == *Decoder(Probe(folder / "line.exr")).NextSamples()->source);
  Oiio(folder, "line.exr tile.exr --siappend -o both.exr");
  CopyClip(Probe(folder / "both.exr"), folder / "out.exr");
  const std::string parts = Oiio(folder, "--info -a out.exr");
  INFO(parts);
  CHECK(Oiio(folder, "line.exr out.exr --fail 0 --hardfail 0 --diff").find("PASS") != std::string::npos);
}

TEST_CASE("more frames a second than the packed timecode counts leave it out", "[media]") {
  const TempDir folder;
  Ffmpeg(
      "-f lavfi -i testsrc2=size=40x24:rate=48:duration=0.1 -vf "
      "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv -c:v ffv1 -pix_fmt gbrp10le "
      "-timecode 01:00:00:40 '" +
      (folder / "s.mkv") + "'");
  const ClipInfo info = Probe(folder / "s.mkv");
  REQUIRE(info.timecode == "01:00:00:40");
  CopyClip(info, folder / "o.%04d.dpx");
  CHECK(Probe(folder / "o.%04d.dpx").timecode.empty());
}

TEST_CASE("a held picture takes nothing from the file that does not decode", "[media]") {
  const TempDir folder;
  Pictures(folder, "-d half");
  std::ofstream(folder / "in.1002.exr") << "not a picture";
  ProbeOptions options;
  options.on_bad_frame = OnBadFrame::kHold;
  CopyClip(Probe(folder / "in.%04d.exr", options), folder / "out.%04d.exr");
  CHECK(Oiio(folder, "in.1001.exr out.1002.exr --fail 0 --hardfail 0 --diff").find("PASS") != std::string::npos);
  CHECK(Oiio(folder, "in.1003.exr out.1003.exr --fail 0 --hardfail 0 --diff").find("PASS") != std::string::npos);
}

TEST_CASE("layers are parts of their own, with what they mean", "[media]") {
  const TempDir folder;
  Pictures(folder, "-d half");
  const ClipInfo info = Probe(folder / "in.%04d.exr");
  PictureLayer layer{
      "background.stmap", {"R", "G"}, "places", at::arange(2 * 24 * 40, at::kFloat).view({2, 24, 40}), false};
  CopyClip(info, folder / "out.%04d.exr",
           {.codec = Codec::kByFileName, .frames = {}, .extras = [&](const image::Frame&) {
              return FrameExtras{{}, {layer}};
            }});
  const std::string header = Oiio(folder, "--info -v -a out.1002.exr");
  INFO(header);
  CHECK(header.find("shotfix.background.stmap") != std::string::npos);
  CHECK(header.find("shotfix:meaning: \"places\"") != std::string::npos);
  CHECK(Oiio(folder, "out.1002.exr --subimage 1 --printstats").find("1919") != std::string::npos);
}

TEST_CASE("damaged and foreign EXR files are told, with the file", "[media]") {
  const TempDir folder;
  Pictures(folder, "-d half --ch R,G,B");
  const std::string whole = ReadFile(folder / "in.1001.exr");
  for (const double share : {0.2, 0.6, 0.95}) {
    std::ofstream(folder / "cut.exr", std::ios::binary)
        << whole.substr(0, static_cast<size_t>(share * static_cast<double>(whole.size())));
    CHECK_THROWS_WITH(Decoder(Probe(folder / "cut.exr")).NextSamples(), Catch::Contains("cut.exr"));
  }
  std::ofstream(folder / "text.exr") << "this is a letter";
  CHECK_THROWS_WITH(Probe(folder / "text.exr"), Catch::Contains("text.exr"));
  Oiio(folder, "p.1001.png --ch U=R,V=G -o uv.exr");
  CHECK_THROWS_WITH(Probe(folder / "uv.exr"), Catch::Contains("U, V"));
}

}  // namespace shotfix::media
