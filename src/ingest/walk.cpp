// SPDX-License-Identifier: Apache-2.0
#include "ingest/walk.h"

#include <algorithm>
#include <array>
#include <map>
#include <regex>
#include <set>

#include "shotfix/core/error.h"
#include "shotfix/media/clip_info.h"

namespace fs = std::filesystem;

namespace shotfix::ingest {
namespace {

constexpr std::array kMovies = {".mov", ".mp4",  ".mkv", ".mxf",  ".avi", ".m4v",
                                ".mpg", ".mpeg", ".ts",  ".webm", ".nut", ".y4m"};
constexpr std::array kImages = {".exr", ".dpx", ".tif", ".tiff", ".png", ".jpg", ".jpeg"};

std::string LowerExtension(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return extension;
}

template <typename List>
bool Has(const List& list, const std::string& extension) {
  return std::find(list.begin(), list.end(), extension) != list.end();
}

// Images of one folder whose names differ in the last number only are a sequence.
void GroupImages(const std::vector<fs::path>& images, std::set<fs::path>& clips) {
  static const std::regex numbered(R"(^(.*?)([0-9]+)(\.[A-Za-z]+)$)");
  struct Group {
    std::vector<fs::path> members;
    size_t digits = 99;  // of the shortest number: shot_1 and shot_10 are %d, shot_01 and shot_10 are %02d
  };
  std::map<std::pair<std::string, std::string>, Group> groups;  // by what stands before and after the number
  for (const fs::path& image : images) {
    std::smatch match;
    const std::string name = image.filename().string();
    if (!std::regex_match(name, match, numbered)) {
      clips.insert(image);
      continue;
    }
    std::string stem = match[1].str();
    for (size_t at = stem.find('%'); at != std::string::npos; at = stem.find('%', at + 2)) stem.insert(at, "%");
    Group& group = groups[{(image.parent_path() / stem).string(), match[3].str()}];
    group.members.push_back(image);
    group.digits = std::min(group.digits, match[2].str().size());
  }
  for (const auto& [ends, group] : groups) {
    const std::string field = group.digits > 1 ? fmt::format("%0{}d", group.digits) : "%d";
    clips.insert(group.members.size() > 1 ? fs::path(ends.first + field + ends.second) : group.members.front());
  }
}

void WalkFolder(const fs::path& folder, std::set<fs::path>& clips) {
  std::map<fs::path, std::vector<fs::path>> images;
  std::error_code problem;
  fs::recursive_directory_iterator walk(folder, fs::directory_options::skip_permission_denied, problem);
  for (const auto end = fs::recursive_directory_iterator(); walk != end; walk.increment(problem)) {
    const fs::path& path = walk->path();
    const std::string name = path.filename().string();
    const bool hidden = name.starts_with(".");
    if (walk->is_directory(problem) && (hidden || path.extension() == ".shotfix")) {
      walk.disable_recursion_pending();
    } else if (!hidden && walk->is_regular_file(problem)) {
      const std::string extension = LowerExtension(path);
      if (Has(kMovies, extension)) clips.insert(path);
      if (Has(kImages, extension)) images[path.parent_path()].push_back(path);
    }
  }
  for (const auto& [parent, list] : images) GroupImages(list, clips);
}

}  // namespace

std::vector<fs::path> FindClips(const std::vector<fs::path>& paths) {
  std::set<fs::path> clips;
  for (const fs::path& given : paths) {
    const fs::path path = fs::absolute(given).lexically_normal();
    std::error_code problem;
    if (fs::is_directory(path, problem)) WalkFolder(path, clips);
    else if (media::IsSequencePattern(path) || fs::exists(path, problem)) clips.insert(path);
    else Throw(ErrorCode::kNoInput, "\"{}\" does not exist", given.string());
  }
  return {clips.begin(), clips.end()};
}

}  // namespace shotfix::ingest
