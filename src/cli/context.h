// SPDX-License-Identifier: Apache-2.0
// What every subcommand shares: global options, the project, progress, and how results are printed.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "shotfix/core/progress.h"
#include "shotfix/project/project.h"

namespace shotfix::cli {

struct GlobalOptions {
  std::string project;          // --project
  std::string device = "auto";  // --device
  bool json = false;            // one object a line on stdout, progress as events
  bool quiet = false;           // no progress, warnings only
  std::string command_line;     // as typed, for labels
};

project::Project OpenProject(const GlobalOptions& global);
std::unique_ptr<Progress> MakeProgress(const GlobalOptions& global);
// Results go to stdout, unless the deliverable does (-o -).
std::FILE* ResultStream();
void SendResultsToStderr();
// Prints one JSON object with "event": "result" (--json), else `text`.
void PrintResult(const GlobalOptions& global, const nlohmann::json& json, const std::string& text);
// "10m", "90s", "1h30m", plain seconds. Throws kUsage.
double ParseDuration(const std::string& text);

}  // namespace shotfix::cli
