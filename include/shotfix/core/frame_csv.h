// SPDX-License-Identifier: Apache-2.0
// Small tables that people write by hand: a frame and what is known of it, a line each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace shotfix {

// Lines of "FRAME,REST" in the file's order; blanks and empty lines do not count, and the first line may be a heading.
// `form` is what a line looks like, for the message: "frame,yaw,pitch". Throws kNoInput, kData with the line's number.
std::vector<std::pair<int64_t, std::string>> ReadFrameCsv(const std::filesystem::path& path, const std::string& form);

}  // namespace shotfix
