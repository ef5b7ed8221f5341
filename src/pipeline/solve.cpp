// SPDX-License-Identifier: Apache-2.0
#include "shotfix/pipeline/solve.h"

#include "shotfix/core/hash.h"
#include "shotfix/core/stop.h"
#include "shotfix/media/shot_reader.h"

namespace shotfix::pipeline {

image::Solution SolveOrLoad(project::SolutionStore& store, const SolveInputs& inputs, const passes::EditPass& pass,
                            Progress& progress) {
  const std::string key =
      HashText(inputs.clip_sha256 + "\n" + inputs.clip.space.ToString() + "\n" + pass.AnalysisKey());
  if (std::optional<image::Solution> stored = store.Find(key)) return *stored;
  const std::unique_ptr<image::ShotReader> reader =
      media::OpenShotReader(inputs.clip, inputs.clip.frames, inputs.long_side_px);
  return store.Make(key, [&](const std::shared_ptr<image::FrameTrack>& track) {
    return pass.Analyse(*reader, track, [&](const char* stage, int64_t done, int64_t total) {
      ThrowIfStopped();
      progress.Update(stage, done, total, "");
    });
  });
}

}  // namespace shotfix::pipeline
