// SPDX-License-Identifier: Apache-2.0
#include "shotfix/project/run_store.h"

#include "project/database.h"

namespace shotfix::project {

int64_t RunStore::Begin(const std::string& command, const std::string& options_json) {
  database_.Prepare("INSERT INTO runs(command, options, started) VALUES(?,?,?)")
      .Bind(1, command)
      .Bind(2, options_json)
      .Bind(3, NowUtc())
      .Step();
  return database_.LastId();
}

void RunStore::End(int64_t id, const std::string& status, const std::string& result_json) {
  Statement update = database_.Prepare("UPDATE runs SET finished = ?, status = ?, result = ? WHERE id = ?");
  update.Bind(1, NowUtc()).Bind(2, status).Bind(3, result_json).Bind(4, id).Step();
}

std::vector<RunRecord> RunStore::All() const {
  std::vector<RunRecord> records;
  Statement row =
      database_.Prepare("SELECT id, command, options, started, finished, status, result FROM runs ORDER BY id");
  while (row.Step())
    records.push_back({row.Int(0), row.Text(1), row.Text(2), row.Text(3), row.Text(4), row.Text(5), row.Text(6)});
  return records;
}

}  // namespace shotfix::project
