// SPDX-License-Identifier: Apache-2.0
// Finished frames of a render that is not finished: what a killed render goes on from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "shotfix/project/project.h"

namespace shotfix::project {

// Note [Resume]: frames are written to the journal as they are finished and made lasting eight at a time, so a kill
// costs eight frames at most. The file is named by the output and by everything that the samples depend on: the same
// command goes on from it, another one for the same output throws it away. The encoder always gets all frames from the
// first one on, the early ones from the journal: a resumed file has the bytes of one that was never interrupted.
class RenderJournal {
 public:
  struct Key {
    std::string output;   // names the deliverable
    std::string content;  // names all that the samples depend on
  };
  // Null when another process is at the same render: this one then goes on without. A damaged journal starts anew.
  static std::unique_ptr<RenderJournal> Open(const Project& project, const Key& key);
  ~RenderJournal();  // what was put stays

  std::optional<std::string> Get(int64_t frame) const;
  // Replaces what was there. Throws kIo (disk full).
  void Put(int64_t frame, std::string_view packed);
  // The deliverable is there: the journal is not needed any more.
  void Remove();

 private:
  RenderJournal(std::filesystem::path path, std::unique_ptr<Database> database);
  void CommitOpen();
  std::filesystem::path path_;
  std::unique_ptr<Database> database_;
  int uncommitted_ = 0;
};

}  // namespace shotfix::project
