// SPDX-License-Identifier: Apache-2.0
// One frame's gain from the light that is there to the light that is wanted.
#pragma once

#include "passes/relight/analysis.h"
#include "passes/relight/gain.h"

namespace shotfix::passes::relight {

class RelightProposer final : public Proposer {
 public:
  RelightProposer(const RelightOptions& options, const RelightInputs& inputs, const model::MatteHead& head,
                  const image::Solution& solution);
  image::Edit Propose(const FrameWindow& window) const override;

 private:
  // Of the actor and of the set, [3,h,w] at the analysis size; a part that is left alone has zeros.
  struct Gains {
    at::Tensor actor, set;
  };
  LightChange Change() const;
  std::vector<MeteredFrame> MeteredFrames() const;
  FrameSurface SurfaceIn(const Sample& sample) const;
  Gains GainsOf(const Sample& sample, const at::Tensor& saturated) const;
  at::Tensor GainOfActor(const Sample& sample) const;
  at::Tensor NormalsOfSet(const Sample& sample) const;  // [3,h,w]
  at::Tensor GainToEdges(const Gains& gains, const at::Tensor& linear, const at::Tensor& matte, int64_t frame) const;
  void CarryEdges(const image::Frame& frame, const at::Tensor& matte, const Gains& gains, image::Edit& edit) const;
  double HeldShareOf(const Gains& gains, const at::Tensor& actor) const;
  at::Tensor SupportOf(const at::Tensor& matte) const;

  RelightOptions options_;
  const RelightInputs& inputs_;
  const model::MatteHead& head_;
  std::shared_ptr<image::FrameTrack> track_;
  ShotFacts facts_;
  std::optional<light::ColourTransfer> transfer_;  // in place of lights
  light::SceneLight wanted_;
  light::SceneLight found_on_set_, wanted_on_set_;
  at::Tensor contrast_;  // how the take looks under the shot's own light; undefined without a take
};

}  // namespace shotfix::passes::relight
