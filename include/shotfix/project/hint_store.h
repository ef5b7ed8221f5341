// SPDX-License-Identifier: Apache-2.0
// What an editor painted or pointed at.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shotfix/project/project.h"

namespace shotfix::project {

struct HintRecord {
  int64_t id = 0;
  int64_t clip_id = 0;
  int64_t frame = 0;   // in the clip's own numbering
  std::string kind;    // "matte", "light-from", "eyes"
  std::string value;   // file name in hints/ for a matte; text for the others
  std::string sha256;  // of the file or text
};

class HintStore {
 public:
  explicit HintStore(const Project& project) : database_(project.database()) {}
  // Replaces the hint of the same clip, frame and kind.
  void Put(const HintRecord& record);
  std::vector<HintRecord> Of(int64_t clip_id, const std::string& kind) const;
  std::vector<HintRecord> All() const;
  bool Remove(int64_t clip_id, int64_t frame, const std::string& kind);

 private:
  Database& database_;
};

}  // namespace shotfix::project
