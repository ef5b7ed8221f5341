// SPDX-License-Identifier: Apache-2.0
#include "shotfix/project/project.h"

#include <array>
#include <cstdlib>
#include <ctime>

#include "project/database.h"
#include "project/schema.h"
#include "shotfix/core/error.h"

namespace fs = std::filesystem;

namespace shotfix::project {
namespace {

constexpr const char* kCatalogue = "catalogue.db";

std::optional<fs::path> OnlyProjectIn(const fs::path& folder) {
  std::optional<fs::path> found;
  std::error_code problem;
  if (folder.extension() == ".shotfix" && fs::exists(folder / kCatalogue, problem)) return folder;
  for (const auto& entry : fs::directory_iterator(folder, problem)) {
    if (entry.path().extension() != ".shotfix" || !fs::exists(entry.path() / kCatalogue, problem)) continue;
    if (found) Throw(ErrorCode::kUsage, "\"{}\" holds several projects; say which with --project", folder.string());
    found = entry.path();
  }
  return found;
}

}  // namespace

std::string NowUtc() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

Project::Project(fs::path folder, std::unique_ptr<Database> database)
    : folder_(std::move(folder)), database_(std::move(database)) {
  Statement statement = database_->Prepare("SELECT value FROM project WHERE key = 'production_id'");
  if (!statement.Step())
    Throw(ErrorCode::kData, "the catalogue in \"{}\" has no production id; it is damaged", folder_.string());
  production_id_ = statement.Text(0);
}

Project::~Project() = default;
Project::Project(Project&&) noexcept = default;

Project Project::Create(const fs::path& folder) {
  std::error_code problem;
  if (fs::exists(folder, problem))
    Throw(ErrorCode::kCannotCreate, "\"{}\" exists; give another name or use it with --project", folder.string());
  const fs::path parent = folder.has_parent_path() ? folder.parent_path() : fs::path(".");
  if (!fs::is_directory(parent, problem))
    Throw(ErrorCode::kCannotCreate, "cannot create \"{}\": the folder \"{}\" does not exist", folder.string(),
          parent.string());
  // Made beside and renamed: a project folder is whole or absent.
  const fs::path temp = parent / ("." + folder.filename().string() + ".part");
  fs::remove_all(temp, problem);
  if (!fs::create_directory(temp, problem))
    Throw(ErrorCode::kCannotCreate, "cannot create \"{}\": {}", folder.string(), problem.message());
  {
    const Database database(temp / kCatalogue, Database::Mode::kCreate);
    database.Execute("PRAGMA journal_mode = WAL");
    Migrate(database);
  }
  fs::rename(temp, folder, problem);
  if (problem) Throw(ErrorCode::kCannotCreate, "cannot create \"{}\": {}", folder.string(), problem.message());
  return Open(folder);
}

Project Project::Open(const fs::path& folder) {
  std::error_code problem;
  if (!fs::exists(folder / kCatalogue, problem)) {
    Throw(ErrorCode::kNoInput, "\"{}\" is no shotfix project; make one with \"shotfix init NAME\"", folder.string());
  }
  auto database = std::make_unique<Database>(folder / kCatalogue, Database::Mode::kOpen);
  database->Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
  Migrate(*database);
  return {fs::absolute(folder), std::move(database)};
}

fs::path Project::Find(const std::optional<fs::path>& given) {
  if (given) {
    // "show" finds "show.shotfix": init NAME and --project NAME take the same word.
    if (!fs::exists(*given / kCatalogue) && fs::exists(fs::path(given->string() + ".shotfix") / kCatalogue))
      return given->string() + ".shotfix";
    return *given;
  }
  if (const char* named = std::getenv("SHOTFIX_PROJECT"); named != nullptr && *named != '\0') return named;
  for (fs::path folder = fs::current_path();; folder = folder.parent_path()) {
    if (const std::optional<fs::path> found = OnlyProjectIn(folder)) return *found;
    if (folder == folder.parent_path()) break;
  }
  Throw(ErrorCode::kNoInput,
        "no project here or above; make one with \"shotfix init NAME\" or name one with --project");
}

fs::path Project::Subfolder(const std::string& name) const {
  const fs::path path = folder_ / name;
  std::error_code problem;
  fs::create_directories(path, problem);
  if (problem) Throw(ErrorCode::kCannotCreate, "cannot create \"{}\": {}", path.string(), problem.message());
  return path;
}

}  // namespace shotfix::project
