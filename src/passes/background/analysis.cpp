// SPDX-License-Identifier: Apache-2.0
#include "passes/background/analysis.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "passes/read_stored.h"
#include "shotfix/image/resample.h"
#include "shotfix/temporal/flow.h"

namespace shotfix::passes::background {
namespace {

using Json = nlohmann::json;
constexpr int64_t kGrainPairs = 4;

// Grain and softness of the old background, from a few neighbouring pairs at full size.
void MeasureLook(image::ShotReader& shot, const model::MatteHead& head, const image::FrameTrack& track,
                 ShotFacts& facts) {
  const FrameRange frames = shot.frames();
  composite::GrainMeter meter;
  const int64_t pairs = std::min<int64_t>(kGrainPairs, frames.size() - 1);
  const std::unique_ptr<temporal::FlowEstimator> flow = temporal::MakeDisFlow(temporal::FlowQuality::kFast);
  std::vector<double> blurs;
  for (int64_t k = 0; k < std::max<int64_t>(pairs, 1); ++k) {
    const int64_t frame = frames.begin + (pairs > 1 ? k * (frames.size() - 2) / (pairs - 1) : 0);
    const at::Tensor picture = shot.FullSize(frame);
    const at::Tensor matte = model::InferMatte(head, facts, track, frame, shot.Analysis(frame));
    const at::Tensor actor = image::Resize(image::Dilate(matte, 4), picture.size(1), picture.size(2));
    const at::Tensor background = (actor < 0.02).to(at::kFloat);
    if (const std::optional<double> blur = composite::EdgeBlurSigma(picture, background)) blurs.push_back(*blur);
    if (pairs == 0) continue;
    const at::Tensor next = shot.FullSize(frame + 1);
    const at::Tensor next_from_this =
        facts.camera.is_static ? at::zeros({2, picture.size(1), picture.size(2)}) : flow->Estimate(picture, next);
    // A locked-off camera needs no resampling, which would soften the grain that is measured.
    const at::Tensor aligned =
        facts.camera.is_static ? next : image::SampleAtOffset(next, next_from_this, image::Filter::kBicubic);
    meter.Add(picture, aligned, background);
  }
  facts.grain = meter.Model();
  if (blurs.empty()) return;
  std::sort(blurs.begin(), blurs.end());
  facts.background_blur_px = blurs[blurs.size() / 2];
}

Json ToJson(const composite::GrainModel& grain) {
  return {{"sigma", grain.sigma}, {"correlation_px", grain.correlation_px}, {"chroma_link", grain.chroma_link}};
}

}  // namespace

ShotFacts AnalyseShot(image::ShotReader& shot, const BackgroundInputs& inputs, const model::MatteHead& head,
                      image::FrameTrack& track, const AnalysisProgress& progress) {
  ShotFacts facts;
  static_cast<model::MatteFacts&>(facts) =
      model::AnalyseMattes(shot, {inputs.painted, inputs.clean_plate}, head, track, progress);
  progress("measuring grain and sharpness", 0, 1);
  MeasureLook(shot, head, track, facts);
  progress("measuring grain and sharpness", 1, 1);
  return facts;
}

image::Solution Pack(const ShotFacts& facts, std::shared_ptr<image::FrameTrack> track) {
  Json body = {{"version", kSolutionVersion}, {"grain", ToJson(facts.grain)}};
  if (facts.background_blur_px) body["background_blur_px"] = *facts.background_blur_px;
  image::Solution solution;
  solution.body = body.dump();
  model::PackMattes(facts, solution);
  solution.track = std::move(track);
  return solution;
}

ShotFacts Unpack(const image::Solution& solution) {
  return ReadStored(solution, kSolutionVersion, [&](const Json& body) {
    ShotFacts facts;
    static_cast<model::MatteFacts&>(facts) = model::UnpackMattes(solution);
    facts.grain.sigma = body.at("grain").at("sigma").get<decltype(facts.grain.sigma)>();
    facts.grain.correlation_px = body.at("grain").at("correlation_px");
    facts.grain.chroma_link = body.at("grain").at("chroma_link");
    if (body.contains("background_blur_px")) facts.background_blur_px = body.at("background_blur_px").get<double>();
    return facts;
  });
}

}  // namespace shotfix::passes::background
