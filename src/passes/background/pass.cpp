// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "passes/background/analysis.h"
#include "passes/background/proposal.h"
#include "shotfix/passes/background.h"

namespace shotfix::passes {
namespace {

class BackgroundPass final : public EditPass {
 public:
  BackgroundPass(const BackgroundOptions& options, BackgroundInputs inputs, c10::Device device)
      : options_(options), inputs_(std::move(inputs)), head_(inputs_.matte_head, device) {}

  PassTraits Traits() const override { return {"background", 0, 0, true, {"matte"}}; }

  std::string AnalysisKey() const override {
    return nlohmann::json{{"pass", "background"},           {"version", background::kSolutionVersion},
                          {"painted", inputs_.painted_key}, {"clean_plate", inputs_.clean_plate_key},
                          {"model", inputs_.model_key},     {"long_side_px", head_.long_side_px()}}
        .dump();
  }

  image::Solution Analyse(image::ShotReader& shot, const std::shared_ptr<image::FrameTrack>& track,
                          const AnalysisProgress& progress) const override {
    return background::Pack(background::AnalyseShot(shot, inputs_, head_, *track, progress), track);
  }

  std::unique_ptr<Proposer> Bind(const image::Solution& solution) const override {
    return std::make_unique<background::BackgroundProposer>(options_, inputs_, head_, solution);
  }

 private:
  BackgroundOptions options_;
  BackgroundInputs inputs_;
  model::MatteHead head_;
};

}  // namespace

std::unique_ptr<EditPass> MakeBackgroundPass(const BackgroundOptions& options, BackgroundInputs inputs,
                                             c10::Device device, const compliance::ConsentGrant&) {
  options.Validate();
  return std::make_unique<BackgroundPass>(options, std::move(inputs), device);
}

}  // namespace shotfix::passes
