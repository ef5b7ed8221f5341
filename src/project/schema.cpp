// SPDX-License-Identifier: Apache-2.0
#include "project/schema.h"

#include <array>

#include "shotfix/core/error.h"

namespace shotfix::project {
namespace {

// Never change a migration that was released: add one.
constexpr std::array kMigrations = {
    R"sql(
CREATE TABLE project(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE clips(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, path TEXT NOT NULL, sha256 TEXT NOT NULL UNIQUE,
  size_bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, role TEXT NOT NULL, scene TEXT NOT NULL,
  take TEXT NOT NULL,
  in_space TEXT NOT NULL, info TEXT NOT NULL CHECK(json_valid(info)), faces TEXT NOT NULL CHECK(json_valid(faces)),
  thumbnail TEXT NOT NULL, ingested TEXT NOT NULL) STRICT;
CREATE INDEX clips_by_path ON clips(path);
CREATE INDEX clips_by_scene ON clips(role, scene, take);
CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE clip_people(
  clip_id INTEGER NOT NULL REFERENCES clips(id), person_id INTEGER NOT NULL REFERENCES people(id),
  PRIMARY KEY(clip_id, person_id)) STRICT;
CREATE TABLE hints(
  id INTEGER PRIMARY KEY, clip_id INTEGER NOT NULL REFERENCES clips(id), frame INTEGER NOT NULL, kind TEXT NOT NULL,
  value TEXT NOT NULL, sha256 TEXT NOT NULL, created TEXT NOT NULL, UNIQUE(clip_id, frame, kind)) STRICT;
CREATE TABLE runs(
  id INTEGER PRIMARY KEY, command TEXT NOT NULL, options TEXT NOT NULL CHECK(json_valid(options)),
  started TEXT NOT NULL,
  finished TEXT NOT NULL DEFAULT '', status TEXT NOT NULL DEFAULT 'running', result TEXT NOT NULL DEFAULT '{}') STRICT;
CREATE TABLE assets(
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL CHECK(json_valid(body)),
  created TEXT NOT NULL, UNIQUE(kind, name)) STRICT;
CREATE TABLE consent(
  sequence INTEGER PRIMARY KEY, time TEXT NOT NULL, body TEXT NOT NULL CHECK(json_valid(body)), 
  previous_hash TEXT NOT NULL, hash TEXT NOT NULL UNIQUE) STRICT;
CREATE TRIGGER consent_no_update BEFORE UPDATE ON consent
  BEGIN SELECT RAISE(ABORT, 'the consent ledger is append-only'); END;
CREATE TRIGGER consent_no_delete BEFORE DELETE ON consent
  BEGIN SELECT RAISE(ABORT, 'the consent ledger is append-only'); END;
INSERT INTO project VALUES('production_id', lower(hex(randomblob(16))));
)sql",
    R"sql(
CREATE TABLE colour_rules(id INTEGER PRIMARY KEY, pattern TEXT NOT NULL UNIQUE, space TEXT NOT NULL) STRICT;
)sql"};

int VersionOf(const Database& database) {
  Statement statement = database.Prepare("PRAGMA user_version");
  statement.Step();
  return static_cast<int>(statement.Int(0));
}

}  // namespace

int NewestSchemaVersion() { return static_cast<int>(kMigrations.size()); }

void Migrate(const Database& database) {
  if (VersionOf(database) == NewestSchemaVersion()) return;
  database.Transaction([&] {
    const int version = VersionOf(database);  // again: another process may have been faster
    if (version > NewestSchemaVersion()) {
      Throw(ErrorCode::kData,
            "this project was made by a newer shotfix (catalogue version {}, this program knows {}); update shotfix",
            version, NewestSchemaVersion());
    }
    for (int next = version; next < NewestSchemaVersion(); ++next)
      database.Execute(kMigrations[static_cast<size_t>(next)]);
    database.Execute("PRAGMA user_version = " + std::to_string(NewestSchemaVersion()));
  });
}

}  // namespace shotfix::project
