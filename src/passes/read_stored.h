// SPDX-License-Identifier: Apache-2.0
// What every pass does before it reads an analysis that is stored in the project.
#pragma once

#include <exception>
#include <nlohmann/json.hpp>

#include "shotfix/core/error.h"
#include "shotfix/image/solution.h"

namespace shotfix::passes {

// What `read` makes of the JSON body, if that is of this version. Whatever `read` throws becomes kData with the way
// out.
template <typename Read>
auto ReadStored(const image::Solution& solution, int version, const Read& read) {
  try {
    const nlohmann::json body = nlohmann::json::parse(solution.body);
    if (body.at("version") != version)
      Throw(ErrorCode::kData, "it is of version {}; this shotfix writes {}", body.at("version").dump(), version);
    return read(body);
  } catch (const std::exception& problem) {
    Throw(ErrorCode::kData,
          "the stored analysis of the shot cannot be read: {}; delete the project's solutions folder and run again",
          problem.what());
  }
}

}  // namespace shotfix::passes
