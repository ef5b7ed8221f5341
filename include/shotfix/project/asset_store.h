// SPDX-License-Identifier: Apache-2.0
// Named things of a production that are used on many shots: lights.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shotfix/project/project.h"

namespace shotfix::project {

class AssetStore {
 public:
  explicit AssetStore(const Project& project) : database_(project.database()) {}
  // `body` is JSON. Replaces what had the same kind and name.
  void Put(const std::string& kind, const std::string& name, const std::string& body);
  std::optional<std::string> Find(const std::string& kind, const std::string& name) const;
  std::vector<std::string> Names(const std::string& kind) const;  // in order

 private:
  Database& database_;
};

}  // namespace shotfix::project
