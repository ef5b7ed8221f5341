// SPDX-License-Identifier: Apache-2.0
#include "project/database.h"

#include "shotfix/core/error.h"

namespace shotfix::project {
namespace {

constexpr int kBusyTimeoutMs = 30000;

[[noreturn]] void Fail(sqlite3* connection, const std::string& what) {
  const int code = sqlite3_errcode(connection) & 0xFF;
  const bool busy = code == SQLITE_BUSY || code == SQLITE_LOCKED;
  const bool not_ours = code == SQLITE_NOTADB || code == SQLITE_CORRUPT;
  const ErrorCode error = busy ? ErrorCode::kTryAgain : not_ours ? ErrorCode::kData : ErrorCode::kIo;
  Throw(error, "the catalogue: {}: {}{}", what, sqlite3_errmsg(connection),
        busy ? "; another shotfix is writing, run this again" : "");
}

}  // namespace

Statement::Statement(sqlite3* connection, const std::string& sql) : connection_(connection) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(connection, sql.c_str(), static_cast<int>(sql.size()), &raw, nullptr) != SQLITE_OK)
    Fail(connection, "a statement does not prepare");
  handle_.reset(raw);
}

Statement& Statement::Bind(int index, int64_t value) {
  sqlite3_bind_int64(handle_.get(), index, value);
  return *this;
}
Statement& Statement::Bind(int index, std::string_view text) {
  sqlite3_bind_text(handle_.get(), index, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
  return *this;
}
Statement& Statement::BindBlob(int index, std::string_view bytes) {
  sqlite3_bind_blob(handle_.get(), index, bytes.data(), static_cast<int>(bytes.size()), SQLITE_TRANSIENT);
  return *this;
}

bool Statement::Step() {
  const int result = sqlite3_step(handle_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  Fail(connection_, "a statement failed");
}

std::string Statement::Text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_.get(), column));
  const int size = sqlite3_column_bytes(handle_.get(), column);
  return bytes == nullptr ? std::string() : std::string(bytes, static_cast<size_t>(size));
}

Database::Database(const std::filesystem::path& path, Mode mode) {
  const int flags = mode == Mode::kCreate ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                    : mode == Mode::kOpen ? SQLITE_OPEN_READWRITE
                                          : SQLITE_OPEN_READONLY;
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  connection_.reset(raw);
  if (opened != SQLITE_OK)
    Throw(ErrorCode::kIo, "cannot open the catalogue \"{}\": {}", path.string(),
          raw != nullptr ? sqlite3_errmsg(raw) : "no memory");
  sqlite3_busy_timeout(raw, kBusyTimeoutMs);
}

void Database::Execute(const std::string& sql) const {
  if (sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    Fail(connection_.get(), "a change failed");
}

void Database::Transaction(const std::function<void()>& body) const {
  Execute("BEGIN IMMEDIATE");
  try {
    body();
    Execute("COMMIT");
  } catch (...) {
    sqlite3_exec(connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
}

}  // namespace shotfix::project
