// SPDX-License-Identifier: Apache-2.0
// Trains the matte head on an editor's painted mattes of this production and on nothing else.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "shotfix/core/progress.h"
#include "shotfix/model/mini_model.h"
#include "shotfix/temporal/clean_plate.h"
#include "shotfix/temporal/propagate.h"
#include "shotfix/train/recipe.h"

namespace shotfix::train {

// One painted frame with what the network will have beside it. All at the analysis size, on the CPU.
struct MatteExample {
  std::string label;          // "take_3 frame 17"
  at::Tensor perceptual;      // [3,h,w] float32
  at::Tensor matte;           // [1,h,w] float32 in [0,1], painted
  temporal::PlateView plate;  // may be undefined
  temporal::Prior prior;      // from the other painted frames; may be undefined
};

struct TrainOptions {
  c10::Device device{c10::DeviceType::CPU};
  int64_t seed = 1;
  std::optional<double> budget_s;          // wall time; the schedule is cut to fit and still ends with a low rate
  std::filesystem::path checkpoint;        // written while training; empty: none
  bool resume = false;                     // go on from the checkpoint when it fits recipe, seed and examples
  std::optional<int64_t> stop_after_step;  // tests: leave as if interrupted, checkpoint written
};

struct MatteTrainingResult {
  model::Head head;  // best weights by held-out error
  int64_t steps_done = 0;
  bool interrupted = false;  // stopped by the user; the head is what was best so far
  bool stopped_early = false;
  double seconds = 0;
  std::string held_out;  // what was held out, in words
};

// Throws kUsage without examples, kStopped never (see `interrupted`).
MatteTrainingResult TrainMatteHead(const std::vector<MatteExample>& examples, const Recipe& recipe,
                                   const TrainOptions& options, Progress& progress);

}  // namespace shotfix::train
