// SPDX-License-Identifier: Apache-2.0
// What identifies a clip survives: rate, timecode, sound, tags, aspect, rotation, variable rate.
#include "support/test.h"

#include "shotfix/media/decoder.h"
#include "shotfix/media/encoder.h"
#include "support/shell.h"
#include "support/temp_dir.h"

namespace shotfix::media {
namespace {

using testing::Ffmpeg;
using testing::Shell;
using testing::TempDir;

void Copy(const std::string& from, const std::string& to, FrameRange frames = {0, 0}) {
  const ClipInfo info = Probe(from);
  EncodeSettings settings;
  settings.layout = info.layout;
  settings.space = info.space;
  settings.frames = frames.size() > 0 ? frames : info.frames;
  Encoder encoder(to, settings, info);
  Decoder decoder(info);
  decoder.Seek(settings.frames.begin);
  for (int64_t k = 0; k < settings.frames.size(); ++k) {
    const auto frame = decoder.NextSamples();
    encoder.Write(*frame->source, frame->index);
  }
  encoder.Finish();
}

std::string Show(const std::string& path, const std::string& entries, const std::string& stream = "v:0") {
  return Shell("ffprobe -v error -select_streams " + stream + " -show_entries stream=" + entries + " -of csv=p=0 '" +
               path + "'")
      .output;
}

std::string SoundHash(const std::string& path) {
  return Shell("ffmpeg -v error -i '" + path + "' -map 0:a -c copy -f streamhash -").output;
}

constexpr const char* kTags = " -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv ";

}  // namespace

TEST_CASE("24000/1001 stays exact, timecode and sound are kept bit for bit", "[media]") {
  const TempDir folder;
  const std::string source = folder / "s.mov";
  Ffmpeg(std::string("-f lavfi -i testsrc2=size=128x72:rate=24000/1001:duration=2 -f lavfi -i "
                     "sine=frequency=440:sample_rate=48000:duration=2 ") +
         "-c:v prores_ks -pix_fmt yuv422p10le" + kTags + "-c:a pcm_s24le -timecode 01:02:03:04 '" + source + "'");
  Copy(source, folder / "o.mov");
  CHECK(Show(folder / "o.mov", "r_frame_rate") == "24000/1001\n");
  CHECK(Probe(folder / "o.mov").timecode == "01:02:03:04");
  CHECK(SoundHash(folder / "o.mov") == SoundHash(source));
  CHECK(SoundHash(source).find("SHA256") != std::string::npos);
  Copy(source, folder / "part.mov", {10, 20});
  CHECK(Probe(folder / "part.mov").timecode == "01:02:03:14");
  CHECK(Probe(folder / "part.mov").frame_count() == 10);
  const double sound_s =
      std::stod(Shell("ffprobe -v error -select_streams a -show_entries stream=duration -of csv=p=0 '" +
                      (folder / "part.mov") + "'")
                    .output);
  CHECK(sound_s == Approx(10 * 1001.0 / 24000).margin(0.06));
}

TEST_CASE("compressed sound is copied too", "[media]") {
  const TempDir folder;
  const std::string source = folder / "s.mp4";
  Ffmpeg(std::string("-f lavfi -i testsrc2=size=128x72:rate=25:duration=2 -f lavfi -i sine=duration=2 -c:v libx264 "
                     "-pix_fmt yuv420p") +
         kTags + "-c:a aac '" + source + "'");
  for (const char* name : {"o.mkv", "o.mov", "o.mp4"}) {
    INFO(name);
    Copy(source, folder / name);
    CHECK(SoundHash(folder / name) == SoundHash(source));
  }
}

TEST_CASE("colour tags, sample aspect and rotation go along", "[media]") {
  const TempDir folder;
  const std::string source = folder / "s.mov";
  Ffmpeg(
      "-f lavfi -i testsrc2=size=128x72:rate=25:duration=0.4 -vf setsar=4/3,"
      "setparams=colorspace=bt2020nc:color_primaries=bt2020:color_trc=smpte2084:range=tv "
      "-c:v prores_ks -pix_fmt yuv422p10le '" +
      (folder / "flat.mov") + "'");
  Ffmpeg("-i '" + (folder / "flat.mov") + "' -c copy -metadata:s:v:0 rotate=90 '" + source + "'");
  Copy(source, folder / "o.mov");
  const ClipInfo in = Probe(source);
  const ClipInfo out = Probe(folder / "o.mov");
  CHECK(out.space == in.space);
  CHECK(out.space.transfer == image::Transfer::kPq);
  CHECK(out.sample_aspect == Rational{4, 3});
  CHECK(std::fabs(in.rotation_deg) == Approx(90));
  CHECK(out.rotation_deg == Approx(in.rotation_deg));
  CHECK(Show(folder / "o.mov", "color_space,color_transfer,color_primaries") ==
        Show(source, "color_space,color_transfer,color_primaries"));
}

TEST_CASE("variable frame rate keeps each frame's time", "[media]") {
  const TempDir folder;
  const std::string source = folder / "s.mkv";
  Ffmpeg(std::string("-f lavfi -i testsrc2=size=96x64:rate=30:duration=2 -vf select='not(mod(n\\,3))+not(mod(n\\,5))' "
                     "-fps_mode vfr -c:v ffv1") +
         kTags + "'" + source + "'");
  const ClipInfo in = Probe(source);
  CHECK(in.variable_rate);
  Copy(source, folder / "o.mkv");
  const ClipInfo out = Probe(folder / "o.mkv");
  REQUIRE(out.frame_count() == in.frame_count());
  for (size_t k = 0; k < in.pts.size(); ++k) CHECK(out.pts[k] - out.pts[0] == in.pts[k] - in.pts[0]);
}

TEST_CASE("a container that cannot hold the sound says what to do", "[media]") {
  const TempDir folder;
  Ffmpeg(std::string("-f lavfi -i testsrc2=size=96x64:rate=25:duration=0.2 -f lavfi -i sine=duration=0.2 -c:v libx264 "
                     "-pix_fmt yuv420p") +
         kTags + "-c:a pcm_s16le '" + (folder / "s.mov") + "'");
  CHECK_THROWS_WITH(Copy(folder / "s.mov", folder / "o.mp4"), Catch::Contains("--no-sound"));
}

}  // namespace shotfix::media
