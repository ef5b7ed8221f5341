// SPDX-License-Identifier: Apache-2.0
#include "shotfix/core/frame_csv.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "shotfix/core/atomic_file.h"
#include "shotfix/core/error.h"

namespace shotfix {

std::vector<std::pair<int64_t, std::string>> ReadFrameCsv(const std::filesystem::path& path, const std::string& form) {
  constexpr size_t kMaxBytes = size_t{1} << 20;
  std::vector<std::pair<int64_t, std::string>> rows;
  std::istringstream lines(ReadFile(path, kMaxBytes));
  int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::erase_if(line, [](char letter) { return letter == ' ' || letter == '\r'; });
    const bool heading = number == 1 && line.find_first_of("0123456789") == std::string::npos;
    if (line.empty() || heading) continue;
    const size_t comma = line.find(',');
    int64_t frame = 0;
    const auto [end, problem] = std::from_chars(line.data(), line.data() + std::min(comma, line.size()), frame);
    if (comma == std::string::npos || problem != std::errc() || end != line.data() + comma)
      Throw(ErrorCode::kData, "\"{}\", line {}: write {}", path.string(), number, form);
    rows.emplace_back(frame, line.substr(comma + 1));
  }
  return rows;
}

}  // namespace shotfix
