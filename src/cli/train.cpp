// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command_table.h"
#include "shotfix/core/error.h"
#include "shotfix/core/stop.h"
#include "shotfix/image/device.h"
#include "shotfix/media/still.h"
#include "shotfix/project/run_store.h"
#include "shotfix/report/training_page.h"
#include "shotfix/train/train_project.h"

namespace shotfix::cli {
namespace {

struct TrainCommand {
  train::TrainProjectOptions options;
  std::string budget;
  bool no_clean_plates = false;
};

std::filesystem::path WritePage(const project::Project& project, const train::TrainProjectResult& result) {
  const train::MatteTrainingResult& training = result.training;
  report::TrainingPage page;
  page.title = "shotfix: matte head";
  page.facts = {{"recipe", training.head.recipe},
                {"steps", std::to_string(training.steps_done)},
                {"seconds", fmt::format("{:.0f}", training.seconds)},
                {"held out", training.held_out},
                {"held-out error x 1000", fmt::format("{:.2f}", training.head.held_out_mad)}};
  for (const std::string& used : result.used) page.facts.emplace_back("learned from", used);
  for (const model::CurvePoint& point : training.head.curve)
    page.curve.push_back({point.step, point.loss, point.held_out_mad});
  page.columns = {"picture", "painted", "learned (without its own paint)", "difference x 4"};
  for (const train::SheetRow& row : result.sheet) page.sheet.push_back({row.label, row.pictures});
  const std::filesystem::path path = project.Subfolder("reports") / "training_matte.html";
  report::WriteTrainingPage(path, page, media::EncodePng);
  return path;
}

void RunTrain(TrainCommand command, const GlobalOptions& global) {
  train::TrainProjectOptions& options = command.options;
  options.device = image::SelectDevice(global.device);
  options.use_clean_plates = !command.no_clean_plates;
  if (!command.budget.empty()) options.budget_s = ParseDuration(command.budget);
  const project::Project project = OpenProject(global);
  if (options.dry_run) {
    const train::TrainProjectResult plan = train::TrainProject(project, options, *MakeProgress(global));
    std::string text;
    for (const std::string& used : plan.used) text += "would learn from " + used + "\n";
    return PrintResult(global, {{"would_use", plan.used}}, text);
  }
  project::RunStore runs(project);
  const int64_t run = runs.Begin("train", nlohmann::json{{"recipe", options.recipe},
                                                         {"seed", options.seed},
                                                         {"resume", options.resume},
                                                         {"clips", options.clips},
                                                         {"budget_s", options.budget_s.value_or(0)},
                                                         {"clean_plates", options.use_clean_plates}}
                                              .dump());
  train::TrainProjectResult result;
  try {
    result = train::TrainProject(project, options, *MakeProgress(global));
  } catch (const std::exception& problem) {
    runs.End(run, StopRequested() ? "stopped" : "failed", nlohmann::json{{"error", problem.what()}}.dump());
    throw;
  }
  const train::MatteTrainingResult& training = result.training;
  const std::filesystem::path page = WritePage(project, result);
  const nlohmann::json json = {{"model", result.model_path.string()},
                               {"page", page.string()},
                               {"steps", training.steps_done},
                               {"seconds", training.seconds},
                               {"held_out_mad", training.head.held_out_mad},
                               {"held_out", training.held_out},
                               {"stopped_early", training.stopped_early}};
  runs.End(run, training.interrupted ? "stopped" : "done", json.dump());
  PrintResult(global, json,
              fmt::format("matte head: {} steps in {:.0f} s, held-out error {:.2f} x 1000 ({})\nmodel {}\npage  {}\n",
                          training.steps_done, training.seconds, training.head.held_out_mad, training.held_out,
                          result.model_path.string(), page.string()));
  if (training.interrupted)
    throw Error(
        ErrorCode::kStopped,
        result.kept_old_head
            ? "training was stopped; the model keeps its finished head, \"shotfix train --resume\" goes on"
            : "training was stopped; the model has the best weights so far, \"shotfix train --resume\" goes on");
}

}  // namespace

void AddTrainCommand(const CommandHost& host) {
  auto command = std::make_shared<TrainCommand>();
  train::TrainProjectOptions& options = command->options;
  CLI::App* app = host.app.add_subcommand("train", "Train this production's mini-model on its painted mattes");
  app->add_option("--recipe", options.recipe, "fast, standard, hero or a .toml file")->capture_default_str();
  app->add_option("--budget", command->budget, "Wall time, such as 90s, 10m, 1h30m; the schedule is cut to fit");
  app->add_option("--seed", options.seed, "Same seed, same footage, same device: same model")->capture_default_str();
  app->add_option("--clip", options.clips, "Only this clip; may be given several times");
  app->add_flag("--no-clean-plates", command->no_clean_plates, "Do not use clean-plate takes");
  app->add_flag("--resume", options.resume, "Go on from the last checkpoint to the same result");
  app->add_flag("--dry-run", options.dry_run, "Say what would be learned from");
  app->footer("Example: shotfix train --recipe fast --budget 3m");
  app->callback([command, host] { RunTrain(*command, host.global); });
}

}  // namespace shotfix::cli
