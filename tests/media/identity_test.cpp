// SPDX-License-Identifier: Apache-2.0
// What identifies a clip survives: rate, timecode, sound, tags, aspect, rotation, variable rate.
#include <fstream>
#include <sstream>
#include "support/test.h"

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

void Copy(const std::string& from, const std::string& to, FrameRange frames = {0, 0},
          Codec codec = Codec::kByFileName) {
  testing::CopyClip(Probe(from), to, {.codec = codec, .frames = frames, .extras = {}});
}

std::string Show(const std::string& path, const std::string& entries, const std::string& stream = "v:0") {
  return Shell("ffprobe -v error -select_streams " + stream + " -show_entries stream=" + entries + " -of csv=p=0 '" +
               path + "'")
      .output;
}

std::string SoundHash(const std::string& path) {
  return Shell("ffmpeg -v error -i '" + path + "' -map 0:a -c copy -f streamhash -").output;
}

// Tags on the frames: what encoders look at.
constexpr const char* kParams = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv ";
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

TEST_CASE("drop-frame timecode, reel and file names go along, and a piece starts at its own time", "[media]") {
  const TempDir folder;
  const std::string source = folder / "s.mov";
  Ffmpeg(std::string("-f lavfi -i testsrc2=size=128x72:rate=30000/1001:duration=1 -vf ") + kParams +
         "-c:v prores_ks -pix_fmt yuv422p10le -timecode '00:09:59;20' -metadata:s:v reel_name=A001_C007 -metadata "
         "comment='scene 12' -metadata com.example.camera=C1 -movflags use_metadata_tags '" +
         source + "'");
  Copy(source, folder / "o.mov");
  Copy(source, folder / "part.mov", {15, 30});
  CHECK(Probe(folder / "o.mov").timecode == "00:09:59;20");
  CHECK(Probe(folder / "part.mov").timecode == "00:10:00;05");  // minute ten drops nothing
  for (const char* name : {"o.mov", "part.mov"}) {
    const ClipInfo info = Probe(folder / name);
    CHECK(info.stream_metadata.at("reel_name") == "A001_C007");
    CHECK(info.file_metadata.at("comment") == "scene 12");
    CHECK(info.file_metadata.at("com.example.camera") == "C1");
  }
}

TEST_CASE("ffprobe tells source and result apart only by what had to change", "[media]") {
  const TempDir folder;
  const std::string source = folder / "s.mov";
  Ffmpeg(std::string("-f lavfi -i testsrc2=size=128x72:rate=24000/1001:duration=1 -f lavfi -i sine=duration=1.001 -vf "
                     "setsar=4/3,") +
         kParams +
         "-c:v prores_ks -profile:v hq -vendor apl0 -pix_fmt yuv422p10le -c:a pcm_s24le -timecode 01:00:00:00 "
         "-metadata:s:v reel_name=B002 '" +
         source + "'");
  Copy(source, folder / "o.mov");
  const auto show = [](const std::string& path) {
    const std::string all = Shell("ffprobe -v error -show_streams -show_format -of flat '" + path + "'").output;
    std::istringstream lines(all);
    std::string kept;
    for (std::string line; std::getline(lines, line);) {
      bool free = false;
      for (const char* word : {"filename", "bit_rate", ".size=", "tags.encoder", "tags.minor_version"})
        free = free || line.find(word) != std::string::npos;
      if (!free) kept += line + "\n";
    }
    return kept;
  };
  CHECK(show(source).find("color_transfer") != std::string::npos);
  CHECK(show(folder / "o.mov") == show(source));
}

TEST_CASE("captions, subtitles, chapters and many channels of sound are carried packet by packet", "[media]") {
  const TempDir folder;
  std::ofstream(folder / "c.scc") << "Scenarist_SCC V1.0\n\n00:00:00:05\t9420 9420 9470 9470 c8e5 ecec ef80 942f "
                                     "942f\n\n00:00:00:20\t942c 942c\n";
  std::ofstream(folder / "s.srt") << "1\n00:00:00,200 --> 00:00:00,900\nHello\n";
  std::ofstream(folder / "m.txt") << ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=One\n";
  const std::string picture = std::string("-f lavfi -i testsrc2=size=128x72:rate=25:duration=1 ");
  const std::string sound =
      "-f lavfi -i aevalsrc='0.1*sin(440*t)|0|0|0|0|0|0|0.2*sin(220*t)':d=1 -f lavfi -i sine=d=1 ";
  Ffmpeg(picture + sound + "-i '" + (folder / "c.scc") + "' -map 0:v -map 1:a -map 2:a -map 3:s -vf " + kParams +
         "-c:v prores_ks -pix_fmt yuv422p10le -c:a pcm_s24le -c:s copy '" + (folder / "s.mov") + "'");
  Ffmpeg(picture + sound + "-i '" + (folder / "s.srt") + "' -i '" + (folder / "m.txt") +
         "' -map 0:v -map 1:a -map 2:a -map 3:s -map_metadata 4 -map_chapters 4 -vf " + kParams +
         "-c:v ffv1 -c:a flac -c:s copy '" + (folder / "s.mkv") + "'");
  for (const auto& [from, to] : {std::pair{"s.mov", "o.mov"}, {"s.mkv", "o.mkv"}}) {
    INFO(from);
    Copy(folder / from, folder / to);
    for (const char* stream : {"0:a:0", "0:a:1", "0:s:0"}) {
      INFO(stream);
      const auto hash = [&](const std::string& path) {
        return Shell("ffmpeg -v error -i '" + path + "' -map " + stream + " -c copy -f streamhash -").output;
      };
      CHECK(hash(folder / from).find("SHA256") != std::string::npos);
      CHECK(hash(folder / to) == hash(folder / from));
    }
    CHECK(Show(folder / to, "channels", "a:0") == "8\n");
  }
  CHECK(Shell("ffprobe -v error -show_chapters -of csv '" + (folder / "o.mkv") + "'").output.find("One") !=
        std::string::npos);
}

TEST_CASE("captions inside H.264 pictures stay in them", "[media]") {
  const TempDir folder;
  const std::string source = folder / "s.mkv";
  Ffmpeg(std::string("-f lavfi -i testsrc2=size=128x72:rate=25:duration=0.4 -vf ") + kParams +
         "-c:v libx264 -pix_fmt yuv420p '" + (folder / "plain.mkv") + "'");
  // No program here writes captions into pictures, so the decoded frames get them, and the encoder's file is read
  // again.
  const std::vector<uint8_t> captions = {0xFC, 0x94, 0x20, 0xFC, 0xC8, 0xE5};
  testing::CopyClip(Probe(folder / "plain.mkv"), source,
                    {.codec = Codec::kH264, .frames = {}, .extras = [&](const image::Frame&) {
                       return FrameExtras{captions, {}};
                     }});
  REQUIRE(Decoder(Probe(source)).NextSamples()->captions == captions);
  Copy(source, folder / "o.mp4");
  Decoder again(Probe(folder / "o.mp4"));
  int frames = 0;
  for (; const auto frame = again.NextSamples(); ++frames) CHECK(frame->captions == captions);
  CHECK(frames == 10);
}

TEST_CASE("mastering display and light level are in the result, in the container and in the stream", "[media]") {
  const TempDir folder;
  const std::string source = folder / "s.mp4";
  Ffmpeg(
      "-f lavfi -i testsrc2=size=128x72:rate=24:duration=0.25 -vf "
      "setparams=colorspace=bt2020nc:color_primaries=bt2020:color_trc=smpte2084:range=tv -c:v libx265 -pix_fmt "
      "yuv420p10le -x265-params 'log-level=none:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)"
      "L(10000000,50):max-cll=1000,400' '" +
      source + "'");
  const ClipInfo in = Probe(source);
  REQUIRE(in.facts.size() == 2);
  for (const auto& [name, codec] : {std::pair{"o.mp4", Codec::kHevc}, {"o.mkv", Codec::kFfv1}}) {
    INFO(name);
    Copy(source, folder / name, {0, 0}, codec);
    const std::string facts = Shell(
                                  "ffprobe -v error -show_entries stream_side_data -select_streams v -show_frames "
                                  "-read_intervals '%+#1' -of flat '" +
                                  (folder / name) + "'")
                                  .output;
    INFO(facts);
    for (const char* words : {"Mastering display metadata", "max_content=1000", "max_average=400"})
      CHECK(facts.find(words) != std::string::npos);
    CHECK(Probe(folder / name).facts.size() == 2);
  }
}

TEST_CASE("tags that nobody here can read go out as they came in", "[media]") {
  const TempDir folder;
  const std::string source = folder / "s.mkv";
  Ffmpeg(
      "-f lavfi -i testsrc2=size=128x72:rate=25:duration=0.2 -vf "
      "setparams=colorspace=smpte240m:color_primaries=film:color_trc=log100:range=tv -c:v libx264 "
      "-chroma_sample_location "
      "topleft -pix_fmt yuv420p '" +
      source + "'");
  Copy(source, folder / "o.mp4");
  const char* entries = "color_space,color_transfer,color_primaries,color_range,chroma_location";
  CHECK(Show(source, entries) == "tv,smpte240m,log100,film,topleft\n");
  CHECK(Show(folder / "o.mp4", entries) == Show(source, entries));
}

TEST_CASE("a camera log wins over a tag that cannot say it, and the tag goes out again", "[media]") {
  const TempDir folder;
  const std::string source = folder / "s.mov";
  Ffmpeg(std::string("-f lavfi -i testsrc2=size=128x72:rate=25:duration=0.2 -vf ") + kParams +
         "-c:v prores_ks -pix_fmt yuv422p10le '" + source + "'");
  ProbeOptions options;
  options.in_space = image::ParseColourSpace("logc4");
  const ClipInfo info = Probe(source, options);
  CHECK(info.space.transfer == image::Transfer::kLogC4);
  CHECK(info.space.primaries == image::Primaries::kArriWideGamut4);
  CHECK(info.space.matrix == image::Matrix::kBt709);
  options.in_space = image::ParseColourSpace("srgb");
  CHECK(Probe(source, options).space.transfer == image::Transfer::kBt709);
  testing::CopyClip(info, folder / "o.mov");
  CHECK(Show(folder / "o.mov", "color_transfer") == "bt709\n");
}

TEST_CASE("a container that cannot hold the sound says what to do", "[media]") {
  const TempDir folder;
  Ffmpeg(std::string("-f lavfi -i testsrc2=size=96x64:rate=25:duration=0.2 -f lavfi -i sine=duration=0.2 -c:v libx264 "
                     "-pix_fmt yuv420p") +
         kTags + "-c:a pcm_s16le '" + (folder / "s.mov") + "'");
  CHECK_THROWS_WITH(Copy(folder / "s.mov", folder / "o.mp4"), Catch::Contains("--no-sound"));
}

}  // namespace shotfix::media
