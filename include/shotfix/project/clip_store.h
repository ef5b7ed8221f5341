// SPDX-License-Identifier: Apache-2.0
// The clips of a production and who is in them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shotfix/project/project.h"

namespace shotfix::project {

enum class Role { kDailies, kCleanPlate, kLightReference, kPlate, kAdr };
std::string ToString(Role role);
Role ParseRole(const std::string& name);  // throws kUsage and lists the names

struct ClipRecord {
  int64_t id = 0;
  std::string name;    // unique in the project, made from the file name
  std::string path;    // absolute; a pattern for sequences
  std::string sha256;  // of the content (of the list of hashes for a sequence)
  int64_t size_bytes = 0;
  int64_t mtime_ns = 0;
  Role role = Role::kDailies;
  std::string scene;
  std::string take;
  std::string in_space;    // name of --in-space for untagged footage, else empty
  std::string info_json;   // size, rate, frames, colour, timecode as ingest read them
  std::string faces_json;  // boxes found at ingest, a proposal only
  std::string thumbnail;   // file name in thumbnails/
};

class ClipStore {
 public:
  explicit ClipStore(const Project& project) : database_(project.database()) {}

  // Gives the record an unused name and an id. Nothing when the same content is there already (another process was
  // faster).
  // Who is in it is stored in the same transaction: footage is never catalogued without its people.
  std::optional<ClipRecord> Add(ClipRecord record, const std::vector<std::string>& people = {});
  // The clip's content is at another place now.
  void Relocate(int64_t clip_id, const std::string& path, int64_t size_bytes, int64_t mtime_ns);
  void SetInSpace(int64_t clip_id, const std::string& in_space);
  std::vector<ClipRecord> All() const;
  std::optional<ClipRecord> FindByName(const std::string& name) const;
  std::optional<ClipRecord> FindByPath(const std::string& path) const;
  std::optional<ClipRecord> FindBySha(const std::string& sha256) const;
  // The clean plate of a take: same scene and take first, then same scene.
  std::optional<ClipRecord> CleanPlateFor(const ClipRecord& clip) const;

  void AddPerson(int64_t clip_id, const std::string& person);
  std::vector<std::string> PeopleIn(int64_t clip_id) const;

 private:
  Database& database_;
};

}  // namespace shotfix::project
