// SPDX-License-Identifier: Apache-2.0
// Log façade: keeps spdlog out of every other header. Logs go to stderr; results never do.
#pragma once

#include <fmt/core.h>

#include <string_view>
#include <utility>

namespace shotfix::log {

enum class Level { kDebug, kInfo, kWarning, kError };

// Sets what is shown; colour only on a terminal and never when NO_COLOR is set.
void SetLevel(Level level);
void Write(Level level, std::string_view message);

template <typename... Args>
void Debug(fmt::format_string<Args...> format, Args&&... args) {
  Write(Level::kDebug, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void Info(fmt::format_string<Args...> format, Args&&... args) {
  Write(Level::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void Warning(fmt::format_string<Args...> format, Args&&... args) {
  Write(Level::kWarning, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace shotfix::log
