// SPDX-License-Identifier: Apache-2.0
// Options that every command which renders shares.
#pragma once

#include <string>

#include "cli/command_table.h"
#include "shotfix/pipeline/job.h"

namespace shotfix::cli {

struct RenderOptions {
  pipeline::Job job;
  std::string codec;
  std::string on_bad_frame = "stop";
  bool no_sound = false;
  bool no_resume = false;
  bool timings = false;
};

void AddRenderOptions(CLI::App& app, RenderOptions& options);
// Fills what the command line says in strings, runs, prints.
void RunAndPrint(RenderOptions options, const GlobalOptions& global);

}  // namespace shotfix::cli
