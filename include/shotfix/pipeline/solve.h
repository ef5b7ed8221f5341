// SPDX-License-Identifier: Apache-2.0
// Whole-shot analysis, made once and stored.
#pragma once

#include <string>

#include "shotfix/core/progress.h"
#include "shotfix/media/clip_info.h"
#include "shotfix/passes/edit_pass.h"
#include "shotfix/project/solution_store.h"

namespace shotfix::pipeline {

struct SolveInputs {
  const media::ClipInfo& clip;
  std::string clip_sha256;
  int long_side_px = 640;
};

// The stored solution of this clip, pass and settings, or a new one.
image::Solution SolveOrLoad(project::SolutionStore& store, const SolveInputs& inputs, const passes::EditPass& pass,
                            Progress& progress);

}  // namespace shotfix::pipeline
