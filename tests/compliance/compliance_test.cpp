// SPDX-License-Identifier: Apache-2.0
#include <type_traits>
#include "support/test.h"

#include "shotfix/compliance/consent.h"
#include "shotfix/core/error.h"
#include "support/temp_dir.h"

namespace shotfix::compliance {

static_assert(!std::is_default_constructible_v<ConsentGrant>, "only the ledger makes a grant");

namespace {

ConsentEntry Entry(const std::string& person, std::vector<Operation> operations) {
  ConsentEntry entry;
  entry.person = person;
  entry.operations = std::move(operations);
  entry.document = "binder 4, page 2";
  return entry;
}

}  // namespace

TEST_CASE("a use is refused until the ledger covers person, operation, scene and date", "[compliance]") {
  const testing::TempDir folder;
  const project::Project project = project::Project::Create(folder / "p.shotfix");
  ConsentLedger ledger(project);
  const ConsentRequest request{Operation::kTraining, {"Ada"}, "12", "take_3"};
  const auto refusal = ledger.Ask(request);
  REQUIRE(std::holds_alternative<ConsentRefusal>(refusal));
  CHECK(std::get<ConsentRefusal>(refusal).remedy.find("shotfix consent add --person \"Ada\"") != std::string::npos);

  ledger.Add(Entry("Ada", {Operation::kBackground}));
  CHECK(std::holds_alternative<ConsentRefusal>(ledger.Ask(request)));
  ConsentEntry other_scene = Entry("Ada", {Operation::kTraining});
  other_scene.scenes = {"13"};
  ledger.Add(other_scene);
  CHECK(std::holds_alternative<ConsentRefusal>(ledger.Ask(request)));
  ConsentEntry expired = Entry("Ada", {Operation::kTraining});
  expired.expires = "2020-01-01";
  ledger.Add(expired);
  CHECK(std::holds_alternative<ConsentRefusal>(ledger.Ask(request)));
  ledger.Add(Entry("Ada", {Operation::kTraining}));
  const auto grant = ledger.Ask(request);
  REQUIRE(std::holds_alternative<ConsentGrant>(grant));
  CHECK(std::get<ConsentGrant>(grant).entry_ids() == std::vector<std::string>{"c-4"});
}

TEST_CASE("every person on the footage must be covered", "[compliance]") {
  const testing::TempDir folder;
  const project::Project project = project::Project::Create(folder / "p.shotfix");
  ConsentLedger ledger(project);
  ledger.Add(Entry("Ada", {Operation::kBackground}));
  CHECK_THROWS_WITH(ledger.Require({Operation::kBackground, {"Ada", "Ben"}, "", "c"}), Catch::Contains("Ben"));
  CHECK_NOTHROW(ledger.Require({Operation::kBackground, {}, "", "c"}));
}

TEST_CASE("entries that say too little are refused", "[compliance]") {
  ConsentEntry entry = Entry("Ada", {Operation::kBackground});
  entry.document.clear();
  CHECK_THROWS_AS(entry.Validate(), Error);
  entry.basis = Basis::kException;
  CHECK_THROWS_AS(entry.Validate(), Error);
  entry.approver = "line producer";
  CHECK_NOTHROW(entry.Validate());
  entry.expires = "soon";
  CHECK_THROWS_AS(entry.Validate(), Error);
}

}  // namespace shotfix::compliance
