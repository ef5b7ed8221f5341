// SPDX-License-Identifier: Apache-2.0
#include "shotfix/ingest/ingest.h"

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command_table.h"
#include "shotfix/core/error.h"
#include "shotfix/core/log.h"
#include "shotfix/image/colour.h"

namespace shotfix::cli {
namespace {

struct IngestCommand {
  ingest::IngestOptions options;
  std::string role = "dailies";
  std::string slate;
  bool no_locator = false;
};

int RunIngest(IngestCommand command, const GlobalOptions& global) {
  command.options.role = project::ParseRole(command.role);
  command.options.locate_faces = !command.no_locator;
  if (!command.slate.empty()) command.options.slate_log = command.slate;
  const project::Project project = OpenProject(global);
  const ingest::IngestReport report = ingest::Ingest(project, command.options, *MakeProgress(global));
  nlohmann::json json = {{"added", nlohmann::json::array()},
                         {"known", report.known},
                         {"problems", nlohmann::json::array()},
                         {"would_read", report.would_read}};
  std::string text;
  for (const project::ClipRecord& clip : report.added) {
    const nlohmann::json info = nlohmann::json::parse(clip.info_json);
    json["added"].push_back({{"name", clip.name},
                             {"path", clip.path},
                             {"sha256", clip.sha256},
                             {"info", info},
                             {"faces", nlohmann::json::parse(clip.faces_json)}});
    text +=
        fmt::format("{:<24} {} {} {} fps, frames {}:{}, {}\n", clip.name, info["layout"].get<std::string>(),
                    info["codec"].get<std::string>(), info["rate"].get<std::string>(), info["frames"][0].get<int64_t>(),
                    info["frames"][1].get<int64_t>(), info["colour"].get<std::string>());
  }
  for (const ingest::IngestProblem& problem : report.problems) {
    json["problems"].push_back({{"path", problem.path}, {"message", problem.message}});
    log::Warning("{}", problem.message);
  }
  for (const std::string& path : report.would_read) text += "would read " + path + "\n";
  text += fmt::format("{} added, {} known, {} could not be read\n", report.added.size(), report.known,
                      report.problems.size());
  PrintResult(global, json, text);
  return report.problems.empty() ? 0 : static_cast<int>(ErrorCode::kData);
}

}  // namespace

void AddIngestCommand(const CommandHost& host) {
  auto command = std::make_shared<IngestCommand>();
  ingest::IngestOptions& options = command->options;
  CLI::App* app = host.app.add_subcommand(
      "ingest", "Read footage into the catalogue; known content is skipped, bad files are reported");
  app->add_option("PATH", options.paths, "Files, sequences (NAME.%04d.exr) or folders")->required();
  app->add_option("--role", command->role, "dailies, clean-plate, light-reference, plate or adr")
      ->capture_default_str();
  app->add_option("--scene", options.scene, "Scene; a clean plate serves the takes of its scene");
  app->add_option("--take", options.take, "Take");
  app->add_option("--person", options.people, "Who is in it; may be given several times");
  app->add_option("--in-space", options.in_space, "What untagged footage is: " + image::ColourSpaceNames());
  app->add_option("--slate", command->slate, "ALE or CSV log with columns Name, Scene, Take");
  app->add_flag("--no-locator", command->no_locator, "Do not look for faces");
  app->add_flag("--dry-run", options.dry_run, "List what would be read");
  app->footer(
      "Example: shotfix ingest dailies/ --scene 12 --person \"Ada Example\"\nExit code 65 when a file could not be "
      "read; the others are in.");
  app->callback([command, host] { host.exit_code = RunIngest(*command, host.global); });
}

}  // namespace shotfix::cli
