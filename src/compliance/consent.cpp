// SPDX-License-Identifier: Apache-2.0
#include "shotfix/compliance/consent.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <regex>

#include "shotfix/core/error.h"
#include "shotfix/project/consent_store.h"

namespace shotfix::compliance {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::pair<Operation, const char*>, 7> kOperations = {{{Operation::kTraining, "training"},
                                                                           {Operation::kBackground, "background"},
                                                                           {Operation::kRelight, "relight"},
                                                                           {Operation::kEyeline, "eyeline"},
                                                                           {Operation::kDialogue, "dialogue"},
                                                                           {Operation::kCleaning, "cleaning"},
                                                                           {Operation::kIdentity, "identity"}}};
constexpr std::array<std::pair<Basis, const char*>, 3> kBases = {
    {{Basis::kConsent, "consent"}, {Basis::kAsScripted, "as-scripted"}, {Basis::kException, "exception"}}};

template <typename Table, typename Value>
std::string NameIn(const Table& table, Value value) {
  for (const auto& [known, name] : table) {
    if (known == value) return name;
  }
  return "unknown";
}

template <typename Table>
auto ValueIn(const Table& table, const char* what, const std::string& name) {
  std::string names;
  for (const auto& [value, known] : table) {
    if (name == known) return value;
    names += (names.empty() ? "" : ", ") + std::string(known);
  }
  Throw(ErrorCode::kUsage, "{} \"{}\" is not known; use one of {}", what, name, names);
}

Json ToJson(const ConsentEntry& entry) {
  Json operations = Json::array();
  for (const Operation operation : entry.operations) operations.push_back(ToString(operation));
  return {{"person", entry.person},     {"operations", operations},   {"basis", ToString(entry.basis)},
          {"approver", entry.approver}, {"document", entry.document}, {"document_sha256", entry.document_sha256},
          {"note", entry.note},         {"scenes", entry.scenes},     {"expires", entry.expires}};
}

ConsentEntry FromRow(const project::ConsentRow& row) {
  const Json json = Json::parse(row.body_json);
  ConsentEntry entry;
  entry.id = "c-" + std::to_string(row.sequence);
  entry.time = row.time;
  entry.person = json.at("person");
  for (const Json& name : json.at("operations")) entry.operations.push_back(ParseOperation(name));
  entry.basis = ParseBasis(json.at("basis"));
  entry.approver = json.at("approver");
  entry.document = json.at("document");
  entry.document_sha256 = json.at("document_sha256");
  entry.note = json.at("note");
  entry.scenes = json.at("scenes").get<std::vector<std::string>>();
  entry.expires = json.at("expires");
  return entry;
}

// Why this entry does not cover the request; empty when it does.
std::string Obstacle(const ConsentEntry& entry, const ConsentRequest& request) {
  if (std::find(entry.operations.begin(), entry.operations.end(), request.operation) == entry.operations.end()) {
    return fmt::format("entry {} does not cover {}", entry.id, ToString(request.operation));
  }
  if (!entry.expires.empty() && entry.expires < project::NowUtc().substr(0, 10))
    return fmt::format("entry {} expired on {}", entry.id, entry.expires);
  if (!entry.scenes.empty() &&
      std::find(entry.scenes.begin(), entry.scenes.end(), request.scene) == entry.scenes.end()) {
    return fmt::format("entry {} is for other scenes", entry.id);
  }
  return {};
}

}  // namespace

std::string ToString(Operation operation) { return NameIn(kOperations, operation); }
Operation ParseOperation(const std::string& name) { return ValueIn(kOperations, "operation", name); }
std::string ToString(Basis basis) { return NameIn(kBases, basis); }
Basis ParseBasis(const std::string& name) { return ValueIn(kBases, "basis", name); }

void ConsentEntry::Validate() const {
  if (person.empty()) Throw(ErrorCode::kUsage, "--person is empty; name the performer as at ingest");
  if (operations.empty())
    Throw(ErrorCode::kUsage, "--operations is empty; for example --operations training,background");
  if (basis == Basis::kConsent && document.empty()) {
    Throw(ErrorCode::kUsage, "--basis consent needs --document: where the signed consent is kept");
  }
  if (basis != Basis::kConsent && approver.empty())
    Throw(ErrorCode::kUsage, "--basis {} needs --approver: who decided it", ToString(basis));
  if (!expires.empty() && !std::regex_match(expires, std::regex("[0-9]{4}-[0-9]{2}-[0-9]{2}"))) {
    Throw(ErrorCode::kUsage, "--expires is \"{}\"; write YYYY-MM-DD", expires);
  }
}

ConsentEntry ConsentLedger::Add(ConsentEntry entry) {
  entry.Validate();
  return FromRow(project::ConsentStore(project_).Append(ToJson(entry).dump()));
}

std::vector<ConsentEntry> ConsentLedger::All() const {
  const project::ConsentStore store(project_);
  if (const int64_t broken = store.FirstBroken()) {
    Throw(ErrorCode::kData,
          "the consent ledger does not add up from entry c-{} on: somebody changed it outside shotfix; restore it from "
          "a backup",
          broken);
  }
  std::vector<ConsentEntry> entries;
  for (const project::ConsentRow& row : store.All()) entries.push_back(FromRow(row));
  return entries;
}

std::variant<ConsentGrant, ConsentRefusal> ConsentLedger::Ask(const ConsentRequest& request) const {
  ConsentGrant grant;
  grant.operation_ = request.operation;
  const std::vector<ConsentEntry> entries = All();
  for (const std::string& person : request.people) {
    std::string why = fmt::format("the ledger has no entry for \"{}\"", person);
    bool covered = false;
    for (const ConsentEntry& entry : entries) {
      if (entry.person != person || covered) continue;
      const std::string obstacle = Obstacle(entry, request);
      covered = obstacle.empty();
      if (covered) grant.entry_ids_.push_back(entry.id);
      else why = fmt::format("for \"{}\" {}", person, obstacle);
    }
    if (!covered) {
      return ConsentRefusal{
          why, fmt::format("shotfix consent add --person \"{}\" --operations {} --basis consent --document FILE",
                           person, ToString(request.operation))};
    }
  }
  grant.words_ = grant.entry_ids_.empty() ? "no performer is recorded on this footage"
                                          : fmt::format("covered by {} ledger entries", grant.entry_ids_.size());
  return grant;
}

ConsentGrant ConsentLedger::Require(const ConsentRequest& request) const {
  const std::variant<ConsentGrant, ConsentRefusal> answer = Ask(request);
  if (const auto* refusal = std::get_if<ConsentRefusal>(&answer)) {
    Throw(ErrorCode::kNoPermission, "{} on \"{}\" is refused: {}; if it was agreed, record it: {}",
          ToString(request.operation), request.clip_name, refusal->why, refusal->remedy);
  }
  return std::get<ConsentGrant>(answer);
}

ConsentGrant ConsentLedger::RequireAll(const std::vector<Operation>& operations, ConsentRequest request) const {
  SHOTFIX_CHECK(!operations.empty());
  std::optional<ConsentGrant> all;
  for (const Operation operation : operations) {
    request.operation = operation;
    const ConsentGrant grant = Require(request);
    if (!all) all = grant;
    for (const std::string& id : grant.entry_ids_) {
      const bool known = std::find(all->entry_ids_.begin(), all->entry_ids_.end(), id) != all->entry_ids_.end();
      if (!known) all->entry_ids_.push_back(id);
    }
  }
  if (!all->entry_ids_.empty()) all->words_ = fmt::format("covered by {} ledger entries", all->entry_ids_.size());
  return *all;
}

}  // namespace shotfix::compliance
