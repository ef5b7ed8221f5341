// SPDX-License-Identifier: Apache-2.0
#include "shotfix/image/colour.h"

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command_table.h"
#include "shotfix/core/error.h"
#include "shotfix/project/colour_rules.h"

namespace shotfix::cli {
namespace {

struct ColourCommand {
  project::ColourRule rule;
};

void RunList(const GlobalOptions& global) {
  const project::Project project = OpenProject(global);
  nlohmann::json json = {{"spaces", image::ColourSpaceNames()}, {"rules", nlohmann::json::array()}};
  std::string text = "spaces: " + image::ColourSpaceNames() + "\n        and those of the configuration in OCIO\n";
  for (const project::ColourRule& rule : project::ColourRules(project).All()) {
    json["rules"].push_back({{"match", rule.match}, {"space", rule.space}});
    text += fmt::format("rule:   {:<24} {}\n", rule.match, rule.space);
  }
  PrintResult(global, json, text);
}

void RunRule(const ColourCommand& command, const GlobalOptions& global) {
  image::ParseColourSpace(command.rule.space);
  const project::Project project = OpenProject(global);
  project::ColourRules(project).Put(command.rule);
  PrintResult(global, {{"match", command.rule.match}, {"space", command.rule.space}},
              fmt::format("footage that matches \"{}\" is {} from the next ingest on\n", command.rule.match,
                          command.rule.space));
}

void RunRemove(const ColourCommand& command, const GlobalOptions& global) {
  const project::Project project = OpenProject(global);
  if (!project::ColourRules(project).Remove(command.rule.match))
    Throw(ErrorCode::kNoInput, "there is no rule \"{}\"; \"shotfix colour list\" shows them", command.rule.match);
  PrintResult(global, {{"removed", command.rule.match}}, fmt::format("removed \"{}\"\n", command.rule.match));
}

}  // namespace

void AddColourCommand(const CommandHost& host) {
  auto command = std::make_shared<ColourCommand>();
  CLI::App* app = host.app.add_subcommand("colour", "What this production's cameras record: colour spaces and rules");
  app->require_subcommand(1);
  app->footer("Example: shotfix colour rule 'A0*' logc4");
  CLI::App* list = app->add_subcommand("list", "Colour spaces and the project's rules");
  list->footer("Example: shotfix colour list");
  list->callback([host] { RunList(host.global); });
  CLI::App* rule =
      app->add_subcommand("rule", "Say what a camera records; asked at ingest where --in-space is not given");
  rule->add_option("MATCH", command->rule.match,
                   "Shell pattern for the file's name, its reel, or what it says of its camera")
      ->required();
  rule->add_option("SPACE", command->rule.space,
                   image::ColourSpaceNames() + ", or a space of the configuration in OCIO")
      ->required();
  rule->footer("Example: shotfix colour rule '*ALEXA 35*' logc4");
  rule->callback([command, host] { RunRule(*command, host.global); });
  CLI::App* remove = app->add_subcommand("remove", "Take a rule back");
  remove->add_option("MATCH", command->rule.match, "As it was given")->required();
  remove->footer("Example: shotfix colour remove 'A0*'");
  remove->callback([command, host] { RunRemove(*command, host.global); });
}

}  // namespace shotfix::cli
