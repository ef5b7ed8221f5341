// SPDX-License-Identifier: Apache-2.0
// `shotfix train` for eyes: from the catalogue to a gaze head for each person whose eyes somebody pointed at.
#pragma once

#include <c10/core/Device.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shotfix/core/progress.h"
#include "shotfix/project/project.h"

namespace shotfix::pipeline {

struct TrainGazeOptions {
  std::string recipe = "standard";
  std::optional<double> budget_s;  // for all heads together
  int64_t seed = 1;
  std::vector<std::string> clips;  // names; empty: every clip whose eyes are known
  std::set<int64_t> leave_out;     // frames of which no pair is made; the gathered pictures of the eyes still know them
  c10::Device device{c10::DeviceType::CPU};
  bool dry_run = false;  // only say what would be used
};

// What became of one person's head.
struct GazeHeadReport {
  std::string person;  // empty: nobody is recorded
  std::vector<std::string> clips;
  int64_t pairs = 0;
  bool kept = false;         // in the model; an older head of the person is taken out where the new one is not better
  double drawn_error = 0;    // mean absolute error x 1000 of held-out eyes, drawn without the head
  double learned_error = 0;  // and with it
  double seconds = 0;
  bool interrupted = false;
  std::string words;  // for people
};

// Clips whose eyes were pointed at, or located by an eyeline before; empty where there are none. Throws kNoInput for a
// name that is not in the catalogue.
std::vector<std::string> ClipsWithEyes(const project::Project& project, const std::vector<std::string>& names);

// Needs consent for training and for eyelines; a person without is left out and told of. Throws what reading the clips
// throws.
std::vector<GazeHeadReport> TrainGazeHeads(const project::Project& project, const TrainGazeOptions& options,
                                           Progress& progress);

}  // namespace shotfix::pipeline
