// SPDX-License-Identifier: Apache-2.0
// Stored solutions: one file each, whole or absent, found by a key that names everything they depend on.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "shotfix/image/solution.h"
#include "shotfix/project/project.h"

namespace shotfix::project {

class SolutionStore {
 public:
  explicit SolutionStore(const Project& project) : folder_(project.Subfolder("solutions")) {}
  // `key` is a hash in hex. Throws kData when the file is damaged.
  std::optional<image::Solution> Find(const std::string& key) const;
  // Calls `make` with a track that writes to disk, then stores the whole. What was there is replaced.
  image::Solution Make(const std::string& key,
                       const std::function<image::Solution(std::shared_ptr<image::FrameTrack>)>& make);

  // A track that is gone with its last user; for analyses that nobody stores.
  std::shared_ptr<image::FrameTrack> MakeScratchTrack();

 private:
  std::filesystem::path folder_;
};

}  // namespace shotfix::project
