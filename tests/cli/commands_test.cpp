// SPDX-License-Identifier: Apache-2.0
#include "shotfix/cli/commands.h"

#include "support/test.h"

#include "cli/context.h"
#include "shotfix/core/error.h"
#include "support/shell.h"
#include "support/temp_dir.h"

namespace shotfix::cli {

using testing::Shotfix;

TEST_CASE("usage errors exit with 64 and point to --help", "[cli]") {
  for (const char* arguments : {"", "nonsense", "init", "background", "ingest", "train --seed x", "verify only_one"}) {
    INFO(arguments);
    const testing::ShellResult result = Shotfix(arguments);
    CHECK(result.exit_code == 64);
    CHECK(result.output.find("--help") != std::string::npos);
  }
}

TEST_CASE("help of every command has an example", "[cli]") {
  CHECK(Shotfix("--help").output.find("Exit codes") != std::string::npos);
  for (const char* command : {"init", "ingest", "list", "hint", "train", "background", "run", "verify", "doctor",
                              "consent add", "colour list", "colour rule", "colour remove"}) {
    INFO(command);
    const testing::ShellResult result = Shotfix(std::string(command) + " --help");
    CHECK(result.exit_code == 0);
    CHECK(result.output.find("Example: shotfix") != std::string::npos);
  }
}

TEST_CASE("doctor names devices, memory and codecs", "[cli]") {
  const testing::ShellResult result = Shotfix("doctor --json");
  CHECK(result.exit_code == 0);
  const auto json = nlohmann::json::parse(result.output);
  CHECK(json["event"] == "result");
  CHECK(json["findings"].size() > 10);
}

TEST_CASE("without a project the way to one is told", "[cli]") {
  const testing::TempDir folder;
  const testing::ShellResult result =
      testing::Shell("cd '" + folder.path().string() + "' && unset SHOTFIX_PROJECT && " + SHOTFIX_BINARY + " list");
  CHECK(result.exit_code == 66);
  CHECK(result.output.find("shotfix init NAME") != std::string::npos);
}

TEST_CASE("errors are events for machines", "[cli]") {
  const testing::ShellResult result =
      testing::Shell(std::string(SHOTFIX_BINARY) + " --json --project /nowhere/x.shotfix list 2>/dev/null");
  const auto json = nlohmann::json::parse(result.output);
  CHECK(json["event"] == "error");
  CHECK(json["code"] == 66);
}

TEST_CASE("asking for a GPU that is not there is told", "[cli]") {
  const testing::TempDir folder;
  const testing::ShellResult result = Shotfix("--device gpu --project '" + (folder / "p") + "' train");
  CHECK(result.exit_code == 64);
  CHECK(result.output.find("auto, cpu or cuda") != std::string::npos);
}

TEST_CASE("durations", "[cli]") {
  CHECK(ParseDuration("90s") == 90);
  CHECK(ParseDuration("10m") == 600);
  CHECK(ParseDuration("1h30m") == 5400);
  CHECK(ParseDuration("45") == 45);
  for (const char* wrong : {"", "m", "ten", "-5s", "0s"}) CHECK_THROWS_AS(ParseDuration(wrong), Error);
}

}  // namespace shotfix::cli
