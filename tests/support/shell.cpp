// SPDX-License-Identifier: Apache-2.0
#include "support/shell.h"

#include <sys/wait.h>

#include <cstdio>
#include <sstream>
#include "support/test.h"

namespace shotfix::testing {

ShellResult Shell(const std::string& command) {
  ShellResult result;
  FILE* pipe = popen(("{ " + command + " ; } 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  char buffer[4096];
  while (const size_t count = fread(buffer, 1, sizeof(buffer), pipe)) result.output.append(buffer, count);
  const int status = pclose(pipe);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

void MustSucceed(const ShellResult& result) {
  INFO(result.output);
  REQUIRE(result.exit_code == 0);
}

ShellResult Shotfix(const std::string& arguments) { return Shell(std::string(SHOTFIX_BINARY) + " " + arguments); }

void Ffmpeg(const std::string& arguments) { MustSucceed(Shell("ffmpeg -nostdin -v error -y " + arguments)); }

std::string FrameHashes(const std::string& path, const std::string& map) {
  const ShellResult result =
      Shell("ffmpeg -nostdin -v error -i '" + path + "' -map " + map + " -fps_mode passthrough -f framemd5 -");
  MustSucceed(result);
  std::istringstream lines(result.output);
  std::string hashes;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line[0] != '#') hashes += line.substr(line.find_last_of(' ') + 1) + "\n";
  }
  return hashes;
}

}  // namespace shotfix::testing
