// SPDX-License-Identifier: Apache-2.0
// One pass at work: gathers the window, proposes, stabilises, and hands frames on in order.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "shotfix/pipeline/render.h"

namespace shotfix::pipeline {

// A frame on its way through the passes.
struct WorkFrame {
  image::Frame frame;     // rgb as the passes so far have left it; source as decoded
  at::Tensor source_rgb;  // rgb as decoded
  at::Tensor support;     // union of the passes' supports; undefined: nothing yet
  at::Tensor replaced;    // how much of the source fills have replaced
  image::Edit last_edit;
  double held_share = 0;                    // the largest of the passes'
  std::vector<media::PictureLayer> layers;  // of all passes so far, when they are wanted
  std::optional<c10::Device> parked_on;     // rgb was let go while the frame waits, and comes back to this device
};

// Over HD: such pictures are kept as few as can be.
inline bool IsLarge(const image::PixelLayout& layout) {
  return int64_t{layout.width} * layout.height > int64_t{2048} * 1200;
}

// Adds the time it lives to a named sum.
class StageTimer {
 public:
  StageTimer(std::map<std::string, double>& sums, std::string name) : sums_(sums), name_(std::move(name)) {}
  ~StageTimer() { sums_[name_] += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::map<std::string, double>& sums_;
  std::string name_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Frames go in with Push and come out of Pop as soon as their window is whole; Finish tells that no more come.
class PassStage {
 public:
  PassStage(const RenderPass& pass, bool layers, std::map<std::string, double>& seconds);
  void Push(WorkFrame frame);
  void Finish() { finished_ = true; }
  std::optional<WorkFrame> Pop();
  // Frames that it needs before (after) the one it puts out.
  static int ReachBefore(const RenderPass& pass) { return pass.traits.frames_before + pass.stabiliser.Radius(); }
  static int ReachAfter(const RenderPass& pass) { return pass.traits.frames_after + pass.stabiliser.Radius(); }

 private:
  void ProposeUpTo(int64_t end);
  image::Edit StableEdit(int64_t index);
  void DropOld();
  void Park(int64_t index);

  const RenderPass& pass_;
  bool layers_;
  std::map<std::string, double>& seconds_;
  std::unique_ptr<temporal::FlowEstimator> flow_;
  std::deque<WorkFrame> frames_;
  std::deque<temporal::WindowEntry> entries_;  // proposed so far, entries_[k] belongs to frames_[k]
  std::deque<temporal::FlowLink> links_;       // links_[k] joins frames_[k] and frames_[k+1]
  int64_t begin_ = 0;                          // running number of frames_.front()
  int64_t next_ = 0;                           // running number of the next frame to put out
  bool finished_ = false;
};

}  // namespace shotfix::pipeline
