// SPDX-License-Identifier: Apache-2.0
// Trains an actor's gaze head on pairs of the actor's own frames, and says whether it is worth having.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "shotfix/core/progress.h"
#include "shotfix/model/mini_model.h"
#include "shotfix/train/head_train_options.h"
#include "shotfix/train/recipe.h"

namespace shotfix::train {

// One eye of frame `from`, drawn with the gaze that it has in frame `to`. Tensors are float32 on the CPU, at the grid
// of model::GazeHead.
struct GazeExample {
  int64_t from = 0;
  int64_t to = 0;
  at::Tensor input;   // [14,h,w]; its first three channels are the drawn eye less 0.5
  at::Tensor mask;    // [1,h,w] in [0,1]: where a head may act
  at::Tensor weight;  // [1,h,w]: what a miss costs
  at::Tensor target;  // [3,h,w] encoded: frame `to`, laid over frame `from`
};

inline constexpr int64_t kFewestGazePairs = 200;

struct GazeTrainingResult {
  model::Head head;          // best weights by held-out error
  double drawn_error = 0;    // mean absolute error x 1000 of the held-out pairs, as the model draws them
  double learned_error = 0;  // the same with the head
  int64_t teaching = 0;      // pairs
  int64_t held_out = 0;
  int64_t steps_done = 0;
  double seconds = 0;
  bool interrupted = false;
  // Whether the head is better by more than chance; else the model alone is to be used.
  bool worth_having() const { return learned_error < 0.97 * drawn_error; }
};

// Every fourth stretch of frames is held out: pairs within such stretches measure, pairs without any of their frames
// teach, what lies across is not used. Throws kUsage with fewer than kFewestGazePairs.
GazeTrainingResult TrainGazeHead(const std::vector<GazeExample>& examples, const Recipe& recipe,
                                 const HeadTrainOptions& options, Progress& progress);

}  // namespace shotfix::train
