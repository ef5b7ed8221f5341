// SPDX-License-Identifier: Apache-2.0
// From paths to clips: folders are walked, numbered images become sequences, what is no footage is passed over.
#pragma once

#include <filesystem>
#include <vector>

namespace shotfix::ingest {

// Sorted, without duplicates. Throws kNoInput when a named path is not there.
std::vector<std::filesystem::path> FindClips(const std::vector<std::filesystem::path>& paths);

}  // namespace shotfix::ingest
