// SPDX-License-Identifier: Apache-2.0
// From one frame to the edit that puts the actor over the new plate.
#pragma once

#include "passes/background/analysis.h"
#include "shotfix/composite/foreground.h"

namespace shotfix::passes::background {

class BackgroundProposer final : public Proposer {
 public:
  BackgroundProposer(const BackgroundOptions& options, const BackgroundInputs& inputs, const model::MatteHead& head,
                     const image::Solution& solution);
  image::Edit Propose(const FrameWindow& window) const override;

 private:
  at::Tensor FullMatte(const image::Frame& frame, const at::Tensor& perceptual) const;
  at::Tensor Foreground(const image::Frame& frame, const at::Tensor& matte) const;
  void PutOverPlate(const image::Frame& frame, const at::Tensor& matte, image::Edit& edit) const;
  at::Tensor NewBackground(const image::Frame& frame) const;
  double PlateBlurSigma() const;

  BackgroundOptions options_;
  const BackgroundInputs& inputs_;
  const model::MatteHead& head_;
  std::shared_ptr<image::FrameTrack> track_;
  ShotFacts facts_;
  double plate_blur_px_ = 0;               // to soften the plate by: one value for the whole shot
  std::optional<int64_t> screen_channel_;  // 1 or 2 when the old background is a green or blue screen
};

}  // namespace shotfix::passes::background
