// SPDX-License-Identifier: Apache-2.0
// Runs programs as a user would: shotfix itself, and ffmpeg for golden media.
#pragma once

#include <string>

namespace shotfix::testing {

struct ShellResult {
  int exit_code = 0;
  std::string output;  // stdout and stderr together
};
ShellResult Shell(const std::string& command);
// Fails the test, and shows the output, where the program did not succeed.
void MustSucceed(const ShellResult& result);
// "shotfix ARGUMENTS".
ShellResult Shotfix(const std::string& arguments);
// "ffmpeg ARGUMENTS"; fails the test when it does not succeed.
void Ffmpeg(const std::string& arguments);
// The hashes of every decoded frame of stream `map`, as ffmpeg gives them; one a line.
std::string FrameHashes(const std::string& path, const std::string& map = "0:v");

}  // namespace shotfix::testing
