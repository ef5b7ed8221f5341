// SPDX-License-Identifier: Apache-2.0
// Footage from a pipe. Whole-shot analysis reads a shot more than once, so a pipe is kept as a file of the project.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "shotfix/core/progress.h"
#include "shotfix/project/clip_store.h"

namespace shotfix::pipeline {

struct SpoolOptions {
  std::string in_space;             // what untagged footage is; NUT and Y4M carry no colour tags
  std::vector<std::string> people;  // who is in it, as at ingest
};

// Reads NUT or Y4M to its end and ingests it as "pipe-HASH"; the same content again is the same clip. Throws kData when
// it is neither, kIo, kStopped.
project::ClipRecord SpoolClip(const project::Project& project, std::FILE* pipe, const SpoolOptions& options,
                              Progress& progress);

}  // namespace shotfix::pipeline
