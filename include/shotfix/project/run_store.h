// SPDX-License-Identifier: Apache-2.0
// What was run, with its effective options: how a result can be made again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shotfix/project/project.h"

namespace shotfix::project {

struct RunRecord {
  int64_t id = 0;
  std::string command;
  std::string options_json;
  std::string started;
  std::string finished;  // empty while running or when it died
  std::string status;    // "running", "done", "failed", "stopped"
  std::string result_json;
};

class RunStore {
 public:
  explicit RunStore(const Project& project) : database_(project.database()) {}
  int64_t Begin(const std::string& command, const std::string& options_json);
  void End(int64_t id, const std::string& status, const std::string& result_json);
  std::vector<RunRecord> All() const;

 private:
  Database& database_;
};

}  // namespace shotfix::project
