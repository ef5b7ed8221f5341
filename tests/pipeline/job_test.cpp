// SPDX-License-Identifier: Apache-2.0
#include "shotfix/pipeline/job.h"

#include <fstream>
#include <sstream>
#include "support/test.h"

#include "shotfix/core/atomic_file.h"
#include "shotfix/core/error.h"
#include "shotfix/media/decoder.h"
#include "support/small_project.h"

namespace shotfix::pipeline {
namespace {

using testing::FrameHashes;
using testing::ShellResult;
using testing::SmallProject;

std::string Lines(const std::string& text, size_t begin, size_t end) {
  std::istringstream stream(text);
  std::string result;
  std::string line;
  for (size_t k = 0; std::getline(stream, line); ++k) {
    if (k >= begin && k < end) result += line + "\n";
  }
  return result;
}

}  // namespace

TEST_CASE("a shot rendered in pieces is the whole shot, bit for bit", "[pipeline]") {
  const SmallProject small;
  const std::string plate = " --plate '" + small.File("plate.png") + "' ";
  REQUIRE(small.Run("background take" + plate + "-o '" + small.File("whole.mkv") + "'").exit_code == 0);
  const std::string whole = FrameHashes(small.File("whole.mkv"));
  for (const int cut : {1, 5, 8, 15}) {
    INFO("cut at " << cut);
    const std::string at = std::to_string(cut);
    REQUIRE(small.Run("background take" + plate + "--overwrite --frames :" + at + " -o '" + small.File("a.mkv") + "'")
                .exit_code == 0);
    REQUIRE(small.Run("background take" + plate + "--overwrite --frames " + at + ": -o '" + small.File("b.mkv") + "'")
                .exit_code == 0);
    CHECK(FrameHashes(small.File("a.mkv")) == Lines(whole, 0, static_cast<size_t>(cut)));
    CHECK(FrameHashes(small.File("b.mkv")) == Lines(whole, static_cast<size_t>(cut), 16));
  }
}

TEST_CASE("outside the edit nothing changes, and verify can tell", "[pipeline]") {
  const SmallProject small;
  const std::string out = small.File("o.mkv");
  REQUIRE(small.Run("background take --plate '" + small.File("plate.png") + "' -o '" + out + "'").exit_code == 0);
  const std::string verify =
      "verify '" + out + "' --source '" + small.File("take.mkv") + "' --max-outside-error 0 --json";
  const ShellResult good = small.Run(verify);
  INFO(good.output);
  CHECK(good.exit_code == 0);
  const auto json = nlohmann::json::parse(good.output.substr(good.output.rfind("\n{", good.output.size() - 2) + 1));
  CHECK(json["outside_max_error"] == 0.0);
  CHECK(json["altered_share"].get<double>() > 0.3);
  CHECK(json["altered_share"].get<double>() < 0.99);
  // The same file with every sample one code brighter must fail.
  testing::Ffmpeg("-i '" + out + "' -vf lutyuv=y=val+1 -c:v ffv1 -pix_fmt yuv422p10le '" + small.File("bent.mkv") +
                  "'");
  std::filesystem::copy_file(out + ".shotfix.json", small.File("bent.mkv.shotfix.json"));
  const ShellResult bad = small.Run("verify '" + small.File("bent.mkv") + "' --source '" + small.File("take.mkv") +
                                    "' --max-outside-error 0");
  INFO(bad.output);
  CHECK(bad.exit_code == 1);
  CHECK(bad.output.find("MISSED") != std::string::npos);
}

TEST_CASE("every kind of output opens and keeps the frames", "[pipeline]") {
  const SmallProject small;
  const std::string base = "background take --plate '" + small.File("plate.png") + "' --overwrite -o '";
  for (const char* name : {"o.mov", "o.mp4", "o.%04d.exr", "o.%04d.png", "o.%04d.dpx", "o.%04d.tif"}) {
    INFO(name);
    const ShellResult result = small.Run(base + small.File(name) + "'");
    INFO(result.output);
    REQUIRE(result.exit_code == 0);
    media::ProbeOptions options;
    options.in_space = image::ParseColourSpace("srgb");
    CHECK(media::Probe(small.File(name), options).frame_count() == 16);
    CHECK(std::filesystem::exists(small.File(name) + ".shotfix.json"));
  }
}

TEST_CASE("matte only leaves the picture alone and carries the matte", "[pipeline]") {
  const SmallProject small;
  for (const char* name : {"m.mov", "m.%04d.exr", "m.%04d.png"}) {
    INFO(name);
    const ShellResult result = small.Run("background take --matte-only -o '" + small.File(name) + "'");
    INFO(result.output);
    REQUIRE(result.exit_code == 0);
    media::ProbeOptions options;
    options.in_space = image::ParseColourSpace("srgb");
    media::Decoder decoder(media::Probe(small.File(name), options));
    const auto frame = decoder.Next();
    REQUIRE(frame.has_value());
    REQUIRE(frame->alpha.defined());
    CHECK((frame->alpha - small.shot().mattes[0]).abs().mean().item<double>() < 0.06);
  }
}

TEST_CASE("a recipe runs its passes in one go and equals the command line", "[pipeline]") {
  const SmallProject small;
  std::ofstream(small.File("r.toml")) << "clip = \"take\"\noutput = \"" << small.File("r.mkv")
                                      << "\"\n[[pass]]\ntype = \"background\"\nplate = \"" << small.File("plate.png")
                                      << "\"\nlight_wrap = 0.2\n";
  const ShellResult ran = small.Run("run '" + small.File("r.toml") + "'");
  INFO(ran.output);
  REQUIRE(ran.exit_code == 0);
  REQUIRE(small
              .Run("background take --plate '" + small.File("plate.png") + "' --light-wrap 0.2 -o '" +
                   small.File("c.mkv") + "'")
              .exit_code == 0);
  CHECK(FrameHashes(small.File("r.mkv")) == FrameHashes(small.File("c.mkv")));
  std::ofstream(small.File("two.toml")) << "clip = \"take\"\noutput = \"" << small.File("two.mkv")
                                        << "\"\n[[pass]]\ntype = \"background\"\nplate = \"" << small.File("plate.png")
                                        << "\"\n[[pass]]\ntype = \"background\"\nplate = \"" << small.File("plate.png")
                                        << "\"\nplate_gain = 1.0\n";
  REQUIRE(small.Run("run '" + small.File("two.toml") + "'").exit_code == 0);
  CHECK(FrameHashes(small.File("two.mkv")) != FrameHashes(small.File("c.mkv")));
}

TEST_CASE("a plate's light on the actor needs consent for relight", "[pipeline]") {
  const SmallProject small;  // training and background are agreed to
  const std::string plate =
      "background take --plate '" + small.File("plate.png") + "' --dry-run -o '" + small.File("l.mkv") + "'";
  CHECK(small.Run(plate).exit_code == 0);
  const ShellResult refused = small.Run(plate + " --light-from-plate --light-from 0,0");
  CHECK(refused.exit_code == 77);
  CHECK(refused.output.find("relight") != std::string::npos);
  CHECK(small.Run(plate + " --light-from-plate --light-from nowhere").exit_code == 64);
}

TEST_CASE("wrong recipes name the key", "[pipeline]") {
  const testing::TempDir folder;
  for (const auto& [text, words] : {std::pair{"clp = \"x\"\n", "clp"},
                                    {"[[pass]]\ntype = \"sky\"\n", "sky"},
                                    {"[[pass]]\ntype = \"background\"\ndespil = 1\n", "despil"},
                                    {"crf = \"high\"\n", "crf"},
                                    {"clip = \n", "line 1"},
                                    {"[pass]\ntype = \"background\"\n", "[[pass]]"}}) {
    std::ofstream(folder / "r.toml") << text;
    CHECK_THROWS_WITH(ReadJob(folder / "r.toml"), Catch::Contains(words));
  }
}

TEST_CASE("a plate shorter than the shot holds, loops or is an error", "[pipeline]") {
  const SmallProject small;
  const testing::SyntheticShot plate = testing::MakeShot({.frames = 5, .pan_px = 6, .seed = 40});
  testing::WriteClip(plate.walls, small.File("short.mkv"), "-c:v ffv1 -pix_fmt yuv444p10le");
  const std::string base = "background take --plate '" + small.File("short.mkv") +
                           "' --no-match-grain --overwrite -o '" + small.File("o.mkv") + "' --plate-end ";
  CHECK(small.Run(base + "hold").exit_code == 0);
  const std::string held = FrameHashes(small.File("o.mkv"));
  CHECK(small.Run(base + "loop").exit_code == 0);
  const std::string looped = FrameHashes(small.File("o.mkv"));
  CHECK(Lines(held, 0, 5) == Lines(looped, 0, 5));
  CHECK(Lines(held, 5, 16) != Lines(looped, 5, 16));
  const ShellResult refused = small.Run(base + "error");
  CHECK(refused.exit_code == 65);
  CHECK(refused.output.find("--plate-end hold or loop") != std::string::npos);
}

}  // namespace shotfix::pipeline
