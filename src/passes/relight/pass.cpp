// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "passes/relight/analysis.h"
#include "passes/relight/proposal.h"
#include "shotfix/core/error.h"

namespace shotfix::passes {
namespace {

class RelightPass final : public EditPass {
 public:
  RelightPass(const RelightOptions& options, RelightInputs inputs, c10::Device device)
      : options_(options), inputs_(std::move(inputs)), head_(inputs_.matte_head, device) {
    if (inputs_.light_head && !inputs_.take) light_head_.emplace(*inputs_.light_head, device);
  }

  PassTraits Traits() const override { return {"relight", 0, 0, true, {"matte"}}; }

  std::string AnalysisKey() const override {
    nlohmann::json key = {{"pass", "relight"},
                          {"version", relight::kSolutionVersion},
                          {"painted", inputs_.painted_key},
                          {"clean_plate", inputs_.clean_plate_key},
                          {"model", inputs_.model_key},
                          {"take", inputs_.take_key},
                          {"long_side_px", head_.long_side_px()}};
    if (options_.light_from) key["light_from"] = relight::KeyOf(*options_.light_from);
    if (light_head_) key["light_head"] = inputs_.light_head_name;
    if (inputs_.face && !inputs_.take)
      key["face"] = {inputs_.face->frame, inputs_.face->place.left_eye, inputs_.face->place.right_eye};
    if (options_.colours_only) key["colours"] = true;
    if (options_.on != LitPart::kPerson && !options_.colours_only) key["set"] = true;
    if (!inputs_.others_key.empty()) key["others"] = inputs_.others_key;
    return key.dump();
  }

  image::Solution Analyse(image::ShotReader& shot, const std::shared_ptr<image::FrameTrack>& track,
                          const AnalysisProgress& progress) const override {
    return relight::Pack(
        relight::AnalyseShot(shot, {inputs_, options_, head_, light_head_ ? &*light_head_ : nullptr}, *track, progress),
        track);
  }

  std::unique_ptr<Proposer> Bind(const image::Solution& solution) const override {
    return std::make_unique<relight::RelightProposer>(options_, inputs_, head_, solution);
  }

 private:
  RelightOptions options_;
  RelightInputs inputs_;
  model::MatteHead head_;
  std::optional<model::LightHead> light_head_;
};

}  // namespace

ShotLight FoundLight(const image::Solution& solution) {
  const relight::ShotFacts facts = relight::Unpack(solution);
  return {facts.found.light, facts.background};
}

FoundShotColours FoundColours(const image::Solution& solution) {
  const relight::ShotFacts facts = relight::Unpack(solution);
  SHOTFIX_CHECK(facts.colours);
  return *facts.colours;
}

OtherTake ShownIn(const image::Solution& solution, const std::string& name) {
  const relight::ShotFacts facts = relight::Unpack(solution);
  OtherTake take{name, facts.found.light, {}};
  for (const relight::Sample& sample : facts.metered) take.pictures.push_back({sample.linear, sample.matte});
  return take;
}

std::string DescribeLight(const image::Solution& solution) {
  const relight::ShotFacts facts = relight::Unpack(solution);
  constexpr double kWorthTelling = 0.02;
  constexpr double kAnyAtAll = 5e-4;
  std::string saturated;
  if (facts.clipped > kWorthTelling)
    saturated += fmt::format("\n{:.0f} % of the subject has a channel at white: what is lit from there is a little low",
                             100 * facts.clipped);
  if (facts.saturated > kAnyAtAll)
    saturated += fmt::format(
        "\n{:.1f} % of the subject is at white in all channels: what the camera clipped of it is left alone",
        100 * facts.saturated);
  if (facts.tier == GeometryTier::kColour) return Explain(facts.tier) + saturated;
  const light::Key& key = facts.found.light.keys.front();
  const light::Angles from = light::AnglesOf(key.direction);
  const double ratio = light::LuminanceOf(key.rgb) / light::LuminanceOf(facts.found.light.ambient);
  const std::string set = facts.set ? "\n" + facts.set->Explain() : "";
  return fmt::format("{}{}\nthe shot's key stands at {:.0f},{:.0f} ({}), {:.1f} stops over its ambient light{}",
                     Explain(facts.tier, facts.head_error_deg), set, from.azimuth_deg, from.elevation_deg,
                     facts.found.uncertainty_deg > 0
                         ? fmt::format("found within {:.0f} degrees", facts.found.uncertainty_deg)
                         : std::string("as given"),
                     std::log2(ratio), saturated);
}

std::unique_ptr<EditPass> MakeRelightPass(const RelightOptions& options, RelightInputs inputs, c10::Device device,
                                          const compliance::ConsentGrant&) {
  options.Validate();
  return std::make_unique<RelightPass>(options, std::move(inputs), device);
}

}  // namespace shotfix::passes
