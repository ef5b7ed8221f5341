// SPDX-License-Identifier: Apache-2.0
// Dailies into the catalogue: what is there, what it is, who is in it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "shotfix/core/progress.h"
#include "shotfix/project/clip_store.h"

namespace shotfix::ingest {

struct IngestOptions {
  std::vector<std::filesystem::path> paths;  // files, sequence patterns, folders (walked)
  project::Role role = project::Role::kDailies;
  std::string scene;  // empty: from the slate log
  std::string take;
  std::vector<std::string> people;
  std::string in_space;  // what untagged footage is
  std::optional<std::filesystem::path> slate_log;
  bool locate_faces = true;
  bool dry_run = false;  // list what would be read
};

struct IngestProblem {
  std::string path;
  std::string message;
};

struct IngestReport {
  std::vector<project::ClipRecord> added;
  int64_t known = 0;                    // skipped: same content
  std::vector<IngestProblem> problems;  // reported, and the rest went on
  std::vector<std::string> would_read;  // --dry-run
};

// Throws kNoInput when a named path is not there, kStopped on Ctrl-C (what was read stays).
IngestReport Ingest(const project::Project& project, const IngestOptions& options, Progress& progress);

}  // namespace shotfix::ingest
