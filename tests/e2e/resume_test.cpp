// SPDX-License-Identifier: Apache-2.0
// A render that is killed, stopped, doubled, or loses its source under its hands.
#include <fstream>
#include <random>
#include "support/test.h"

#include "shotfix/core/hash.h"
#include "shotfix/media/decoder.h"
#include "support/small_project.h"

namespace shotfix {
namespace {

namespace fs = std::filesystem;
using testing::Ffmpeg;
using testing::Shell;
using testing::ShellResult;
using testing::Shotfix;
using testing::TempDir;

// A project with one clip and a recipe that changes nothing: all of the file path, none of the model.
class PlainProject {
 public:
  explicit PlainProject(const std::string& size = "320x180", int frames = 96) {
    Ffmpeg("-f lavfi -i testsrc2=size=" + size + ":rate=24:duration=" + std::to_string(frames / 24) +
           ",noise=alls=8:allf=t -f lavfi -i sine=duration=" + std::to_string(frames / 24) +
           " -vf setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv -c:v ffv1 -level 3 "
           "-slicecrc 1 -g 1 -pix_fmt yuv422p10le -c:a pcm_s16le '" +
           File("s.mkv") + "'");
    std::ofstream(File("id.toml")) << "clip = \"s\"\noutput = \"unset.mkv\"\n[[pass]]\ntype = \"identity\"\n";
    REQUIRE(Shotfix("init '" + File("p") + "'").exit_code == 0);
    REQUIRE(Run("ingest --no-locator '" + File("s.mkv") + "'").exit_code == 0);
  }
  std::string File(const std::string& name) const { return folder_ / name; }
  std::string Command(const std::string& out, const std::string& more = "") const {
    return std::string(SHOTFIX_BINARY) + " --project '" + File("p") + "' run '" + File("id.toml") + "' -o '" + out +
           "' " + more;
  }
  ShellResult Run(const std::string& arguments) const { return Shotfix("--project '" + File("p") + "' " + arguments); }
  int FilesBeside(const std::string& pattern) const {
    return std::stoi(Shell("find '" + File("") + "' -maxdepth 1 -name '" + pattern + "' | wc -l").output);
  }

 private:
  TempDir folder_;
};

}  // namespace

TEST_CASE("a render killed at any moment goes on and gives the bytes of one that was not", "[e2e]") {
  const PlainProject project;
  for (const char* name : {"o.mkv", "o.mov"}) {
    INFO(name);
    const std::string whole = project.File(std::string("whole-") + name);
    REQUIRE(Shell(project.Command(whole)).exit_code == 0);
    const std::string out = project.File(name);
    std::mt19937 rng(5);
    int resumed = 0;
    for (int round = 0; round < 6; ++round) {
      Shell("rm -f '" + out + "'*");
      // Later each time: on a busy machine the first kills come before the first frame.
      const double delay_s = 0.35 + 0.25 * round + static_cast<double>(rng() % 300) / 1000;
      Shell(project.Command(out) + " & pid=$!; sleep " + std::to_string(delay_s) + "; kill -9 $pid; wait $pid");
      const bool finished = fs::exists(out);
      const ShellResult again = Shell(project.Command(out, finished ? "--overwrite" : ""));
      INFO(again.output);
      REQUIRE(again.exit_code == 0);
      resumed += again.output.find("went on from") != std::string::npos ? 1 : 0;
      CHECK(HashFile(out) == HashFile(whole));
    }
    CHECK(resumed > 0);
  }
  CHECK(project.FilesBeside(".*part*") == 0);
  CHECK(Shell("ls '" + project.File("p.shotfix/work") + "' | grep -c journal").output == "0\n");
}

TEST_CASE("another command does not go on from this one's frames", "[e2e]") {
  const PlainProject project;
  const std::string out = project.File("o.mkv");
  Shell(project.Command(out) + " & pid=$!; sleep 0.9; kill -INT $pid; wait $pid");
  CHECK_FALSE(fs::exists(out));
  const ShellResult part = Shell(project.Command(out, "--frames 10:40"));
  INFO(part.output);
  CHECK(part.exit_code == 0);
  CHECK(part.output.find("went on from") == std::string::npos);
  const ShellResult none = Shell(project.Command(project.File("n.mkv"), "--no-resume"));
  CHECK(none.exit_code == 0);
}

TEST_CASE("a source that is replaced during the render is found out by its content", "[e2e]") {
  const PlainProject project("640x360");
  const std::string source = project.File("s.mkv");
  const std::string out = project.File("o.mkv");
  fs::copy_file(source, project.File("keep.mkv"));
  // The same size and the same time of change: only the content tells.
  const std::string swap = "cp '" + project.File("keep.mkv") + "' '" + project.File("new.mkv") +
                           "'; printf XX | dd of='" + project.File("new.mkv") +
                           "' bs=1 seek=400000 conv=notrunc status=none; touch -r '" + source + "' '" +
                           project.File("new.mkv") + "'; mv '" + project.File("new.mkv") + "' '" + source + "'";
  // Once the render has begun, however busy the machine is: its journal is there, and its decoder soon after.
  const std::string begun = "for k in $(seq 400); do ls '" + project.File("p") +
                            "'*/work/*.journal >/dev/null 2>&1 && break; sleep 0.05; done";
  const ShellResult result =
      Shell(project.Command(out) + " & pid=$!; " + begun + "; sleep 0.3; " + swap + "; wait $pid; echo code $?");
  INFO(result.output);
  CHECK(result.output.find("changed during the render") != std::string::npos);
  CHECK(result.output.find("code 65") != std::string::npos);
  CHECK(project.FilesBeside("o.mkv*") == 0);
}

TEST_CASE("pieces of a sequence keep journals of their own", "[e2e]") {
  const PlainProject project;
  const std::string out = project.File("o.%04d.tif");
  const auto piece = [&](const char* frames) { return project.Command(out, std::string("--frames ") + frames); };
  Shell(piece("0:48") + " & pid=$!; sleep 1.2; kill -9 $pid; wait $pid");
  REQUIRE(Shell(piece("48:96")).exit_code == 0);
  const ShellResult again = Shell(piece("0:48"));
  INFO(again.output);
  CHECK(again.exit_code == 0);
  CHECK(Shell("ls '" + project.File("") + "' | grep -c 'o.*[.]tif$'").output == "96\n");
  REQUIRE(Shell(project.Command(project.File("w.%04d.tif"))).exit_code == 0);
  CHECK(Shell("cd '" + project.File("") + "' && for k in $(seq -w 0 95); do cmp o.00$k.tif w.00$k.tif || exit 1; done")
            .exit_code == 0);
}

TEST_CASE("two renders of the same at once both come out whole", "[e2e]") {
  const PlainProject project;
  const std::string out = project.File("o.mkv");
  const ShellResult both =
      Shell(project.Command(out, "--overwrite") + " & a=$!; " + project.Command(out, "--overwrite") +
            " & b=$!; wait $a; x=$?; wait $b; echo codes $x $?");
  INFO(both.output);
  CHECK(both.output.find("codes 0 0") != std::string::npos);
  REQUIRE(Shell(project.Command(project.File("w.mkv"))).exit_code == 0);
  CHECK(HashFile(out) == HashFile(project.File("w.mkv")));
}

TEST_CASE("an output folder that goes away is an error, not a half file", "[e2e]") {
  const PlainProject project("640x360");
  const std::string folder = project.File("out");
  fs::create_directory(folder);
  const ShellResult result = Shell(project.Command(folder + "/o.mkv") + " & pid=$!; sleep 0.7; rm -rf '" + folder +
                                   "'; wait $pid; echo code $?");
  INFO(result.output);
  CHECK((result.output.find("code 74") != std::string::npos || result.output.find("code 73") != std::string::npos));
  CHECK_FALSE(fs::exists(folder));
}

TEST_CASE("a clock that runs backwards harms nothing", "[e2e]") {
  const PlainProject project;
  std::ofstream(project.File("clock.c"))
      << "#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <time.h>\n"
         "static time_t back(void) { static time_t lost = 0; lost += 3600; return lost; }\n"
         "time_t time(time_t* out) { struct timespec t; static int (*real)(clockid_t, struct timespec*);\n"
         "  if (!real) real = dlsym(RTLD_NEXT, \"clock_gettime\"); real(CLOCK_REALTIME, &t);\n"
         "  t.tv_sec -= back(); if (out) *out = t.tv_sec; return t.tv_sec; }\n"
         "int clock_gettime(clockid_t id, struct timespec* t) { static int (*real)(clockid_t, struct timespec*);\n"
         "  if (!real) real = dlsym(RTLD_NEXT, \"clock_gettime\"); int r = real(id, t);\n"
         "  if (id == CLOCK_REALTIME) t->tv_sec -= back(); return r; }\n";
  REQUIRE(Shell("cc -shared -fPIC -o '" + project.File("clock.so") + "' '" + project.File("clock.c") + "' -ldl")
              .exit_code == 0);
  const std::string with = "LD_PRELOAD='" + project.File("clock.so") + "' ";
  REQUIRE(Shell(project.Command(project.File("w.mkv"))).exit_code == 0);
  for (const char* name : {"a.mkv", "b.mkv"}) {
    const ShellResult result = Shell(with + project.Command(project.File(name)));
    INFO(result.output);
    CHECK(result.exit_code == 0);
    CHECK(HashFile(project.File(name)) == HashFile(project.File("w.mkv")));
  }
  const ShellResult list = Shell(with + SHOTFIX_BINARY + " --project '" + project.File("p") + "' list");
  CHECK(list.exit_code == 0);
}

TEST_CASE("pipes: NUT and Y4M in and out, with the results beside them", "[e2e]") {
  const PlainProject project("160x90", 24);
  const std::string nut = project.File("o.nut");
  const ShellResult out = Shell(project.Command("-", "--json") + " 2>'" + project.File("log") + "' >'" + nut + "'");
  REQUIRE(out.exit_code == 0);
  CHECK(testing::FrameHashes(nut) == testing::FrameHashes(project.File("s.mkv")));
  const std::string log = Shell("cat '" + project.File("log") + "'").output;
  CHECK(log.find("\"event\":\"result\"") != std::string::npos);
  CHECK(log.find("labels/run-") != std::string::npos);
  const ShellResult y4m = Shell(project.Command("-", "--codec y4m --quiet") +
                                " 2>/dev/null | ffmpeg -v error -i - -f framemd5 - | grep -vc '#'");
  CHECK(y4m.output == "24\n");
  CHECK(Shell(project.Command("-", "--codec prores") + " | cat").output.find("--codec raw") != std::string::npos);
  for (const char* form : {"-c:v rawvideo -f nut", "-f yuv4mpegpipe -strict -1"}) {
    INFO(form);
    const std::string from = "ffmpeg -v error -i '" + project.File("s.mkv") + "' -an " + form + " - | ";
    const ShellResult in =
        Shell(from + project.Command(project.File("i.mkv"), "--overwrite --clip - --in-space bt709"));
    INFO(in.output);
    CHECK(in.exit_code == 0);
    CHECK(testing::FrameHashes(project.File("i.mkv")) == testing::FrameHashes(project.File("s.mkv")));
  }
  // The same footage through a pipe with another word on its colour: the last word counts.
  const std::string raw = "ffmpeg -v error -i '" + project.File("s.mkv") + "' -an -c:v rawvideo -f nut - | ";
  REQUIRE(Shell(raw + project.Command(project.File("l.mkv"), "--clip - --in-space slog3")).exit_code == 0);
  const std::string listed = project.Run("list --json").output;
  INFO(listed);
  CHECK(listed.find("\"in_space\":\"slog3\"") != std::string::npos);
  const ShellResult untagged =
      Shell("ffmpeg -v error -i '" + project.File("s.mkv") + "' -vf negate -f nut -c:v rawvideo - | " +
            project.Command(project.File("u.mkv"), "--clip -"));
  CHECK(untagged.exit_code == 65);
  CHECK(untagged.output.find("--in-space") != std::string::npos);
  const ShellResult text = Shell("echo hello | " + project.Command(project.File("t.mkv"), "--clip -"));
  CHECK(text.exit_code == 65);
  CHECK(text.output.find("neither NUT nor Y4M") != std::string::npos);
}

TEST_CASE("damaged frames are held or left out, and told", "[e2e]") {
  const PlainProject project("160x90", 24);
  // A damaged packet that ingest, which looks at the middle frame, did not meet.
  const std::string broken = project.File("b.mkv");
  Shell("cp '" + project.File("s.mkv") + "' '" + broken + "'");
  const std::string at = Shell("ffprobe -v error -select_streams v -show_entries packet=pos -of csv=p=0 '" + broken +
                               "' | sed -n 6p | tr -d ','")
                             .output;
  Shell("head -c 400 /dev/zero | dd of='" + broken + "' bs=1 seek=$((" + std::to_string(std::stol(at)) +
        " + 3000)) conv=notrunc status=none");
  REQUIRE(project.Run("ingest --no-locator '" + broken + "'").exit_code == 0);
  const ShellResult stop = Shell(project.Command(project.File("a.mkv"), "--clip b"));
  CHECK(stop.exit_code == 65);
  CHECK(stop.output.find("frame 5 does not decode") != std::string::npos);
  const ShellResult hold = Shell(project.Command(project.File("h.mkv"), "--clip b --on-bad-frame hold"));
  INFO(hold.output);
  CHECK(hold.exit_code == 0);
  CHECK(hold.output.find("frame 5 does not decode") != std::string::npos);
  CHECK(media::Probe(project.File("h.mkv")).frame_count() == 24);
  const ShellResult skip = Shell(project.Command(project.File("k.mkv"), "--clip b --on-bad-frame skip"));
  CHECK(skip.exit_code == 0);
  const media::ClipInfo left = media::Probe(project.File("k.mkv"));
  CHECK(left.frame_count() == 23);
  CHECK(left.variable_rate);  // the gap is kept: sound stays in step
  const ShellResult files = Shell(project.Command(project.File("d.%04d.png"), "--clip b --on-bad-frame skip"));
  INFO(files.output);
  CHECK(files.exit_code == 0);
  CHECK_FALSE(fs::exists(project.File("d.0005.png")));
  CHECK(fs::exists(project.File("d.0023.png")));
  const std::string label = Shell("cat '" + project.File("k.mkv.shotfix.json") + "'").output;
  CHECK(nlohmann::json::parse(label)["bad_frames"] == nlohmann::json::array({5}));
}

}  // namespace shotfix
