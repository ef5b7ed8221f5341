// SPDX-License-Identifier: Apache-2.0
// How a verify report looks: a table, JSON, a picture.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "shotfix/pipeline/verify.h"

namespace shotfix::cli {

nlohmann::json ReportJson(const pipeline::VerifyReport& report, const std::vector<std::string>& misses);
std::string ReportText(const pipeline::VerifyReport& report, const std::vector<std::string>& misses);
// PNG, four frames spread over the shot: source in the upper row, result below.
void WriteBeforeAfter(const std::filesystem::path& path, const pipeline::VerifyInputs& inputs);

}  // namespace shotfix::cli
