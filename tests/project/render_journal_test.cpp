// SPDX-License-Identifier: Apache-2.0
#include "shotfix/project/render_journal.h"

#include <fstream>
#include "support/test.h"

#include "support/temp_dir.h"

namespace shotfix::project {
namespace {

using testing::TempDir;

int JournalsIn(const Project& project) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(project.Subfolder("work")))
    count += entry.path().extension() == ".journal" ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("a journal keeps frames until it is removed", "[project]") {
  const TempDir folder;
  const Project project = Project::Create(folder / "p.shotfix");
  for (int64_t frame = 0; frame < 11; ++frame) {
    const auto journal = RenderJournal::Open(project, {"out", "content"});
    REQUIRE(journal != nullptr);
    journal->Put(frame, "frame " + std::to_string(frame));
  }
  const auto journal = RenderJournal::Open(project, {"out", "content"});
  CHECK(journal->Get(3) == "frame 3");
  CHECK(journal->Get(10) == "frame 10");
  CHECK_FALSE(journal->Get(11).has_value());
  journal->Remove();
  CHECK(JournalsIn(project) == 0);
}

TEST_CASE("another command for the same output throws the journal away, another output does not", "[project]") {
  const TempDir folder;
  const Project project = Project::Create(folder / "p.shotfix");
  RenderJournal::Open(project, {"a", "one"})->Put(0, "x");
  RenderJournal::Open(project, {"b", "one"})->Put(0, "y");
  CHECK(JournalsIn(project) == 2);
  CHECK_FALSE(RenderJournal::Open(project, {"a", "two"})->Get(0).has_value());
  CHECK(JournalsIn(project) == 2);
  CHECK(RenderJournal::Open(project, {"b", "one"})->Get(0) == "y");
}

TEST_CASE("a journal that another process holds is not waited for, a damaged one starts anew", "[project]") {
  const TempDir folder;
  const Project project = Project::Create(folder / "p.shotfix");
  {
    const auto first = RenderJournal::Open(project, {"a", "one"});
    first->Put(0, "x");
    CHECK(RenderJournal::Open(project, {"a", "one"}) == nullptr);
  }
  for (const auto& entry : std::filesystem::directory_iterator(project.Subfolder("work")))
    std::ofstream(entry.path(), std::ios::binary) << std::string(100000, 'z');
  const auto again = RenderJournal::Open(project, {"a", "one"});
  REQUIRE(again != nullptr);
  CHECK_FALSE(again->Get(0).has_value());
}

}  // namespace shotfix::project
