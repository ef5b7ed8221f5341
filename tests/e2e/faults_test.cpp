// SPDX-License-Identifier: Apache-2.0
// What a user can do wrong, and what a machine can do to a user.
#include <fstream>
#include "support/test.h"

#include "shotfix/media/clip_info.h"
#include "shotfix/media/still.h"
#include "support/small_project.h"

namespace shotfix {
namespace {

using testing::Shell;
using testing::ShellResult;
using testing::SmallProject;

int FilesBeside(const SmallProject& small, const std::string& pattern) {
  return std::stoi(Shell("find '" + small.File("") + "' -maxdepth 1 -name '" + pattern + "' | wc -l").output);
}

std::string Background(const SmallProject& small, const std::string& out, const std::string& more = "") {
  return "background take --plate '" + small.File("plate.png") + "' -o '" + out + "' " + more;
}

}  // namespace

TEST_CASE("outputs: a missing folder, an existing file, a wrong ending", "[e2e]") {
  const SmallProject small;
  const ShellResult folder = small.Run(Background(small, small.File("no/where/o.mkv")));
  CHECK(folder.exit_code == 73);
  CHECK(folder.output.find("create it first") != std::string::npos);
  std::ofstream(small.File("there.mkv")) << "precious";
  const ShellResult exists = small.Run(Background(small, small.File("there.mkv")));
  CHECK(exists.exit_code == 73);
  CHECK(exists.output.find("--overwrite") != std::string::npos);
  CHECK(Shell("cat '" + small.File("there.mkv") + "'").output == "precious");
  CHECK(small.Run(Background(small, small.File("o.xyz"))).exit_code == 64);
  CHECK(small.Run(Background(small, small.File("o.mkv"), "--codec prores")).exit_code == 64);
  CHECK(small.Run(Background(small, small.File("take.mkv"), "--overwrite")).exit_code == 73);
}

TEST_CASE("hints: another size, a frame outside, no matte", "[e2e]") {
  const SmallProject small;
  media::WriteMattePng(small.File("small.png"), at::ones({1, 40, 40}));
  const ShellResult size = small.Run("hint take --frame 3 --matte '" + small.File("small.png") + "'");
  CHECK(size.exit_code == 65);
  CHECK(size.output.find("40x40") != std::string::npos);
  media::WriteMattePng(small.File("right.png"), small.shot().mattes[0]);
  const ShellResult range = small.Run("hint take --frame 16 --matte '" + small.File("right.png") + "'");
  CHECK(range.exit_code == 64);
  CHECK(range.output.find("0:16") != std::string::npos);
  CHECK(small.Run("hint take --frame 3").exit_code == 64);
  CHECK(small.Run("hint nobody --frame 3 --matte '" + small.File("right.png") + "'").exit_code == 66);
}

TEST_CASE("consent is asked before anything is read or written", "[e2e]") {
  const SmallProject small;
  REQUIRE(small.Run("ingest --person Ben '" + small.File("take.mkv") + "'").exit_code == 0);
  const ShellResult train = small.Run("train --recipe '" + small.File("tiny.toml") + "'");
  CHECK(train.exit_code == 77);
  CHECK(train.output.find("shotfix consent add --person \"Ben\"") != std::string::npos);
  CHECK(small.Run(Background(small, small.File("o.mkv"))).exit_code == 77);
  CHECK(FilesBeside(small, "*o.mkv*") == 0);
}

TEST_CASE("a disk that fills leaves nothing under the final name", "[e2e]") {
  const SmallProject small;
  // A limit on file size is what an ordinary user can set; to the writer it is a full disk.
  const std::string command =
      std::string(SHOTFIX_BINARY) + " --project '" + small.project() + "' " + Background(small, small.File("o.mkv"));
  // The analysis is stored first, so that only the deliverable meets the limit.
  REQUIRE(small.Run(Background(small, small.File("first.mkv"))).exit_code == 0);
  const ShellResult result = Shell("trap '' XFSZ; ulimit -f 40; " + command);
  INFO(result.output);
  CHECK(result.exit_code == 74);
  CHECK(FilesBeside(small, "*o.mkv*") == 0);
  CHECK(small.Run(Background(small, small.File("o.mkv"))).exit_code == 0);
}

TEST_CASE("Ctrl-C stops cleanly, kill -9 leaves no output, and the same command then works", "[e2e]") {
  const SmallProject small({.height = 240, .width = 320, .frames = 40, .speed_px = 3});
  const std::string command =
      std::string(SHOTFIX_BINARY) + " --project '" + small.project() + "' " + Background(small, small.File("o.mkv"));
  const ShellResult stopped = Shell(command + " & pid=$!; sleep 1.2; kill -INT $pid; wait $pid; echo code $?");
  INFO(stopped.output);
  CHECK(stopped.output.find("code 130") != std::string::npos);
  CHECK(FilesBeside(small, "o.mkv*") == 0);
  CHECK(FilesBeside(small, ".o.*part*") == 0);
  for (const char* delay : {"0.3", "0.9", "1.5"}) {
    Shell(command + " & pid=$!; sleep " + std::string(delay) + "; kill -9 $pid; wait $pid");
    CHECK(FilesBeside(small, "o.mkv") == 0);
  }
  const ShellResult again = small.Run(Background(small, small.File("o.mkv")));
  INFO(again.output);
  CHECK(again.exit_code == 0);
  CHECK(media::Probe(small.File("o.mkv")).frame_count() == 40);
  CHECK(FilesBeside(small, ".o.*part*") == 0);
}

TEST_CASE("training that is stopped keeps its best and goes on", "[e2e]") {
  const SmallProject small;
  std::ofstream(small.File("long.toml")) << "[matte]\nbase_channels = 8\nlevels = 3\nlong_side_px = 128\nsteps = "
                                            "4000\nbatch = 4\ncrop_px = 64\nheld_out_every = 10\npatience = 1000\n";
  const std::string command = std::string(SHOTFIX_BINARY) + " --project '" + small.project() + "' train --recipe '" +
                              small.File("long.toml") + "'";
  const ShellResult stopped = Shell(command + " & pid=$!; sleep 6; kill -INT $pid; wait $pid; echo code $?");
  INFO(stopped.output);
  CHECK(stopped.output.find("code 130") != std::string::npos);
  CHECK(stopped.output.find("--resume") != std::string::npos);
  const ShellResult resumed = Shell(command + " --resume & pid=$!; sleep 4; kill -INT $pid; wait $pid");
  CHECK(resumed.output.find("going on from step") != std::string::npos);
}

TEST_CASE("a clip that changed since ingest is not rendered as if it had not", "[e2e]") {
  const SmallProject small;
  testing::WriteClip({small.shot().pictures[0]}, small.File("take.mkv"), "-c:v ffv1 -pix_fmt yuv422p10le");
  const ShellResult result = small.Run(Background(small, small.File("o.mkv")));
  CHECK(result.exit_code == 65);
  CHECK(result.output.find("ingest it again") != std::string::npos);
}

}  // namespace shotfix
