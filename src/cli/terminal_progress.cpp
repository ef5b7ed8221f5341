// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal_progress.h"

#include "cli/context.h"

#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "shotfix/core/error.h"

namespace shotfix::cli {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(250);
constexpr int kBarWidth = 24;

bool Due(std::chrono::steady_clock::time_point& last, bool forced) {
  const auto now = std::chrono::steady_clock::now();
  if (!forced && now - last < kInterval) return false;
  last = now;
  return true;
}

}  // namespace

TerminalProgress::TerminalProgress() : terminal_(isatty(STDERR_FILENO) != 0) {}
TerminalProgress::~TerminalProgress() {
  if (line_open_) std::fputs("\n", stderr);
}

void TerminalProgress::Update(std::string_view task, int64_t done, int64_t total, std::string_view note) {
  if (!terminal_) return;
  const bool new_task = task_ != task;
  if (!Due(last_, new_task || done == total)) return;
  if (new_task && line_open_) std::fputs("\n", stderr);
  task_ = task;
  const int filled = total > 0 ? static_cast<int>(kBarWidth * done / total) : 0;
  const std::string bar =
      std::string(static_cast<size_t>(filled), '#') + std::string(static_cast<size_t>(kBarWidth - filled), '.');
  std::fputs(fmt::format("\r{:<28.28} {} {}/{} {}\x1b[K", task, bar, done, total, note).c_str(), stderr);
  line_open_ = true;
}

void JsonProgress::Update(std::string_view task, int64_t done, int64_t total, std::string_view note) {
  const bool new_task = task_ != task;
  if (!Due(last_, new_task || done == total)) return;
  task_ = task;
  const nlohmann::json event = {
      {"event", "progress"}, {"task", task}, {"done", done}, {"total", total}, {"note", note}};
  std::fputs((event.dump() + "\n").c_str(), ResultStream());
  std::fflush(ResultStream());
}

}  // namespace shotfix::cli
