// SPDX-License-Identifier: Apache-2.0
// `shotfix train` for shapes: from light-reference takes to a light head for each person who has one.
#pragma once

#include <c10/core/Device.h>

#include <optional>
#include <string>
#include <vector>

#include "shotfix/core/progress.h"
#include "shotfix/project/project.h"

namespace shotfix::pipeline {

struct TrainLightOptions {
  std::string recipe = "standard";
  std::optional<double> budget_s;  // for all heads together
  int64_t seed = 1;
  std::vector<std::string> clips;  // names; empty: every take, and every clip with painted mattes to measure by
  c10::Device device{c10::DeviceType::CPU};
  bool dry_run = false;  // only say what would be used
};

// What became of one person's head.
struct LightHeadReport {
  std::string person;
  std::vector<std::string> takes;  // that taught
  std::vector<std::string> exams;  // clips that measured
  bool kept = false;               // in the model; an older head is taken out where the new one is not better
  double guessed_error_deg = 0;    // of held-out normals, guessed from the outline
  double learned_error_deg = 0;    // and with the head
  double seconds = 0;
  bool interrupted = false;
  std::string words;  // for people
};

// Painted light-reference takes of one person whose lamps are known; empty where there are none.
std::vector<std::string> TakesWithLights(const project::Project& project, const std::vector<std::string>& names);

// A head is kept only where it is better than the inflated outline on what it never saw: another light-reference take
// where a person has two (the newest is held out), else painted frames of shots in which the take can be found again.
// Needs consent for training and for relighting; a clip without, or one that cannot be read, is left out and told of.
std::vector<LightHeadReport> TrainLightHeads(const project::Project& project, const TrainLightOptions& options,
                                             Progress& progress);

}  // namespace shotfix::pipeline
