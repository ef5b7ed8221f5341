// SPDX-License-Identifier: Apache-2.0
// Where fuzzing starts: one well-formed file of each kind, made by the code that writes them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace shotfix::fuzz {

// FOLDER/PARSER/seed-N for every parser that has a writer of its own; text seeds are in tests/fuzz/seeds.
void WriteSeeds(const std::filesystem::path& folder);
// The bytes as the frame journal would compress them.
std::string Compressed(std::span<const uint8_t> bytes);

}  // namespace shotfix::fuzz
