// SPDX-License-Identifier: Apache-2.0
#include "shotfix/project/project.h"

#include <fstream>
#include <thread>
#include "support/test.h"

#include "shotfix/core/error.h"
#include "shotfix/project/clip_store.h"
#include "shotfix/project/consent_store.h"
#include "shotfix/project/hint_store.h"
#include "shotfix/project/run_store.h"
#include "shotfix/project/solution_store.h"
#include "support/shell.h"
#include "support/temp_dir.h"

namespace shotfix::project {
namespace {

ClipRecord MakeClip(const std::string& name, const std::string& sha) {
  ClipRecord clip;
  clip.name = name;
  clip.path = "/footage/" + name + ".mov";
  clip.sha256 = sha;
  clip.info_json = "{}";
  clip.faces_json = "[]";
  clip.scene = "12";
  return clip;
}

}  // namespace

TEST_CASE("a project is made once and found again", "[project]") {
  const testing::TempDir folder;
  const std::string id = Project::Create(folder / "show.shotfix").production_id();
  CHECK(id.size() == 32);
  CHECK_THROWS_AS(Project::Create(folder / "show.shotfix"), Error);
  CHECK(Project::Open(folder / "show.shotfix").production_id() == id);
  CHECK(Project::Find(folder.path() / "show") == folder.path() / "show.shotfix");
  CHECK_THROWS_AS(Project::Open(folder / "other.shotfix"), Error);
}

TEST_CASE("a catalogue of a newer version is refused, a damaged one too", "[project]") {
  const testing::TempDir folder;
  { const Project made = Project::Create(folder / "a.shotfix"); }
  testing::Shell("python3 -c \"import sqlite3; c = sqlite3.connect('" + (folder / "a.shotfix/catalogue.db") +
                 "'); c.execute('PRAGMA user_version = 99'); c.commit()\"");
  CHECK_THROWS_WITH(Project::Open(folder / "a.shotfix"), Catch::Contains("newer shotfix"));
  std::filesystem::create_directory(folder / "b.shotfix");
  std::ofstream(folder / "b.shotfix/catalogue.db")
      << "this is no database, but long enough to be taken for one......................................";
  CHECK_THROWS_AS(Project::Open(folder / "b.shotfix"), Error);
}

TEST_CASE("clips have unique names, content is stored once", "[project]") {
  const testing::TempDir folder;
  const Project project = Project::Create(folder / "p.shotfix");
  ClipStore clips(project);
  CHECK(clips.Add(MakeClip("take", "aa"))->name == "take");
  CHECK(clips.Add(MakeClip("take", "bb"))->name == "take_2");
  CHECK_FALSE(clips.Add(MakeClip("again", "aa")).has_value());
  CHECK(clips.All().size() == 2);
  CHECK(clips.FindBySha("bb")->name == "take_2");
  clips.AddPerson(clips.FindByName("take")->id, "Ada");
  clips.AddPerson(clips.FindByName("take")->id, "Ada");
  CHECK(clips.PeopleIn(clips.FindByName("take")->id) == std::vector<std::string>{"Ada"});
  ClipRecord plate = MakeClip("clean", "cc");
  plate.role = Role::kCleanPlate;
  clips.Add(plate);
  CHECK(clips.CleanPlateFor(*clips.FindByName("take"))->name == "clean");
}

TEST_CASE("a hint replaces the one before it", "[project]") {
  const testing::TempDir folder;
  const Project project = Project::Create(folder / "p.shotfix");
  const int64_t clip = ClipStore(project).Add(MakeClip("take", "aa"))->id;
  HintStore hints(project);
  hints.Put({0, clip, 4, "matte", "a.png", "1"});
  hints.Put({0, clip, 4, "matte", "b.png", "2"});
  hints.Put({0, clip, 9, "matte", "c.png", "3"});
  REQUIRE(hints.Of(clip, "matte").size() == 2);
  CHECK(hints.Of(clip, "matte")[0].value == "b.png");
  CHECK(hints.Remove(clip, 4, "matte"));
  CHECK_FALSE(hints.Remove(clip, 4, "matte"));
}

TEST_CASE("runs keep their options and how they ended", "[project]") {
  const testing::TempDir folder;
  const Project project = Project::Create(folder / "p.shotfix");
  RunStore runs(project);
  const int64_t id = runs.Begin("train", R"({"seed":1})");
  CHECK(runs.All()[0].status == "running");
  runs.End(id, "done", "{}");
  CHECK(runs.All()[0].status == "done");
  CHECK(runs.All()[0].options_json == R"({"seed":1})");
  CHECK_THROWS_AS(runs.Begin("train", "not json"), Error);
}

TEST_CASE("the consent ledger is a chain that nobody can bend unseen", "[project]") {
  const testing::TempDir folder;
  const Project project = Project::Create(folder / "p.shotfix");
  ConsentStore store(project);
  store.Append(R"({"a":1})");
  const ConsentRow second = store.Append(R"({"a":2})");
  CHECK(second.previous_hash == store.All()[0].hash);
  CHECK(store.FirstBroken() == 0);
  const std::string connect =
      "python3 -c \"import sqlite3; c = sqlite3.connect('" + (folder / "p.shotfix/catalogue.db") + "'); ";
  const testing::ShellResult refused = testing::Shell(connect + "c.execute('UPDATE consent SET body = 1')\"");
  CHECK(refused.output.find("append-only") != std::string::npos);
  testing::Shell(connect +
                 "c.execute('DROP TRIGGER consent_no_update'); c.execute('UPDATE consent SET body = 7 WHERE sequence = "
                 "1'); c.commit()\"");
  CHECK(store.FirstBroken() == 1);
}

TEST_CASE("a solution is stored whole or not at all", "[project]") {
  const testing::TempDir folder;
  const Project project = Project::Create(folder / "p.shotfix");
  SolutionStore store(project);
  CHECK_FALSE(store.Find("abc").has_value());
  CHECK_THROWS(store.Make("abc", [](const std::shared_ptr<image::FrameTrack>& track) -> image::Solution {
    track->Put(0, at::ones({1, 4, 4}, at::kByte));
    throw Error(ErrorCode::kStopped, "stopped");
  }));
  CHECK_FALSE(store.Find("abc").has_value());
  store.Make("abc", [](const std::shared_ptr<image::FrameTrack>& track) {
    track->Put(3, at::full({2, 4, 5}, 9, at::kByte));
    image::Solution solution;
    solution.body = "{}";
    solution.tensors["plate"] = at::rand({3, 6, 7});
    return solution;
  });
  const auto found = store.Find("abc");
  REQUIRE(found.has_value());
  CHECK(at::equal(found->track->Get(3), at::full({2, 4, 5}, 9, at::kByte)));
  CHECK_FALSE(found->track->Get(4).defined());
  CHECK(found->tensors.at("plate").size(2) == 7);
}

TEST_CASE("two writers wait for each other", "[project]") {
  const testing::TempDir folder;
  { const Project made = Project::Create(folder / "p.shotfix"); }
  const auto write = [&](const std::string& prefix) {
    const Project project = Project::Open(folder / "p.shotfix");
    ClipStore clips(project);
    for (int k = 0; k < 50; ++k) clips.Add(MakeClip("clip", prefix + std::to_string(k)));
  };
  std::thread first(write, "a");
  std::thread second(write, "b");
  first.join();
  second.join();
  CHECK(ClipStore(Project::Open(folder / "p.shotfix")).All().size() == 100);
}

}  // namespace shotfix::project
