// SPDX-License-Identifier: Apache-2.0
#include "shotfix/core/error.h"

namespace shotfix {

void ThrowBrokenContract(const char* expression, const char* file, int line) {
  std::string name(file);
  name = name.substr(name.find_last_of('/') + 1);
  throw Error(ErrorCode::kInternal,
              fmt::format("internal contract broken: {} ({}:{}); please report it", expression, name, line));
}

}  // namespace shotfix
