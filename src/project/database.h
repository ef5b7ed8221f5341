// SPDX-License-Identifier: Apache-2.0
// SQLite with exceptions: one connection, prepared statements, transactions that roll back.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace shotfix::project {

class Statement {
 public:
  Statement(sqlite3* connection, const std::string& sql);
  Statement& Bind(int index, int64_t value);
  Statement& Bind(int index, std::string_view text);
  Statement& BindBlob(int index, std::string_view bytes);
  // True when there is a row. Throws kTryAgain when another process holds the lock too long, kIo otherwise.
  bool Step();
  int64_t Int(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  std::string Text(int column) const;

 private:
  struct Finalise {
    void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
  };
  sqlite3* connection_;
  std::unique_ptr<sqlite3_stmt, Finalise> handle_;
};

class Database {
 public:
  enum class Mode { kCreate, kOpen, kReadOnly };
  Database(const std::filesystem::path& path, Mode mode);

  Statement Prepare(const std::string& sql) const { return {connection_.get(), sql}; }
  void Execute(const std::string& sql) const;
  int64_t LastId() const { return sqlite3_last_insert_rowid(connection_.get()); }
  int Changes() const { return sqlite3_changes(connection_.get()); }
  // How long to wait for another process; 30 s unless set.
  void SetBusyTimeout(int milliseconds) const { sqlite3_busy_timeout(connection_.get(), milliseconds); }
  // All or nothing; an exception rolls back. The write lock is taken at once, so reads inside see no one else's writes.
  void Transaction(const std::function<void()>& body) const;

 private:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close(connection); }
  };
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace shotfix::project
