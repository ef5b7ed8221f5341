// SPDX-License-Identifier: Apache-2.0
// Numbers of JSON that somebody else may have written.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "shotfix/core/error.h"

namespace shotfix {

// An integer that is one: JSON libraries cast 1e300 without a word. Throws kData.
template <typename Json>
int64_t WholeNumber(const Json& value) {
  constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (!value.is_number_integer() || (value.is_number_unsigned() && value.template get<uint64_t>() > kMost))
    Throw(ErrorCode::kData, "{} stands where a whole number should", value.dump());
  return value.template get<int64_t>();
}

template <typename Json>
std::vector<int64_t> WholeNumbers(const Json& array) {
  std::vector<int64_t> numbers;
  for (const Json& value : array) numbers.push_back(WholeNumber(value));
  return numbers;
}

}  // namespace shotfix
