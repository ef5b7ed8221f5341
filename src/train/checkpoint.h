// SPDX-License-Identifier: Apache-2.0
// Training state on disk: weights, their average, the optimiser's moments, the curve. Resuming continues to the same
// result.
#pragma once

#include <torch/optim/adamw.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "shotfix/model/matte_net.h"
#include "shotfix/model/mini_model.h"
#include "train/ema.h"

namespace shotfix::train {

struct TrainState {
  int64_t step = 0;
  int64_t planned_steps = 0;
  double seconds = 0;
  double best_mad = -1;
  int64_t since_best = 0;
  std::vector<model::CurvePoint> curve;
  std::map<std::string, torch::Tensor> best_weights;
};

// What a checkpoint must agree on to be gone on from: recipe, seed, examples.
struct Trainee {
  model::MatteNet& net;
  torch::optim::AdamW& optimiser;
  Ema& ema;
  std::string fingerprint;
};

void SaveCheckpoint(const std::filesystem::path& path, const Trainee& trainee, const TrainState& state);
// Nothing when there is no file or it belongs to another recipe, seed or set of examples.
std::optional<TrainState> LoadCheckpoint(const std::filesystem::path& path, const Trainee& trainee);

}  // namespace shotfix::train
