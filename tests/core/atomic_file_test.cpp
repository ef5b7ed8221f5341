// SPDX-License-Identifier: Apache-2.0
#include "shotfix/core/atomic_file.h"

#include <fstream>
#include "support/test.h"

#include "shotfix/core/error.h"
#include "support/temp_dir.h"

namespace shotfix {

TEST_CASE("a file appears by rename and only when committed", "[core]") {
  const testing::TempDir folder;
  const std::filesystem::path path = folder / "out.txt";
  {
    AtomicFile file(path, Overwrite::kRefuse);
    std::ofstream(file.temp_path()) << "half";
    CHECK_FALSE(std::filesystem::exists(path));
  }
  CHECK(std::filesystem::is_empty(folder.path()));
  WriteFileAtomically(path, "whole", Overwrite::kRefuse);
  CHECK(ReadFile(path) == "whole");
}

TEST_CASE("an output that exists is refused without overwrite", "[core]") {
  const testing::TempDir folder;
  const std::filesystem::path path = folder / "out.txt";
  WriteFileAtomically(path, "first", Overwrite::kRefuse);
  CHECK_THROWS_AS(WriteFileAtomically(path, "second", Overwrite::kRefuse), Error);
  CHECK(ReadFile(path) == "first");
  WriteFileAtomically(path, "third", Overwrite::kAllow);
  CHECK(ReadFile(path) == "third");
}

TEST_CASE("a missing folder and a folder as output say so", "[core]") {
  const testing::TempDir folder;
  try {
    CheckOutputPath(folder / "no/such/out.mov", Overwrite::kAllow);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::kCannotCreate);
    CHECK(std::string(error.what()).find("does not exist") != std::string::npos);
  }
  CHECK_THROWS_AS(CheckOutputPath(folder.path(), Overwrite::kAllow), Error);
}

TEST_CASE("files over the limit are not read", "[core]") {
  const testing::TempDir folder;
  WriteFileAtomically(folder / "big", std::string(100, 'x'), Overwrite::kRefuse);
  CHECK_THROWS_AS(ReadFile(folder / "big", 99), Error);
}

}  // namespace shotfix
