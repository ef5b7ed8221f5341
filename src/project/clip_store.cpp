// SPDX-License-Identifier: Apache-2.0
#include "shotfix/project/clip_store.h"

#include <array>
#include <utility>

#include "project/database.h"
#include "shotfix/core/error.h"

namespace shotfix::project {
namespace {

constexpr std::array<std::pair<Role, const char*>, 5> kRoles = {{{Role::kDailies, "dailies"},
                                                                 {Role::kCleanPlate, "clean-plate"},
                                                                 {Role::kLightReference, "light-reference"},
                                                                 {Role::kPlate, "plate"},
                                                                 {Role::kAdr, "adr"}}};
constexpr const char* kColumns =
    "SELECT id, name, path, sha256, size_bytes, mtime_ns, role, scene, take, in_space, info, faces, thumbnail FROM "
    "clips ";

ClipRecord Read(const Statement& row) {
  ClipRecord record;
  record.id = row.Int(0);
  record.name = row.Text(1);
  record.path = row.Text(2);
  record.sha256 = row.Text(3);
  record.size_bytes = row.Int(4);
  record.mtime_ns = row.Int(5);
  record.role = ParseRole(row.Text(6));
  record.scene = row.Text(7);
  record.take = row.Text(8);
  record.in_space = row.Text(9);
  record.info_json = row.Text(10);
  record.faces_json = row.Text(11);
  record.thumbnail = row.Text(12);
  return record;
}

void LinkPerson(const Database& database, int64_t clip_id, const std::string& person) {
  database.Prepare("INSERT OR IGNORE INTO people(name) VALUES(?)").Bind(1, person).Step();
  Statement link = database.Prepare("INSERT OR IGNORE INTO clip_people SELECT ?, id FROM people WHERE name = ?");
  link.Bind(1, clip_id).Bind(2, person).Step();
}

std::optional<ClipRecord> One(Statement statement) {
  if (!statement.Step()) return std::nullopt;
  return Read(statement);
}

}  // namespace

std::string ToString(Role role) {
  for (const auto& [value, name] : kRoles) {
    if (value == role) return name;
  }
  return "dailies";
}

Role ParseRole(const std::string& name) {
  std::string names;
  for (const auto& [value, known] : kRoles) {
    if (name == known) return value;
    names += (names.empty() ? "" : ", ") + std::string(known);
  }
  Throw(ErrorCode::kUsage, "role \"{}\" is not known; use one of {}", name, names);
}

std::optional<ClipRecord> ClipStore::Add(ClipRecord record, const std::vector<std::string>& people) {
  bool added = false;
  database_.Transaction([&] {
    if (FindBySha(record.sha256)) return;
    const std::string base = record.name;
    for (int number = 2; FindByName(record.name); ++number) record.name = base + "_" + std::to_string(number);
    Statement insert = database_.Prepare(
        "INSERT INTO clips(name, path, sha256, size_bytes, mtime_ns, role, scene, take, in_space, info, faces, "
        "thumbnail, ingested) "
        "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)");
    insert.Bind(1, record.name)
        .Bind(2, record.path)
        .Bind(3, record.sha256)
        .Bind(4, record.size_bytes)
        .Bind(5, record.mtime_ns);
    insert.Bind(6, ToString(record.role)).Bind(7, record.scene).Bind(8, record.take).Bind(9, record.in_space);
    insert.Bind(10, record.info_json).Bind(11, record.faces_json).Bind(12, record.thumbnail).Bind(13, NowUtc());
    insert.Step();
    record.id = database_.LastId();
    for (const std::string& person : people) LinkPerson(database_, record.id, person);
    added = true;
  });
  if (!added) return std::nullopt;
  return record;
}

std::vector<ClipRecord> ClipStore::All() const {
  std::vector<ClipRecord> records;
  Statement statement = database_.Prepare(std::string(kColumns) + "ORDER BY name");
  while (statement.Step()) records.push_back(Read(statement));
  return records;
}

std::optional<ClipRecord> ClipStore::FindByName(const std::string& name) const {
  return One(std::move(database_.Prepare(std::string(kColumns) + "WHERE name = ?").Bind(1, name)));
}
std::optional<ClipRecord> ClipStore::FindByPath(const std::string& path) const {
  return One(std::move(database_.Prepare(std::string(kColumns) + "WHERE path = ? ORDER BY id DESC").Bind(1, path)));
}
std::optional<ClipRecord> ClipStore::FindBySha(const std::string& sha256) const {
  return One(std::move(database_.Prepare(std::string(kColumns) + "WHERE sha256 = ?").Bind(1, sha256)));
}

std::optional<ClipRecord> ClipStore::CleanPlateFor(const ClipRecord& clip) const {
  if (clip.scene.empty()) return std::nullopt;
  Statement statement = database_.Prepare(std::string(kColumns) +
                                          "WHERE role = 'clean-plate' AND scene = ? ORDER BY take = ? DESC, id DESC");
  return One(std::move(statement.Bind(1, clip.scene).Bind(2, clip.take)));
}

void ClipStore::Relocate(int64_t clip_id, const std::string& path, int64_t size_bytes, int64_t mtime_ns) {
  Statement update = database_.Prepare("UPDATE clips SET path = ?, size_bytes = ?, mtime_ns = ? WHERE id = ?");
  update.Bind(1, path).Bind(2, size_bytes).Bind(3, mtime_ns).Bind(4, clip_id).Step();
}

void ClipStore::SetInSpace(int64_t clip_id, const std::string& in_space) {
  database_.Prepare("UPDATE clips SET in_space = ? WHERE id = ?").Bind(1, in_space).Bind(2, clip_id).Step();
}

void ClipStore::AddPerson(int64_t clip_id, const std::string& person) {
  database_.Transaction([&] { LinkPerson(database_, clip_id, person); });
}

std::vector<std::string> ClipStore::PeopleIn(int64_t clip_id) const {
  std::vector<std::string> names;
  Statement statement = database_.Prepare(
      "SELECT name FROM people JOIN clip_people ON person_id = people.id WHERE clip_id = ? ORDER BY name");
  statement.Bind(1, clip_id);
  while (statement.Step()) names.push_back(statement.Text(0));
  return names;
}

}  // namespace shotfix::project
