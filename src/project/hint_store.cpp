// SPDX-License-Identifier: Apache-2.0
#include "shotfix/project/hint_store.h"

#include "project/database.h"
#include "shotfix/core/error.h"

namespace shotfix::project {
namespace {

constexpr const char* kColumns = "SELECT id, clip_id, frame, kind, value, sha256 FROM hints ";

std::vector<HintRecord> ReadAll(Statement statement) {
  std::vector<HintRecord> records;
  while (statement.Step()) {
    records.push_back({statement.Int(0), statement.Int(1), statement.Int(2), statement.Text(3), statement.Text(4),
                       statement.Text(5)});
    // The value names a file of hints/; a catalogue that says otherwise was changed by somebody else.
    if (records.back().value.find('/') != std::string::npos)
      Throw(ErrorCode::kData, "hint {} points outside the project; remove it and paint it again", records.back().id);
  }
  return records;
}

}  // namespace

void HintStore::Put(const HintRecord& record) {
  Statement insert = database_.Prepare(
      "INSERT INTO hints(clip_id, frame, kind, value, sha256, created) VALUES(?,?,?,?,?,?) "
      "ON CONFLICT(clip_id, frame, kind) DO UPDATE SET value = excluded.value, sha256 = excluded.sha256, created = "
      "excluded.created");
  insert.Bind(1, record.clip_id)
      .Bind(2, record.frame)
      .Bind(3, record.kind)
      .Bind(4, record.value)
      .Bind(5, record.sha256)
      .Bind(6, NowUtc());
  insert.Step();
}

std::vector<HintRecord> HintStore::Of(int64_t clip_id, const std::string& kind) const {
  Statement statement = database_.Prepare(std::string(kColumns) + "WHERE clip_id = ? AND kind = ? ORDER BY frame");
  return ReadAll(std::move(statement.Bind(1, clip_id).Bind(2, kind)));
}

std::vector<HintRecord> HintStore::All() const {
  return ReadAll(database_.Prepare(std::string(kColumns) + "ORDER BY clip_id, frame"));
}

bool HintStore::Remove(int64_t clip_id, int64_t frame, const std::string& kind) {
  database_.Prepare("DELETE FROM hints WHERE clip_id = ? AND frame = ? AND kind = ?")
      .Bind(1, clip_id)
      .Bind(2, frame)
      .Bind(3, kind)
      .Step();
  return database_.Changes() > 0;
}

}  // namespace shotfix::project
