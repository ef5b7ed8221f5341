// SPDX-License-Identifier: Apache-2.0
// The consent ledger's rows: append-only, each holding the hash of the one before it. Meaning belongs to `compliance`.
#pragma once

#include <string>
#include <vector>

#include "shotfix/project/project.h"

namespace shotfix::project {

struct ConsentRow {
  int64_t sequence = 0;
  std::string time;  // UTC
  std::string body_json;
  std::string previous_hash;
  std::string hash;  // SHA-256 of sequence, time, body and previous hash
};

class ConsentStore {
 public:
  explicit ConsentStore(const Project& project) : database_(project.database()) {}
  ConsentRow Append(const std::string& body_json);
  std::vector<ConsentRow> All() const;
  // The first row whose hash does not fit, or 0 when the chain is whole.
  int64_t FirstBroken() const;

 private:
  Database& database_;
};

}  // namespace shotfix::project
