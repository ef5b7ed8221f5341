// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command_table.h"
#include "shotfix/core/error.h"
#include "shotfix/core/stop.h"
#include "shotfix/image/device.h"
#include "shotfix/media/still.h"
#include "shotfix/pipeline/train_gaze.h"
#include "shotfix/pipeline/train_light.h"
#include "shotfix/project/run_store.h"
#include "shotfix/report/training_page.h"
#include "shotfix/train/train_project.h"

namespace shotfix::cli {
namespace {

struct TrainCommand {
  train::TrainProjectOptions options;
  std::string budget;
  std::vector<std::string> heads;
  std::vector<int64_t> leave_out;
  bool no_clean_plates = false;

  bool Wants(const char* head) const {
    return heads.empty() || std::find(heads.begin(), heads.end(), head) != heads.end();
  }
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

nlohmann::json OptionsJson(const TrainCommand& command) {
  const train::TrainProjectOptions& options = command.options;
  return {{"recipe", options.recipe},
          {"seed", options.seed},
          {"resume", options.resume},
          {"clips", options.clips},
          {"heads", command.heads},
          {"leave_out", command.leave_out},
          {"budget_s", options.budget_s.value_or(0)},
          {"clean_plates", options.use_clean_plates}};
}

// What a training has to say, for people and for machines.
struct Told {
  std::string text;
  nlohmann::json json;
};

void TellMatte(const train::TrainProjectResult& result, const std::filesystem::path& page, Told& told) {
  const train::MatteTrainingResult& training = result.training;
  told.json.update({{"model", result.model_path.string()},
                    {"page", page.string()},
                    {"steps", training.steps_done},
                    {"seconds", training.seconds},
                    {"held_out_mad", training.head.held_out_mad},
                    {"held_out", training.held_out},
                    {"stopped_early", training.stopped_early}});
  told.text += fmt::format("matte head: {} steps in {:.0f} s, held-out error {:.2f} x 1000 ({})\nmodel {}\npage  {}\n",
                           training.steps_done, training.seconds, training.head.held_out_mad, training.held_out,
                           result.model_path.string(), page.string());
}

void TellGaze(const std::vector<pipeline::GazeHeadReport>& reports, Told& told) {
  for (const pipeline::GazeHeadReport& report : reports) {
    told.json["gaze_heads"].push_back({{"person", report.person},
                                       {"clips", report.clips},
                                       {"pairs", report.pairs},
                                       {"kept", report.kept},
                                       {"held_out_drawn", report.drawn_error},
                                       {"held_out_learned", report.learned_error},
                                       {"seconds", report.seconds}});
    told.text += report.words + "\n";
  }
}

void TellLight(const std::vector<pipeline::LightHeadReport>& reports, Told& told) {
  for (const pipeline::LightHeadReport& report : reports) {
    told.json["light_heads"].push_back({{"person", report.person},
                                        {"takes", report.takes},
                                        {"held_out", report.exams},
                                        {"kept", report.kept},
                                        {"guessed_error_deg", report.guessed_error_deg},
                                        {"learned_error_deg", report.learned_error_deg},
                                        {"seconds", report.seconds}});
    told.text += report.words + "\n";
  }
}

// What the options of every head but the matte's have in common.
template <typename Options>
Options HeadOptions(const TrainCommand& command, double budget_share) {
  const train::TrainProjectOptions& options = command.options;
  Options head;
  head.recipe = options.recipe;
  head.seed = options.seed;
  head.clips = options.clips;
  head.device = options.device;
  head.dry_run = options.dry_run;
  if (options.budget_s) head.budget_s = *options.budget_s * budget_share;
  return head;
}

std::string WhatGoesOn(const train::TrainProjectResult& result) {
  return result.kept_old_head
             ? "training was stopped; the model keeps its finished head, \"shotfix train --resume\" goes on"
             : "training was stopped; the model has the best weights so far, \"shotfix train --resume\" goes on";
}

// Which heads there is material for.
struct Heads {
  bool matte = false;
  bool gaze = false;
  bool light = false;
};

Heads HeadsFor(const project::Project& project, const TrainCommand& command) {
  const std::vector<std::string>& clips = command.options.clips;
  Heads heads;
  heads.gaze = command.Wants("gaze") && !pipeline::ClipsWithEyes(project, clips).empty();
  heads.light = command.Wants("light") && !pipeline::TakesWithLights(project, clips).empty();
  // Without anything to learn from the mattes' own error says what is missing.
  heads.matte = command.Wants("matte") && (!(heads.gaze || heads.light) || train::HasPaintedMattes(project, clips));
  if (heads.matte || heads.gaze || heads.light) return heads;
  if (command.Wants("light"))
    Throw(ErrorCode::kUsage,
          "no light-reference take is known to learn a shape from; ingest one with --role light-reference, paint its "
          "matte and say its lamps with \"shotfix hint TAKE --lights FILE.csv\"");
  Throw(ErrorCode::kUsage,
        "no eyes are known to learn a gaze from; say where they are with \"shotfix hint CLIP --frame N --eyes "
        "X,Y,X,Y\"");
}

// A shape takes some hundred steps to learn: what a short budget leaves for it teaches nothing and is missed elsewhere.
void LeaveOutHurriedLight(const TrainCommand& command, double share, Heads& heads, Told& told) {
  constexpr double kLeastSeconds = 60;
  const std::optional<double>& budget = command.options.budget_s;
  if (!heads.light || !budget || *budget * share >= kLeastSeconds) return;
  if (!command.heads.empty() || !(heads.matte || heads.gaze)) return;  // asked for, or all there is
  heads.light = false;
  told.json["light_heads_left_out"] = "budget";
  told.text += fmt::format(
      "no light head: the budget leaves it {:.0f} s, it wants {:.0f}; \"shotfix train --head light\" trains it alone\n",
      *budget * share, kLeastSeconds);
}

template <typename Reports>
void ThrowIfInterrupted(const Reports& reports, const char* what) {
  if (std::any_of(reports.begin(), reports.end(), [](const auto& report) { return report.interrupted; }))
    throw Error(ErrorCode::kStopped,
                fmt::format("training the {} was stopped; the model keeps the heads it had", what));
}

void Train(const project::Project& project, TrainCommand& command, const GlobalOptions& global, Told& told) {
  constexpr double kGazeShare = 0.35;  // of a budget, where there are other heads too
  constexpr double kLightShare = 0.35;
  train::TrainProjectOptions& options = command.options;
  Heads heads = HeadsFor(project, command);
  const double light_share = heads.matte ? kLightShare : kLightShare / (kLightShare + (heads.gaze ? kGazeShare : 0.0));
  LeaveOutHurriedLight(command, light_share, heads, told);
  const double gaze_weight = heads.gaze ? kGazeShare : 0.0;
  const double light_weight = heads.light ? kLightShare : 0.0;
  const double all = heads.matte ? 1.0 : gaze_weight + light_weight;
  auto gaze_options = HeadOptions<pipeline::TrainGazeOptions>(command, gaze_weight / all);
  gaze_options.leave_out = {command.leave_out.begin(), command.leave_out.end()};
  const auto light_options = HeadOptions<pipeline::TrainLightOptions>(command, light_weight / all);
  if (heads.matte) {
    if (options.budget_s) *options.budget_s *= 1 - gaze_weight - light_weight;
    const train::TrainProjectResult result = train::TrainProject(project, options, *MakeProgress(global));
    if (options.dry_run) {
      told.json["would_use"] = result.used;
      for (const std::string& used : result.used) told.text += "would learn from " + used + "\n";
    } else {
      TellMatte(result, WritePage(project, result), told);
      if (result.training.interrupted) throw Error(ErrorCode::kStopped, WhatGoesOn(result));
    }
  }
  if (heads.gaze) {
    const auto reports = pipeline::TrainGazeHeads(project, gaze_options, *MakeProgress(global));
    TellGaze(reports, told);
    ThrowIfInterrupted(reports, "gaze");
  }
  if (heads.light) {
    const auto reports = pipeline::TrainLightHeads(project, light_options, *MakeProgress(global));
    TellLight(reports, told);
    ThrowIfInterrupted(reports, "shape");
  }
}

void RunTrain(TrainCommand command, const GlobalOptions& global) {
  train::TrainProjectOptions& options = command.options;
  options.device = image::SelectDevice(global.device);
  options.use_clean_plates = !command.no_clean_plates;
  if (!command.budget.empty()) options.budget_s = ParseDuration(command.budget);
  const project::Project project = OpenProject(global);
  Told told;
  if (options.dry_run) {
    Train(project, command, global, told);
    return PrintResult(global, told.json, told.text);
  }
  project::RunStore runs(project);
  const int64_t run = runs.Begin("train", OptionsJson(command).dump());
  try {
    Train(project, command, global, told);
  } catch (const std::exception& problem) {
    // What was trained before the stop is told all the same.
    if (!told.text.empty()) PrintResult(global, told.json, told.text);
    runs.End(run, StopRequested() ? "stopped" : "failed", nlohmann::json{{"error", problem.what()}}.dump());
    throw;
  }
  runs.End(run, "done", told.json.dump());
  PrintResult(global, told.json, told.text);
}

}  // namespace

void AddTrainCommand(const CommandHost& host) {
  auto command = std::make_shared<TrainCommand>();
  train::TrainProjectOptions& options = command->options;
  CLI::App* app = host.app.add_subcommand(
      "train", "Train this production's mini-model on its painted mattes, eyes and light-reference takes");
  app->add_option("--recipe", options.recipe, "fast, standard, hero or a .toml file")->capture_default_str();
  app->add_option("--budget", command->budget, "Wall time, such as 90s, 10m, 1h30m; the schedule is cut to fit");
  app->add_option("--seed", options.seed, "Same seed, same footage, same device: same model")->capture_default_str();
  app->add_option("--head", command->heads,
                  "Only this head: matte, gaze or light; without it, all there is material for")
      ->check(CLI::IsMember({"matte", "gaze", "light"}));
  app->add_option("--leave-out", command->leave_out,
                  "Frames of which no pair is made for a gaze head, to measure with them")
      ->delimiter(',');
  app->add_option("--clip", options.clips, "Only this clip; may be given several times");
  app->add_flag("--no-clean-plates", command->no_clean_plates, "Do not use clean-plate takes");
  app->add_flag("--resume", options.resume, "Go on from the last checkpoint to the same result");
  app->add_flag("--dry-run", options.dry_run, "Say what would be learned from");
  app->footer("Example: shotfix train --recipe fast --budget 3m");
  app->callback([command, host] { RunTrain(*command, host.global); });
}

}  // namespace shotfix::cli
