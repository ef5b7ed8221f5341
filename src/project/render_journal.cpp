// SPDX-License-Identifier: Apache-2.0
#include "shotfix/project/render_journal.h"

#include "project/database.h"
#include "shotfix/core/error.h"
#include "shotfix/core/hash.h"

namespace fs = std::filesystem;

namespace shotfix::project {
namespace {

constexpr int kFramesPerCommit = 8;

// Synchronous writes are off: a power cut may damage the journal, which is then thrown away; a kill cannot.
std::unique_ptr<Database> OpenFile(const fs::path& path) {
  auto database = std::make_unique<Database>(path, Database::Mode::kCreate);
  database->SetBusyTimeout(0);
  database->Execute(
      "PRAGMA page_size = 65536; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = TRUNCATE;"
      "PRAGMA synchronous = OFF; BEGIN IMMEDIATE;"
      "CREATE TABLE IF NOT EXISTS frames(frame INTEGER PRIMARY KEY, data BLOB) STRICT; COMMIT");
  return database;
}

void RemoveFile(const fs::path& path) {
  std::error_code ignored;
  fs::remove(path, ignored);
  fs::remove(path.string() + "-journal", ignored);
}

// Journals of earlier commands for the same output are of no use to anyone.
void RemoveOthers(const fs::path& folder, const std::string& prefix, const fs::path& keep) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && name.ends_with(".journal") && entry.path() != keep) RemoveFile(entry.path());
  }
}

}  // namespace

RenderJournal::RenderJournal(fs::path path, std::unique_ptr<Database> database)
    : path_(std::move(path)), database_(std::move(database)) {}

RenderJournal::~RenderJournal() {
  try {
    CommitOpen();
  } catch (const std::exception&) {
    uncommitted_ = 0;  // rolled back by SQLite: those frames are rendered again
  }
}

std::unique_ptr<RenderJournal> RenderJournal::Open(const Project& project, const Key& key) {
  constexpr size_t kShort = 16;
  const fs::path folder = project.Subfolder("work");
  const std::string prefix = "render-" + HashText(key.output).substr(0, kShort) + "-";
  const fs::path path = folder / (prefix + HashText(key.content).substr(0, 2 * kShort) + ".journal");
  RemoveOthers(folder, prefix, path);
  for (const bool again : {false, true}) {
    try {
      return std::unique_ptr<RenderJournal>(new RenderJournal(path, OpenFile(path)));
    } catch (const Error& problem) {
      if (problem.code() == ErrorCode::kTryAgain) return nullptr;
      if (problem.code() != ErrorCode::kData || again) throw;
      RemoveFile(path);
    }
  }
  return nullptr;
}

std::optional<std::string> RenderJournal::Get(int64_t frame) const {
  try {
    Statement select = database_->Prepare("SELECT data FROM frames WHERE frame = ?");
    if (!select.Bind(1, frame).Step()) return std::nullopt;
    return select.Text(0);
  } catch (const Error& problem) {
    if (problem.code() == ErrorCode::kData) return std::nullopt;
    throw;
  }
}

void RenderJournal::Put(int64_t frame, std::string_view packed) {
  if (uncommitted_ == 0) database_->Execute("BEGIN IMMEDIATE");
  ++uncommitted_;
  database_->Prepare("INSERT OR REPLACE INTO frames VALUES(?,?)").Bind(1, frame).BindBlob(2, packed).Step();
  if (uncommitted_ >= kFramesPerCommit) CommitOpen();
}

void RenderJournal::CommitOpen() {
  if (uncommitted_ == 0) return;
  uncommitted_ = 0;
  database_->Execute("COMMIT");
}

void RenderJournal::Remove() {
  uncommitted_ = 0;  // what is not lasting yet need not become so
  database_.reset();
  RemoveFile(path_);
}

}  // namespace shotfix::project
