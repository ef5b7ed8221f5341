// SPDX-License-Identifier: Apache-2.0
#include "shotfix/project/asset_store.h"

#include "project/database.h"

namespace shotfix::project {

void AssetStore::Put(const std::string& kind, const std::string& name, const std::string& body) {
  Statement insert = database_.Prepare(
      "INSERT INTO assets(kind, name, body, created) VALUES(?,?,?,?) "
      "ON CONFLICT(kind, name) DO UPDATE SET body = excluded.body, created = excluded.created");
  insert.Bind(1, kind).Bind(2, name).Bind(3, body).Bind(4, NowUtc());
  insert.Step();
}

std::optional<std::string> AssetStore::Find(const std::string& kind, const std::string& name) const {
  Statement statement = database_.Prepare("SELECT body FROM assets WHERE kind = ? AND name = ?");
  statement.Bind(1, kind).Bind(2, name);
  if (!statement.Step()) return std::nullopt;
  return statement.Text(0);
}

std::vector<std::string> AssetStore::Names(const std::string& kind) const {
  Statement statement = database_.Prepare("SELECT name FROM assets WHERE kind = ? ORDER BY name");
  statement.Bind(1, kind);
  std::vector<std::string> names;
  while (statement.Step()) names.push_back(statement.Text(0));
  return names;
}

}  // namespace shotfix::project
