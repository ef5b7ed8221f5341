// SPDX-License-Identifier: Apache-2.0
// Trains an actor's light head on light-reference takes of that actor, and says whether it is worth having.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "shotfix/core/progress.h"
#include "shotfix/model/mini_model.h"
#include "shotfix/train/head_train_options.h"
#include "shotfix/train/recipe.h"

namespace shotfix::train {

// A solved take: float32 on the CPU, one size, scene-linear.
struct LightLesson {
  at::Tensor normals;                // [3,h,w]
  at::Tensor albedo;                 // [3,h,w]
  at::Tensor heights;                // [1,h,w] px
  at::Tensor mask;                   // [1,h,w]
  std::vector<at::Tensor> pictures;  // [3,h,w] each: under the take's own lamps
};

// A picture that teaches nothing: what the head says of it is measured.
struct LightExam {
  at::Tensor linear;   // [3,h,w]
  at::Tensor mask;     // [1,h,w]
  at::Tensor truth;    // [3,h,w] normals
  at::Tensor known;    // [1,h,w] in [0,1]: where they are true
  at::Tensor guessed;  // [3,h,w] normals that stand without a head
};

struct LightTrainingResult {
  model::Head head;              // best weights by held-out error
  double guessed_error_deg = 0;  // mean over the exams, as it stands without a head
  double learned_error_deg = 0;  // and with it
  int64_t held_out = 0;          // exams
  int64_t steps_done = 0;
  double seconds = 0;
  bool interrupted = false;
  bool worth_having() const { return learned_error_deg < 0.9 * guessed_error_deg; }
};

// Lessons are turned, framed and lit anew; nothing else is learned from. Throws kUsage without a lesson or an exam.
LightTrainingResult TrainLightHead(const std::vector<LightLesson>& lessons, const std::vector<LightExam>& exams,
                                   const Recipe& recipe, const HeadTrainOptions& options, Progress& progress);

}  // namespace shotfix::train
