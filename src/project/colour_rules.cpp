// SPDX-License-Identifier: Apache-2.0
#include "shotfix/project/colour_rules.h"

#include <fnmatch.h>

#include "project/database.h"

namespace shotfix::project {

std::vector<ColourRule> ColourRules::All() const {
  std::vector<ColourRule> rules;
  Statement select = database_.Prepare("SELECT pattern, space FROM colour_rules ORDER BY id");
  while (select.Step()) rules.push_back({select.Text(0), select.Text(1)});
  return rules;
}

void ColourRules::Put(const ColourRule& rule) {
  Statement insert = database_.Prepare(
      "INSERT INTO colour_rules(pattern, space) VALUES(?,?) ON CONFLICT(pattern) DO UPDATE SET space = excluded.space");
  insert.Bind(1, rule.match).Bind(2, rule.space).Step();
}

bool ColourRules::Remove(const std::string& match) {
  database_.Prepare("DELETE FROM colour_rules WHERE pattern = ?").Bind(1, match).Step();
  return database_.Changes() > 0;
}

std::optional<std::string> ColourRules::SpaceFor(const std::vector<std::string>& names) const {
  for (const ColourRule& rule : All()) {
    for (const std::string& name : names) {
      if (fnmatch(rule.match.c_str(), name.c_str(), 0) == 0) return rule.space;
    }
  }
  return std::nullopt;
}

}  // namespace shotfix::project
