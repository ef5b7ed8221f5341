// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "cli/command_table.h"
#include "shotfix/core/error.h"
#include "shotfix/project/clip_store.h"
#include "shotfix/project/hint_store.h"
#include "shotfix/project/run_store.h"

namespace shotfix::cli {
namespace {

void RunList(const GlobalOptions& global) {
  const project::Project project = OpenProject(global);
  const project::ClipStore clips(project);
  const project::HintStore hints(project);
  nlohmann::json json = {
      {"project", project.folder().string()}, {"clips", nlohmann::json::array()}, {"runs", nlohmann::json::array()}};
  std::string text = fmt::format("{}\n{:<24} {:<12} {:<8} {:<6} {:<14} {:<16} {}\n", project.folder().string(), "clip",
                                 "role", "scene", "take", "frames", "people", "painted");
  for (const project::ClipRecord& clip : clips.All()) {
    const nlohmann::json info = nlohmann::json::parse(clip.info_json);
    std::string people;
    for (const std::string& person : clips.PeopleIn(clip.id)) people += (people.empty() ? "" : ", ") + person;
    std::vector<int64_t> painted;
    for (const project::HintRecord& hint : hints.Of(clip.id, "matte")) painted.push_back(hint.frame);
    std::string frames;
    for (const int64_t frame : painted) frames += (frames.empty() ? "" : ",") + std::to_string(frame);
    json["clips"].push_back({{"name", clip.name},
                             {"path", clip.path},
                             {"role", project::ToString(clip.role)},
                             {"scene", clip.scene},
                             {"take", clip.take},
                             {"people", clips.PeopleIn(clip.id)},
                             {"painted", painted},
                             {"in_space", clip.in_space},
                             {"info", info}});
    text += fmt::format(
        "{:<24} {:<12} {:<8} {:<6} {:<14} {:<16} {}\n", clip.name, project::ToString(clip.role), clip.scene, clip.take,
        fmt::format("{}:{}", info["frames"][0].get<int64_t>(), info["frames"][1].get<int64_t>()), people, frames);
  }
  for (const project::RunRecord& run : project::RunStore(project).All()) {
    json["runs"].push_back({{"id", run.id},
                            {"command", run.command},
                            {"status", run.status},
                            {"started", run.started},
                            {"finished", run.finished},
                            {"options", nlohmann::json::parse(run.options_json)},
                            {"result", nlohmann::json::parse(run.result_json)}});
    text += fmt::format("run {:<4} {:<10} {:<8} {}\n", run.id, run.command, run.status, run.started);
  }
  PrintResult(global, json, text);
}

}  // namespace

void AddListCommand(const CommandHost& host) {
  CLI::App* app = host.app.add_subcommand("list", "Show the project's clips, painted mattes and runs");
  app->footer("Example: shotfix list --json");
  app->callback([host] { RunList(host.global); });
}

}  // namespace shotfix::cli
