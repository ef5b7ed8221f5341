// SPDX-License-Identifier: Apache-2.0
// Runs passes over a clip: one decode, windows, the temporal core, the compositor, one encode.
#pragma once

#include <c10/core/Device.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "shotfix/compliance/deliverable.h"
#include "shotfix/core/progress.h"
#include "shotfix/media/clip_info.h"
#include "shotfix/passes/edit_pass.h"
#include "shotfix/project/render_journal.h"
#include "shotfix/temporal/stabiliser.h"

namespace shotfix::pipeline {

struct RenderPass {
  passes::PassTraits traits;
  std::string label;  // of its layers: the name, numbered when a job has it twice
  std::unique_ptr<passes::Proposer> proposer;
  temporal::StabiliserOptions stabiliser;
};

struct RenderInputs {
  media::ClipInfo clip;
  FrameRange frames;               // to write; neighbours outside are read as needed
  std::vector<RenderPass> passes;  // in order: each sees the result of the one before
  c10::Device device{c10::DeviceType::CPU};
  bool linear_output = false;        // EXR: float planes of scene-linear light instead of the source's layout
  bool matte_only = false;           // write (1 - alpha) of the last pass as the alpha of the unchanged picture
  image::PixelLayout output_layout;  // from OutputLayout
  bool layers = false;               // hand each pass's edit to the writer as EXR layers
  std::shared_ptr<image::FrameTrack> support_record;  // receives the support of each frame, [1,H,W] uint8; may be null
  project::RenderJournal* journal = nullptr;          // finished frames to go on from; may be null
};

struct RenderStats {
  int64_t frames = 0;
  int64_t resumed_frames = 0;       // of them, those that an earlier, interrupted run had finished
  std::vector<int64_t> bad_frames;  // that did not decode, and were held or skipped
  int64_t altered_pixels = 0;
  int64_t pixels = 0;
  double held_share = 0;  // mean of image::Edit::held_share over the frames that this run rendered
  double seconds = 0;
  std::map<std::string, double>
      stage_seconds;  // "decode", "flow", "propose background", ...; of the stage's own thread

  double altered_share() const {
    return pixels > 0 ? static_cast<double>(altered_pixels) / static_cast<double>(pixels) : 0;
  }
};

// The layout that Render will hand to the writer.
image::PixelLayout OutputLayout(const media::ClipInfo& clip, bool linear_output, bool matte_only);
// Writes into `writer`, which the caller commits. Throws kStopped after finishing the frame at hand.
RenderStats Render(const RenderInputs& inputs, compliance::DeliverableWriter& writer, Progress& progress);

}  // namespace shotfix::pipeline
