// SPDX-License-Identifier: Apache-2.0
// What long work reports while it runs. Library code never prints: the command line implements this.
#pragma once

#include <cstdint>
#include <string_view>

namespace shotfix {

// Not thread-safe: one thread reports.
class Progress {
 public:
  virtual ~Progress() = default;
  // `total` 0: unknown. `note` is short: "loss 0.031".
  virtual void Update(std::string_view task, int64_t done, int64_t total, std::string_view note) = 0;
};

// For tests and for callers that do not care.
class NoProgress final : public Progress {
 public:
  void Update(std::string_view, int64_t, int64_t, std::string_view) override {}
};

}  // namespace shotfix
