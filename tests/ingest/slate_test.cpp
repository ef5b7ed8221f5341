// SPDX-License-Identifier: Apache-2.0
#include "shotfix/ingest/slate.h"

#include <fstream>
#include "support/test.h"

#include "shotfix/core/error.h"
#include "support/temp_dir.h"

namespace shotfix::ingest {

TEST_CASE("an ALE gives scene and take by file stem", "[ingest]") {
  const testing::TempDir folder;
  std::ofstream(folder / "log.ale")
      << "Heading\nFIELD_DELIM\tTABS\n\nColumn\nName\tScene\tTake\tSource File\n\nData\nx\t12A\t3\tA001_C002.MOV\n";
  const auto slates = ReadSlates(folder / "log.ale");
  REQUIRE(slates.contains("a001_c002"));
  CHECK(slates.at("a001_c002").scene == "12A");
  CHECK(slates.at("a001_c002").take == "3");
}

TEST_CASE("a CSV may quote", "[ingest]") {
  const testing::TempDir folder;
  std::ofstream(folder / "log.csv") << "Filename,Scene,Take\r\n\"b, one.mov\",\"5 \"\"pickup\"\"\",2\r\n";
  CHECK(ReadSlates(folder / "log.csv").at("b, one").scene == "5 \"pickup\"");
}

TEST_CASE("a log without names or columns is an error", "[ingest]") {
  const testing::TempDir folder;
  std::ofstream(folder / "a.csv") << "Scene,Take\n1,2\n";
  CHECK_THROWS_AS(ReadSlates(folder / "a.csv"), Error);
  std::ofstream(folder / "b.ale") << "nothing\n";
  CHECK_THROWS_AS(ReadSlates(folder / "b.ale"), Error);
  CHECK_THROWS_AS(ReadSlates(folder / "none.csv"), Error);
}

}  // namespace shotfix::ingest
