// SPDX-License-Identifier: Apache-2.0
// The command line as a whole: what main and end-to-end tests call.
#pragma once

#include <string>
#include <vector>

namespace shotfix::cli {

// Parses and runs; returns the exit code. Never throws: an error is printed on stderr (or as an event with --json).
int RunCommandLine(const std::vector<std::string>& arguments);

}  // namespace shotfix::cli
