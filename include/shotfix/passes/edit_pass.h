// SPDX-License-Identifier: Apache-2.0
// The contract of a pass: it sees frames and its solution, and proposes edits. It never sees files, the database or
// other passes.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "shotfix/image/edit.h"
#include "shotfix/image/frame.h"
#include "shotfix/image/solution.h"

namespace shotfix::passes {

struct PassTraits {
  std::string name;       // of the subcommand
  int frames_before = 0;  // that Propose needs around a frame
  int frames_after = 0;
  bool alters_person = false;      // then the factory takes a ConsentGrant
  std::vector<std::string> heads;  // of the mini-model
};

// Frames around the one that is edited; fewer at the ends of the shot.
struct FrameWindow {
  std::span<const image::Frame> frames;
  size_t centre = 0;

  const image::Frame& current() const { return frames[centre]; }
};

// Pure: the same window gives the same edit, whatever was proposed before.
class Proposer {
 public:
  virtual ~Proposer() = default;
  virtual image::Edit Propose(const FrameWindow& window) const = 0;
};

using AnalysisProgress = std::function<void(const char* stage, int64_t done, int64_t total)>;

class EditPass {
 public:
  virtual ~EditPass() = default;
  virtual PassTraits Traits() const = 0;
  // Text that names everything, beside the frames, that the solution depends on; the pipeline hashes it into the key.
  virtual std::string AnalysisKey() const = 0;
  // The whole shot, once. Writes one small picture a frame into `track`.
  virtual image::Solution Analyse(image::ShotReader& shot, const std::shared_ptr<image::FrameTrack>& track,
                                  const AnalysisProgress& progress) const = 0;
  // Unpacks the solution once for many frames. Throws kData when it is of another version.
  virtual std::unique_ptr<Proposer> Bind(const image::Solution& solution) const = 0;
};

}  // namespace shotfix::passes
