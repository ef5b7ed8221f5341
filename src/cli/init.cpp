// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command_table.h"
#include "shotfix/core/error.h"

namespace shotfix::cli {
namespace {

struct InitOptions {
  std::string name;
};

void RunInit(const InitOptions& options, const GlobalOptions& global) {
  std::filesystem::path folder = options.name;
  if (folder.extension() != ".shotfix") folder += ".shotfix";
  const project::Project project = project::Project::Create(folder);
  PrintResult(global, {{"project", project.folder().string()}, {"production_id", project.production_id()}},
              fmt::format("made {}\nnext: shotfix ingest FOLDER\n", project.folder().string()));
}

}  // namespace

void AddInitCommand(const CommandHost& host) {
  auto options = std::make_shared<InitOptions>();
  CLI::App* command = host.app.add_subcommand("init", "Make a project folder");
  command->add_option("NAME", options->name, "Becomes NAME.shotfix")->required();
  command->footer("Example: shotfix init the_show");
  command->callback([options, host] { RunInit(*options, host.global); });
}

}  // namespace shotfix::cli
