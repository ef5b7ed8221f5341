// SPDX-License-Identifier: Apache-2.0
// What every page of a report begins with.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace shotfix::report {

// For text and attributes of HTML.
std::string Escape(const std::string& text);
// From the doctype to the end of a table of facts: "recipe" -> "fast".
std::string PageHead(const std::string& title, const std::vector<std::pair<std::string, std::string>>& facts);

}  // namespace shotfix::report
