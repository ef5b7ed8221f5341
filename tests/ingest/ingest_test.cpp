// SPDX-License-Identifier: Apache-2.0
#include "shotfix/ingest/ingest.h"

#include <fstream>
#include <thread>
#include "support/test.h"

#include "shotfix/core/error.h"
#include "shotfix/project/colour_rules.h"
#include "support/shell.h"
#include "support/temp_dir.h"

namespace shotfix::ingest {
namespace {

using testing::Ffmpeg;
using testing::TempDir;

void MakeClip(const std::string& path, const std::string& source = "testsrc2") {
  Ffmpeg("-f lavfi -i " + source +
         "=size=64x48:rate=24:duration=0.25 -c:v libx264 -pix_fmt yuv420p -colorspace bt709 -color_primaries bt709 "
         "-color_trc bt709 "
         "-color_range tv -timecode 01:00:00:00 '" +
         path + "'");
}

IngestOptions In(const std::filesystem::path& folder) {
  IngestOptions options;
  options.paths = {folder};
  return options;
}

}  // namespace

TEST_CASE("a folder is walked, sequences are one clip, known content is skipped", "[ingest]") {
  const TempDir folder;
  const project::Project project = project::Project::Create(folder / "p.shotfix");
  std::filesystem::create_directories(folder / "day1/cam_b");
  MakeClip(folder / "day1/a.mov");
  MakeClip(folder / "day1/cam_b/b.mov", "testsrc");
  std::filesystem::copy_file(folder / "day1/a.mov", folder / "day1/copy_of_a.mov");
  Ffmpeg("-f lavfi -i testsrc2=size=32x32:rate=24:duration=0.25 -start_number 1001 '" +
         (folder / "day1/plate.%04d.png") + "'");
  std::ofstream(folder / "day1/notes.txt") << "no footage";
  NoProgress progress;
  const IngestReport first = Ingest(project, In(folder / "day1"), progress);
  CHECK(first.added.size() == 3);
  CHECK(first.known == 1);
  CHECK(first.problems.empty());
  const IngestReport again = Ingest(project, In(folder / "day1"), progress);
  CHECK(again.added.empty());
  CHECK(again.known == 4);
  const auto plate = project::ClipStore(project).FindByName("plate");
  REQUIRE(plate.has_value());
  CHECK(nlohmann::json::parse(plate->info_json)["frames"][0] == 1001);
  const auto a = project::ClipStore(project).FindByName("a");
  CHECK(nlohmann::json::parse(a->info_json)["timecode"] == "01:00:00:00");
  CHECK(std::filesystem::exists(project.folder() / "thumbnails" / a->thumbnail));
}

TEST_CASE("one bad file is reported and the rest goes on", "[ingest]") {
  const TempDir folder;
  const project::Project project = project::Project::Create(folder / "p.shotfix");
  std::filesystem::create_directory(folder / "d");
  MakeClip(folder / "d/good.mov");
  std::ofstream(folder / "d/bad.mov") << "nonsense";
  std::ofstream(folder / "d/empty.mov").close();
  NoProgress progress;
  const IngestReport report = Ingest(project, In(folder / "d"), progress);
  CHECK(report.added.size() == 1);
  CHECK(report.problems.size() == 2);
}

TEST_CASE("untagged footage wants --in-space", "[ingest]") {
  const TempDir folder;
  const project::Project project = project::Project::Create(folder / "p.shotfix");
  Ffmpeg("-f lavfi -i testsrc2=size=64x48:rate=24:duration=0.2 -c:v ffv1 -pix_fmt yuv420p '" + (folder / "u.mkv") +
         "'");
  NoProgress progress;
  const IngestReport refused = Ingest(project, In(folder / "u.mkv"), progress);
  REQUIRE(refused.problems.size() == 1);
  CHECK(refused.problems[0].message.find("--in-space") != std::string::npos);
  IngestOptions options = In(folder / "u.mkv");
  options.in_space = "bt709";
  REQUIRE(Ingest(project, options, progress).added.size() == 1);
  CHECK(project::ClipStore(project).FindByName("u")->in_space == "bt709");
}

TEST_CASE("a slate log gives scene and take; people and roles are kept", "[ingest]") {
  const TempDir folder;
  const project::Project project = project::Project::Create(folder / "p.shotfix");
  MakeClip(folder / "A001.mov");
  std::ofstream(folder / "log.csv") << "Name,Scene,Take\nA001.mov,7B,4\n";
  IngestOptions options = In(folder / "A001.mov");
  options.slate_log = folder / "log.csv";
  options.people = {"Ada", "Ben"};
  options.role = project::Role::kLightReference;
  NoProgress progress;
  const project::ClipRecord clip = Ingest(project, options, progress).added.at(0);
  CHECK(clip.scene == "7B");
  CHECK(clip.take == "4");
  CHECK(clip.role == project::Role::kLightReference);
  CHECK(project::ClipStore(project).PeopleIn(clip.id).size() == 2);
}

TEST_CASE("two ingests at once store each clip once", "[ingest]") {
  const TempDir folder;
  { const project::Project made = project::Project::Create(folder / "p.shotfix"); }
  std::filesystem::create_directory(folder / "d");
  for (const char* source :
       {"testsrc2", "testsrc", "smptebars", "smptehdbars", "rgbtestsrc", "yuvtestsrc", "pal75bars"}) {
    MakeClip(folder / (std::string("d/") + source + ".mov"), source);
  }
  const std::string command =
      std::string(SHOTFIX_BINARY) + " --project '" + (folder / "p.shotfix") + "' ingest '" + (folder / "d") + "'";
  const testing::ShellResult both = testing::Shell(command + " & " + command + "; wait");
  INFO(both.output);
  const project::Project project = project::Project::Open(folder / "p.shotfix");
  CHECK(project::ClipStore(project).All().size() == 7);
  CHECK(both.output.find("error") == std::string::npos);
  NoProgress progress;
  CHECK(Ingest(project, In(folder / "d"), progress).added.empty());
}

TEST_CASE("ten thousand small files go in", "[ingest][.long]") {
  const TempDir folder;
  const project::Project project = project::Project::Create(folder / "p.shotfix");
  std::filesystem::create_directory(folder / "d");
  Ffmpeg("-f lavfi -i testsrc2=size=16x16:rate=24:duration=417 '" + (folder / "d/x%05da.png") + "'");
  NoProgress progress;
  IngestOptions options = In(folder / "d");
  options.locate_faces = false;
  const IngestReport report = Ingest(project, options, progress);
  CHECK(report.added.size() + static_cast<size_t>(report.known) > 10000);
}

TEST_CASE("the project's rules say what a camera records", "[ingest]") {
  const testing::TempDir folder;
  const project::Project project = project::Project::Create(folder / "p.shotfix");
  project::ColourRules rules(project);
  rules.Put({"B0*", "slog3-cine"});
  rules.Put({"*ALEXA 35*", "srgb"});
  rules.Put({"*ALEXA 35*", "logc4"});
  REQUIRE(rules.All().size() == 2);
  const std::string tags =
      "-f lavfi -i testsrc2=size=64x36:rate=24:duration=0.2 -vf "
      "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv -c:v prores_ks "
      "-pix_fmt yuv422p10le -movflags use_metadata_tags ";
  testing::Ffmpeg(tags + "-metadata com.apple.quicktime.model='ARRI ALEXA 35 4K' '" + (folder / "x.mov") + "'");
  testing::Ffmpeg(tags + "-timecode 01:00:00:00 -metadata:s:v reel_name=B001 '" + (folder / "y.mov") + "'");
  testing::Ffmpeg(tags + "-metadata comment=none '" + (folder / "z.mov") + "'");
  IngestOptions options;
  options.paths = {folder / "x.mov", folder / "y.mov", folder / "z.mov"};
  options.locate_faces = false;
  NoProgress progress;
  REQUIRE(Ingest(project, options, progress).added.size() == 3);
  const project::ClipStore clips(project);
  CHECK(clips.FindByName("x")->in_space == "logc4");
  CHECK(clips.FindByName("y")->in_space == "slog3-cine");
  CHECK(clips.FindByName("z")->in_space.empty());
  CHECK(clips.FindByName("x")->info_json.find("awg4/logc4") != std::string::npos);
  CHECK(rules.Remove("B0*"));
  CHECK_FALSE(rules.Remove("B0*"));
}

}  // namespace shotfix::ingest
