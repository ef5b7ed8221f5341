// SPDX-License-Identifier: Apache-2.0
// Slate data from an assistant's log: Avid Log Exchange (ALE) or CSV with a header line.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace shotfix::ingest {

struct Slate {
  std::string scene;
  std::string take;
};

// By file stem, lower case. Columns are found by name: Name or "Source File" or Filename; Scene; Take. Throws kNoInput,
// kData (line number; at most 64 MiB and 200 columns are read).
std::map<std::string, Slate> ReadSlates(const std::filesystem::path& path);

}  // namespace shotfix::ingest
