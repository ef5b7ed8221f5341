// SPDX-License-Identifier: Apache-2.0
// `shotfix train`: from the catalogue to the production's mini-model.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "shotfix/model/mini_model.h"
#include "shotfix/project/project.h"
#include "shotfix/train/matte_trainer.h"

namespace shotfix::train {

struct TrainProjectOptions {
  std::string recipe = "standard";
  std::optional<double> budget_s;
  int64_t seed = 1;
  bool resume = false;
  bool use_clean_plates = true;
  std::vector<std::string> clips;  // names; empty: every clip with a painted matte
  c10::Device device{c10::DeviceType::CPU};
  bool dry_run = false;  // only say what would be used
};

// One row of the contact sheet: picture, painted matte, learned matte, difference; [3,h,w] each.
struct SheetRow {
  std::string label;
  std::vector<at::Tensor> pictures;
};

struct TrainProjectResult {
  MatteTrainingResult training;
  std::filesystem::path model_path;
  bool kept_old_head = false;  // stopped early: the finished head of before stays in the model
  std::vector<SheetRow> sheet;
  std::vector<std::string> used;  // "take_a: frames 3, 17; clean plate set_1"
};

std::filesystem::path ModelPath(const project::Project& project);
// Puts a head into the project's model, or takes the one of that name out; the other heads stay. Throws kNoPermission
// where the model belongs to another production.
void KeepHead(const project::Project& project, const std::string& name, const std::optional<model::Head>& head);
// Whether any of these clips (empty: of all) has a painted matte.
bool HasPaintedMattes(const project::Project& project, const std::vector<std::string>& clips);
// Reads nothing but catalogued clips whose people allow training; throws kNoPermission otherwise, kUsage without hints.
TrainProjectResult TrainProject(const project::Project& project, const TrainProjectOptions& options,
                                Progress& progress);

}  // namespace shotfix::train
