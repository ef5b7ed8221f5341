// SPDX-License-Identifier: Apache-2.0
// Progress for people (a bar on a terminal, nothing in a pipe) and for machines (events).
#pragma once

#include <chrono>
#include <string>

#include "shotfix/core/progress.h"

namespace shotfix::cli {

class TerminalProgress final : public Progress {
 public:
  TerminalProgress();
  ~TerminalProgress() override;
  void Update(std::string_view task, int64_t done, int64_t total, std::string_view note) override;

 private:
  bool terminal_;
  bool line_open_ = false;
  std::string task_;
  std::chrono::steady_clock::time_point last_{};
};

// {"event":"progress","task":...,"done":...,"total":...} at most four times a second, on stdout.
class JsonProgress final : public Progress {
 public:
  void Update(std::string_view task, int64_t done, int64_t total, std::string_view note) override;

 private:
  std::string task_;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace shotfix::cli
