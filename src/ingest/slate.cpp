// SPDX-License-Identifier: Apache-2.0
#include "shotfix/ingest/slate.h"

#include <algorithm>
#include <optional>
#include <sstream>
#include <vector>

#include "shotfix/core/atomic_file.h"
#include "shotfix/core/error.h"

namespace shotfix::ingest {
namespace {

constexpr size_t kMaxBytes = size_t{64} << 20;
constexpr size_t kMaxColumns = 200;

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::string Trim(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\xEF\xBB\xBF");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// RFC 4180 for commas; tabs are never quoted.
std::vector<std::string> Split(const std::string& line, char separator) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (size_t k = 0; k < line.size(); ++k) {
    const char c = line[k];
    if (separator == ',' && c == '"') {
      if (quoted && k + 1 < line.size() && line[k + 1] == '"') {
        cells.back() += '"';
        ++k;
      } else {
        quoted = !quoted;
      }
    } else if (c == separator && !quoted) {
      cells.emplace_back();
      if (cells.size() > kMaxColumns) break;
    } else {
      cells.back() += c;
    }
  }
  for (std::string& cell : cells) cell = Trim(cell);
  return cells;
}

struct Columns {
  size_t name = std::string::npos;
  size_t scene = std::string::npos;
  size_t take = std::string::npos;
};

Columns FindColumns(const std::vector<std::string>& header) {
  Columns columns;
  for (size_t k = 0; k < header.size(); ++k) {
    const std::string word = Lower(header[k]);
    const bool source_file = word == "source file" || word == "filename" || word == "file name" || word == "file";
    if (source_file || (word == "name" && columns.name == std::string::npos)) columns.name = k;
    if (word == "scene") columns.scene = k;
    if (word == "take") columns.take = k;
  }
  return columns;
}

std::string CellAt(const std::vector<std::string>& cells, size_t column) {
  return column < cells.size() ? cells[column] : std::string();
}

}  // namespace

std::map<std::string, Slate> ReadSlates(const std::filesystem::path& path) {
  std::istringstream stream(ReadFile(path, kMaxBytes));
  const bool ale = Lower(path.extension().string()) == ".ale";
  const char separator = ale ? '\t' : ',';
  std::map<std::string, Slate> slates;
  std::optional<Columns> columns;
  std::string section = ale ? "" : "data";
  std::string line;
  for (int number = 1; std::getline(stream, line); ++number) {
    const std::string word = Lower(Trim(line));
    if (word.empty()) continue;
    if (ale && (word == "heading" || word == "column" || word == "data")) {
      section = word;
      continue;
    }
    const std::vector<std::string> cells = Split(line, separator);
    if (cells.size() > kMaxColumns)
      Throw(ErrorCode::kData, "\"{}\", line {}: more than {} columns", path.string(), number, kMaxColumns);
    if (ale ? section == "column" : !columns.has_value()) {
      columns = FindColumns(cells);
      if (columns->name == std::string::npos)
        Throw(ErrorCode::kData, "\"{}\", line {}: no column Name, Source File or Filename", path.string(), number);
    } else if (section == "data" && columns) {
      const std::string key = Lower(std::filesystem::path(CellAt(cells, columns->name)).stem().string());
      if (!key.empty()) slates[key] = {CellAt(cells, columns->scene), CellAt(cells, columns->take)};
    }
  }
  if (!columns)
    Throw(ErrorCode::kData, "\"{}\" has no column line; an ALE needs Column and Data, a CSV a header", path.string());
  return slates;
}

}  // namespace shotfix::ingest
