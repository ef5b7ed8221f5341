// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "passes/eyeline/proposal.h"
#include "passes/eyeline/stored.h"
#include "passes/eyeline/targets.h"
#include "shotfix/core/error.h"

namespace shotfix::passes {
namespace {

class EyelinePass final : public EditPass {
 public:
  EyelinePass(const EyelineOptions& options, EyelineInputs inputs) : options_(options), inputs_(std::move(inputs)) {}

  PassTraits Traits() const override { return {"eyeline", 0, 0, true, {}}; }

  std::string AnalysisKey() const override {
    const gaze::EyeHint& eyes = inputs_.fit.eyes;
    nlohmann::json key = {{"pass", "eyeline"},
                          {"version", eyeline::kSolutionVersion},
                          {"frame", eyes.frame},
                          {"eyes", {eyes.eyes[0].x, eyes.eyes[0].y, eyes.eyes[1].x, eyes.eyes[1].y}},
                          {"travel", inputs_.fit.travel.value_or(0)}};
    for (const gaze::KnownGaze& known : inputs_.fit.known)
      key["known"].push_back({known.frame, known.gaze.yaw_deg, known.gaze.pitch_deg});
    return key.dump();
  }

  image::Solution Analyse(image::ShotReader& shot, const std::shared_ptr<image::FrameTrack>& track,
                          const AnalysisProgress& progress) const override {
    image::Solution solution = eyeline::Pack(gaze::FitShot(shot, inputs_.fit, progress));
    solution.track = track;
    return solution;
  }

  std::unique_ptr<Proposer> Bind(const image::Solution& solution) const override {
    return std::make_unique<eyeline::EyelineProposer>(options_, eyeline::Unpack(solution), inputs_.head);
  }

 private:
  EyelineOptions options_;
  EyelineInputs inputs_;
};

}  // namespace

gaze::ShotGaze FoundGaze(const image::Solution& solution) { return eyeline::Unpack(solution); }

std::unique_ptr<EditPass> MakeEyelinePass(const EyelineOptions& options, EyelineInputs inputs,
                                          const compliance::ConsentGrant&) {
  options.Validate();
  return std::make_unique<EyelinePass>(options, std::move(inputs));
}

}  // namespace shotfix::passes
