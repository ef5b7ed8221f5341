// SPDX-License-Identifier: Apache-2.0
// Whose likeness may be altered or learned from, on what basis. Records what a production's lawyers decided; refuses
// the rest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shotfix/project/project.h"

namespace shotfix::compliance {

enum class Operation { kTraining, kBackground, kRelight, kEyeline, kDialogue, kCleaning, kIdentity };
std::string ToString(Operation operation);
Operation ParseOperation(const std::string& name);  // throws kUsage and lists the names

enum class Basis { kConsent, kAsScripted, kException };
std::string ToString(Basis basis);
Basis ParseBasis(const std::string& name);

// One line of the ledger.
struct ConsentEntry {
  std::string id;  // "c-1": given by the ledger
  std::string person;
  std::vector<Operation> operations;
  Basis basis = Basis::kConsent;
  std::string approver;         // needed for kException and kAsScripted
  std::string document;         // where the signed paper is; needed for kConsent
  std::string document_sha256;  // empty when the document is not a file
  std::string note;
  std::vector<std::string> scenes;  // empty: all of this production
  std::string expires;              // "YYYY-MM-DD", empty: with the production
  std::string time;                 // UTC, when it was entered

  void Validate() const;  // throws kUsage: names the field and what is allowed
};

// Proof that the ledger covers one use. Only the ledger makes one: code that alters or learns from a person takes it as
// a parameter and does not compile without.
class ConsentGrant {
 public:
  Operation operation() const { return operation_; }
  const std::vector<std::string>& entry_ids() const {
    return entry_ids_;
  }                                                    // empty: no performer is recorded on the footage
  const std::string& words() const { return words_; }  // for labels and logs; no personal data

 private:
  friend class ConsentLedger;
  ConsentGrant() = default;
  Operation operation_ = Operation::kTraining;
  std::vector<std::string> entry_ids_;
  std::string words_;
};

struct ConsentRefusal {
  std::string why;     // one sentence: which entry is missing or why one does not cover
  std::string remedy;  // the command that adds it
};

struct ConsentRequest {
  Operation operation = Operation::kTraining;
  std::vector<std::string> people;  // recorded on the footage
  std::string scene;
  std::string clip_name;
};

class ConsentLedger {
 public:
  explicit ConsentLedger(const project::Project& project) : project_(project) {}

  ConsentEntry Add(ConsentEntry entry);
  // Throws kData when the chain of hashes is broken.
  std::vector<ConsentEntry> All() const;
  std::variant<ConsentGrant, ConsentRefusal> Ask(const ConsentRequest& request) const;
  // The grant, or throws kNoPermission with refusal and remedy.
  ConsentGrant Require(const ConsentRequest& request) const;
  // The same for several operations at once: each must be covered. The grant is of the first, with all entries.
  ConsentGrant RequireAll(const std::vector<Operation>& operations, ConsentRequest request) const;

 private:
  const project::Project& project_;
};

}  // namespace shotfix::compliance
