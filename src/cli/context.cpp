// SPDX-License-Identifier: Apache-2.0
#include "cli/context.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <regex>

#include "cli/terminal_progress.h"
#include "shotfix/core/error.h"

namespace shotfix::cli {

namespace {

bool g_results_to_stderr = false;

}  // namespace

std::FILE* ResultStream() { return g_results_to_stderr ? stderr : stdout; }
void SendResultsToStderr() { g_results_to_stderr = true; }

project::Project OpenProject(const GlobalOptions& global) {
  const std::optional<std::filesystem::path> given =
      global.project.empty() ? std::nullopt : std::optional<std::filesystem::path>(global.project);
  return project::Project::Open(project::Project::Find(given));
}

std::unique_ptr<Progress> MakeProgress(const GlobalOptions& global) {
  if (global.quiet) return std::make_unique<NoProgress>();
  if (global.json) return std::make_unique<JsonProgress>();
  return std::make_unique<TerminalProgress>();
}

void PrintResult(const GlobalOptions& global, const nlohmann::json& json, const std::string& text) {
  if (global.json) {
    nlohmann::json line = json;
    line["event"] = "result";
    std::fputs((line.dump() + "\n").c_str(), ResultStream());
  } else {
    std::fputs(text.c_str(), ResultStream());
  }
  std::fflush(ResultStream());
}

double ParseDuration(const std::string& text) {
  static const std::regex shape(R"(^(?:([0-9.]+)h)?(?:([0-9.]+)m)?(?:([0-9.]+)s?)?$)");
  std::smatch match;
  double seconds = 0;
  if (!text.empty() && std::regex_match(text, match, shape)) {
    try {
      if (match[1].matched) seconds += 3600 * std::stod(match[1].str());
      if (match[2].matched) seconds += 60 * std::stod(match[2].str());
      if (match[3].matched) seconds += std::stod(match[3].str());
    } catch (const std::exception&) {
      seconds = 0;
    }
  }
  if (!(seconds > 0)) Throw(ErrorCode::kUsage, "\"{}\" is not a duration; write 90s, 10m or 1h30m", text);
  return seconds;
}

}  // namespace shotfix::cli
