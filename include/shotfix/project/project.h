// SPDX-License-Identifier: Apache-2.0
// A production's folder: the catalogue (SQLite, WAL) and the files beside it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace shotfix::project {

class Database;

// Owns the one connection that all stores share. One thread at a time; several processes may have the same project
// open.
class Project {
 public:
  // Makes "NAME.shotfix" with an empty catalogue. Throws kCannotCreate when it exists.
  static Project Create(const std::filesystem::path& folder);
  // Throws kNoInput (no project there), kData (not a catalogue, or made by a newer shotfix), kTryAgain (locked).
  static Project Open(const std::filesystem::path& folder);
  // `given` (--project), else SHOTFIX_PROJECT, else the nearest *.shotfix folder in or above the current one.
  // Throws kNoInput with what to do.
  static std::filesystem::path Find(const std::optional<std::filesystem::path>& given);

  ~Project();
  Project(Project&&) noexcept;

  const std::filesystem::path& folder() const { return folder_; }
  const std::string& production_id() const { return production_id_; }  // random, made once
  Database& database() const { return *database_; }
  // A folder inside the project, made when missing: "models", "hints", "thumbnails", "solutions", "work", "reports".
  std::filesystem::path Subfolder(const std::string& name) const;

 private:
  Project(std::filesystem::path folder, std::unique_ptr<Database> database);
  std::filesystem::path folder_;
  std::unique_ptr<Database> database_;
  std::string production_id_;
};

std::string NowUtc();  // "2026-01-31T12:00:00Z"

}  // namespace shotfix::project
