// SPDX-License-Identifier: Apache-2.0
// The end of a render: journal, record, statistics, encoder.
#pragma once

#include "pipeline/frame_pack.h"
#include "shotfix/pipeline/render.h"

namespace shotfix::pipeline {

// A finished frame on its way out.
struct OutputFrame {
  FinishedFrame finished;
  std::shared_ptr<const image::PixelPlanes> source;
  std::vector<uint8_t> captions;
  int64_t index = 0;
  bool held = false;
};

// One thread at a time.
class RenderOutput {
 public:
  RenderOutput(const RenderInputs& inputs, compliance::DeliverableWriter& writer, RenderStats& stats)
      : inputs_(inputs), writer_(writer), stats_(stats), journal_(inputs.journal) {}

  // Writes the frames that the journal has, from the first one on, and returns the first that has to be rendered.
  int64_t Replay(Progress& progress);
  void Put(OutputFrame frame);

 private:
  void Keep(const OutputFrame& frame);
  void Write(OutputFrame frame);
  const RenderInputs& inputs_;
  compliance::DeliverableWriter& writer_;
  RenderStats& stats_;
  project::RenderJournal* journal_;
};

}  // namespace shotfix::pipeline
