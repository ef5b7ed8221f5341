// SPDX-License-Identifier: Apache-2.0
// The production's word on what its cameras record: colour that no tag can say is a rule, never a guess.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shotfix/project/project.h"

namespace shotfix::project {

struct ColourRule {
  std::string match;  // shell pattern for a file name, a reel, or what a file says of its camera: "A0*", "*ALEXA 35*"
  std::string space;  // name of --in-space
};

class ColourRules {
 public:
  explicit ColourRules(const Project& project) : database_(project.database()) {}
  std::vector<ColourRule> All() const;
  void Put(const ColourRule& rule);       // replaces the rule with the same pattern
  bool Remove(const std::string& match);  // false when there was none
  // The space of the first rule that matches one of the names; patterns in the order of their making.
  std::optional<std::string> SpaceFor(const std::vector<std::string>& names) const;

 private:
  Database& database_;
};

}  // namespace shotfix::project
