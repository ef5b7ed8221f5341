// SPDX-License-Identifier: Apache-2.0
#include "passes/relight/analysis.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "passes/relight/surface.h"
#include "shotfix/core/error.h"
#include "shotfix/image/convert.h"

namespace shotfix::passes::relight {
namespace {

using Json = nlohmann::json;

constexpr int64_t kMostFrames = 8;       // that the light is found from
constexpr int kRounds = 2;               // the take is found again under the light that it helped to find
constexpr double kLeastLikeness = 0.45;  // below, the take is of something else, or seen from elsewhere
constexpr double kMostUncertainDeg = 15;
constexpr double kShapeErrorDeg = 7;  // of the direction, from the shape's own errors: 4 to 9 on the sample production

struct Sample {
  at::Tensor linear;
  at::Tensor matte;
};

std::vector<Sample> TakeSamples(image::ShotReader& shot, const model::MatteHead& head, const ShotFacts& facts,
                                const image::FrameTrack& track) {
  const FrameRange frames = shot.frames();
  const int64_t count = std::min(kMostFrames, frames.size());
  constexpr double kLeastShare = 0.005;  // of the picture: frames before the actor comes in tell nothing
  std::vector<Sample> samples;
  for (int64_t k = 0; k < count; ++k) {
    const int64_t frame = frames.begin + (2 * k + 1) * frames.size() / (2 * count);
    const at::Tensor picture = shot.Analysis(frame);
    Sample sample{image::LinearFromPerceptual(picture), model::InferMatte(head, facts, track, frame, picture)};
    if (sample.matte.mean().item<double>() >= kLeastShare) samples.push_back(std::move(sample));
  }
  if (samples.empty()) Throw(ErrorCode::kData, "no actor was found in this shot; look at its matte with --matte-only");
  return samples;
}

// The take's own picture that is most like the shot: a first idea of its light.
at::Tensor MostAlike(const light::LightTake& take, const Sample& sample) {
  at::Tensor best;
  double likeness = -1;
  for (const at::Tensor& contrast : take.contrasts) {
    const FrameSurface surface = SurfaceFromTake(take, contrast, sample.linear, sample.matte);
    if (surface.likeness <= likeness) continue;
    likeness = surface.likeness;
    best = contrast;
  }
  return best;
}

light::LightFit FitTo(const std::vector<FrameSurface>& surfaces, const std::vector<Sample>& samples,
                      const std::optional<light::KeyRequest>& light_from) {
  std::vector<light::LitSurface> evidence;
  for (size_t k = 0; k < samples.size(); ++k)
    evidence.push_back({samples[k].linear, surfaces[k].normals, surfaces[k].albedo, surfaces[k].known});
  std::optional<light::Vector> known;
  if (light_from) known = light::DirectionOf(light_from->from);
  return light::FitLight(evidence, known);
}

void FindFromTake(const light::LightTake& take, const std::vector<Sample>& samples, const RelightOptions& options,
                  ShotFacts& facts) {
  at::Tensor contrast = MostAlike(take, samples[samples.size() / 2]);
  for (int round = 0; round <= kRounds; ++round) {
    std::vector<FrameSurface> surfaces;
    facts.likeness = 0;
    for (const Sample& sample : samples) {
      surfaces.push_back(SurfaceFromTake(take, contrast, sample.linear, sample.matte));
      facts.likeness += surfaces.back().likeness / static_cast<double>(samples.size());
    }
    if (!(facts.likeness >= kLeastLikeness))
      Throw(ErrorCode::kData,
            "the light-reference take does not fit this shot (likeness {:.2f}, {} is needed); shoot it with the same "
            "lens and framing, or leave it out with --no-take",
            facts.likeness, kLeastLikeness);
    facts.found = FitTo(surfaces, samples, options.light_from);
    contrast = ContrastUnder(take, facts.found.light);
  }
  if (!options.light_from) facts.found.uncertainty_deg = std::hypot(facts.found.uncertainty_deg, kShapeErrorDeg);
}

// The key's colour lies in what was found for the materials: it is told apart only by what is said of it.
void FindFromOutline(const std::vector<Sample>& samples, const light::KeyRequest& own, ShotFacts& facts) {
  const light::Vector direction = light::DirectionOf(own.from);
  std::vector<light::ShadedPicture> frames;
  for (const Sample& sample : samples)
    frames.push_back(ShadedBy(SurfaceFromOutline(sample.matte), sample.linear, direction));
  facts.materials = light::Materials::Find(frames);
  std::vector<at::Tensor> albedos;
  for (const light::ShadedPicture& frame : frames) albedos.push_back(facts.materials.AlbedoOf(frame));
  facts.found = light::FitLightBySpread(frames, albedos, direction);
  if (!own.colour) return;
  // The deepest orange lamp still has some blue, and what is divided by none is no albedo.
  constexpr double kLeastOfAChannel = 0.05;
  light::Rgb colour = *own.colour;
  for (double& channel : colour) channel = std::max(kLeastOfAChannel, channel);
  facts.materials = facts.materials.Under(colour);
  for (size_t c = 0; c < 3; ++c) {
    facts.found.light.keys.front().rgb[c] *= colour[c];
    facts.found.light.ambient[c] *= colour[c];
  }
}

}  // namespace

ShotFacts AnalyseShot(image::ShotReader& shot, const AnalysisInputs& asked, image::FrameTrack& track,
                      const AnalysisProgress& progress) {
  const RelightInputs& inputs = asked.inputs;
  const RelightOptions& options = asked.options;
  const model::MatteHead& head = asked.head;
  ShotFacts facts;
  static_cast<model::MatteFacts&>(facts) =
      model::AnalyseMattes(shot, {inputs.painted, inputs.clean_plate}, head, track, progress);
  progress("finding the light", 0, 1);
  const std::vector<Sample> samples = TakeSamples(shot, head, facts, track);
  if (inputs.take) {
    facts.tier = GeometryTier::kLightReference;
    FindFromTake(*inputs.take, samples, options, facts);
  } else {
    if (!options.light_from)
      Throw(ErrorCode::kData,
            "an outline cannot tell where the light stands; give --light-from AZ,EL[,COLOUR] (0 is at the lens, + at "
            "picture right, + above), or ingest a light-reference take of this actor");
    FindFromOutline(samples, *options.light_from, facts);
  }
  if (!options.light_from && facts.found.uncertainty_deg > kMostUncertainDeg)
    Throw(ErrorCode::kData,
          "the light's direction is known to {:.0f} degrees only, {} is needed; give --light-from AZ,EL",
          facts.found.uncertainty_deg, kMostUncertainDeg);
  progress("finding the light", 1, 1);
  return facts;
}

nlohmann::json KeyOf(const light::KeyRequest& own) {
  Json key = {own.from.azimuth_deg, own.from.elevation_deg};
  if (own.colour) key.push_back(*own.colour);
  return key;
}

image::Solution Pack(const ShotFacts& facts, std::shared_ptr<image::FrameTrack> track) {
  const Json body = {{"version", kSolutionVersion},
                     {"tier", ToString(facts.tier)},
                     {"light", light::ToJson(facts.found.light)},
                     {"uncertainty_deg", facts.found.uncertainty_deg},
                     {"explained", facts.found.explained},
                     {"likeness", facts.likeness}};
  image::Solution solution;
  solution.body = body.dump();
  model::PackMattes(facts, solution);
  if (facts.materials.count() > 0) {
    solution.tensors["material_parts"] = facts.materials.parts();
    solution.tensors["material_albedos"] = facts.materials.albedos();
  }
  solution.track = std::move(track);
  return solution;
}

ShotFacts Unpack(const image::Solution& solution) {
  try {
    const Json body = Json::parse(solution.body);
    if (body.at("version") != kSolutionVersion)
      Throw(ErrorCode::kData, "the stored analysis is of version {}; this shotfix writes {}", body.at("version").dump(),
            kSolutionVersion);
    ShotFacts facts;
    static_cast<model::MatteFacts&>(facts) = model::UnpackMattes(solution);
    facts.tier = body.at("tier") == "outline" ? GeometryTier::kOutline : GeometryTier::kLightReference;
    facts.found.light = light::SceneLightFrom(body.at("light").get<std::string>());
    facts.found.uncertainty_deg = body.at("uncertainty_deg");
    facts.found.explained = body.at("explained");
    facts.likeness = body.at("likeness");
    if (facts.tier == GeometryTier::kOutline)
      facts.materials =
          light::Materials::From(solution.tensors.at("material_parts"), solution.tensors.at("material_albedos"));
    return facts;
  } catch (const std::exception& problem) {
    Throw(ErrorCode::kData,
          "the stored analysis of the shot cannot be read: {}; delete the project's solutions folder and run again",
          problem.what());
  }
}

}  // namespace shotfix::passes::relight
