// SPDX-License-Identifier: Apache-2.0
#include "shotfix/project/consent_store.h"

#include "project/database.h"
#include "shotfix/core/hash.h"

namespace shotfix::project {
namespace {

std::string HashOf(const ConsentRow& row) {
  return HashText(std::to_string(row.sequence) + "\n" + row.time + "\n" + row.body_json + "\n" + row.previous_hash);
}

}  // namespace

ConsentRow ConsentStore::Append(const std::string& body_json) {
  ConsentRow row;
  database_.Transaction([&] {
    Statement last = database_.Prepare("SELECT sequence, hash FROM consent ORDER BY sequence DESC LIMIT 1");
    if (last.Step()) {
      row.sequence = last.Int(0);
      row.previous_hash = last.Text(1);
    }
    ++row.sequence;
    row.time = NowUtc();
    row.body_json = body_json;
    row.hash = HashOf(row);
    Statement insert = database_.Prepare("INSERT INTO consent VALUES(?,?,?,?,?)");
    insert.Bind(1, row.sequence)
        .Bind(2, row.time)
        .Bind(3, row.body_json)
        .Bind(4, row.previous_hash)
        .Bind(5, row.hash)
        .Step();
  });
  return row;
}

std::vector<ConsentRow> ConsentStore::All() const {
  std::vector<ConsentRow> rows;
  Statement row = database_.Prepare("SELECT sequence, time, body, previous_hash, hash FROM consent ORDER BY sequence");
  while (row.Step()) rows.push_back({row.Int(0), row.Text(1), row.Text(2), row.Text(3), row.Text(4)});
  return rows;
}

int64_t ConsentStore::FirstBroken() const {
  std::string previous;
  int64_t expected = 1;
  for (const ConsentRow& row : All()) {
    if (row.sequence != expected || row.previous_hash != previous || row.hash != HashOf(row)) return row.sequence;
    previous = row.hash;
    ++expected;
  }
  return 0;
}

}  // namespace shotfix::project
