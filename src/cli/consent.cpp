// SPDX-License-Identifier: Apache-2.0
#include "shotfix/compliance/consent.h"

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command_table.h"
#include "shotfix/core/error.h"
#include "shotfix/core/hash.h"

namespace shotfix::cli {
namespace {

struct ConsentCommand {
  compliance::ConsentEntry entry;
  std::vector<std::string> operations;
  std::string basis = "consent";
};

std::string OperationsOf(const compliance::ConsentEntry& entry) {
  std::string names;
  for (const compliance::Operation operation : entry.operations)
    names += (names.empty() ? "" : ",") + compliance::ToString(operation);
  return names;
}

nlohmann::json ToJson(const compliance::ConsentEntry& entry) {
  return {{"id", entry.id},
          {"person", entry.person},
          {"operations", OperationsOf(entry)},
          {"basis", compliance::ToString(entry.basis)},
          {"approver", entry.approver},
          {"document", entry.document},
          {"document_sha256", entry.document_sha256},
          {"scenes", entry.scenes},
          {"expires", entry.expires},
          {"note", entry.note},
          {"time", entry.time}};
}

void RunAdd(ConsentCommand command, const GlobalOptions& global) {
  for (const std::string& name : command.operations)
    command.entry.operations.push_back(compliance::ParseOperation(name));
  command.entry.basis = compliance::ParseBasis(command.basis);
  if (std::filesystem::is_regular_file(command.entry.document))
    command.entry.document_sha256 = HashFile(command.entry.document);
  const project::Project project = OpenProject(global);
  const compliance::ConsentEntry entry = compliance::ConsentLedger(project).Add(command.entry);
  PrintResult(global, ToJson(entry),
              fmt::format("{}: {} may be used for {} ({})\n", entry.id, entry.person, OperationsOf(entry),
                          compliance::ToString(entry.basis)));
}

void RunConsentList(const GlobalOptions& global) {
  const project::Project project = OpenProject(global);
  nlohmann::json json = {{"entries", nlohmann::json::array()}};
  std::string text;
  for (const compliance::ConsentEntry& entry : compliance::ConsentLedger(project).All()) {
    json["entries"].push_back(ToJson(entry));
    text += fmt::format("{:<6} {} {:<20} {:<24} {:<12} {}\n", entry.id, entry.time, entry.person, OperationsOf(entry),
                        compliance::ToString(entry.basis), entry.expires);
  }
  PrintResult(global, json, text.empty() ? "the ledger is empty\n" : text);
}

}  // namespace

void AddConsentCommand(const CommandHost& host) {
  auto command = std::make_shared<ConsentCommand>();
  CLI::App* app = host.app.add_subcommand("consent", "The ledger of who agreed to what");
  app->require_subcommand(1);
  CLI::App* add = app->add_subcommand("add", "Add an entry; entries are never changed or removed");
  add->add_option("--person", command->entry.person, "As named at ingest")->required();
  add->add_option("--operations", command->operations, "training, background, relight, eyeline, dialogue, cleaning")
      ->required()
      ->delimiter(',');
  add->add_option("--basis", command->basis, "consent, as-scripted or exception")->capture_default_str();
  add->add_option("--document", command->entry.document,
                  "The signed consent: a file (its hash is kept) or where it is");
  add->add_option("--approver", command->entry.approver, "Who decided, for as-scripted and exception");
  add->add_option("--scenes", command->entry.scenes, "Only these scenes")->delimiter(',');
  add->add_option("--expires", command->entry.expires, "YYYY-MM-DD");
  add->add_option("--note", command->entry.note, "Anything else");
  add->footer(
      "Example: shotfix consent add --person \"Ada Example\" --operations training,background --document rider.pdf");
  add->callback([command, host] { RunAdd(*command, host.global); });
  CLI::App* list = app->add_subcommand("list", "Show the ledger and check its chain");
  list->callback([host] { RunConsentList(host.global); });
}

}  // namespace shotfix::cli
