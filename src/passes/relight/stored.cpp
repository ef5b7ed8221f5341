// SPDX-License-Identifier: Apache-2.0
// An analysis as it is stored in the project.
#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "passes/read_stored.h"
#include "passes/relight/analysis.h"
#include "shotfix/core/json_number.h"

namespace shotfix::passes::relight {
namespace {

using Json = nlohmann::json;

Json FramesOf(const std::vector<Sample>& samples) {
  Json frames = Json::array();
  for (const Sample& sample : samples) frames.push_back(sample.frame);
  return frames;
}

std::string NameOfMetered(size_t index) { return "metered_" + std::to_string(index); }

void PackMetered(const std::vector<Sample>& samples, image::Solution& solution) {
  for (size_t k = 0; k < samples.size(); ++k)
    solution.tensors[NameOfMetered(k)] = at::cat({samples[k].linear, samples[k].matte}).contiguous();
}

std::vector<Sample> UnpackMetered(const image::Solution& solution, const Json& frames) {
  std::vector<Sample> samples;
  for (size_t k = 0; k < frames.size(); ++k) {
    const at::Tensor& planes = solution.tensors.at(NameOfMetered(k));
    samples.push_back(
        {WholeNumber(frames[k]), planes.slice(0, 0, 3).contiguous(), planes.narrow(0, 3, 1).contiguous()});
  }
  return samples;
}

}  // namespace

nlohmann::json KeyOf(const light::KeyRequest& own) {
  Json key = {own.from.azimuth_deg, own.from.elevation_deg};
  if (own.colour) key.push_back(*own.colour);
  return key;
}

image::Solution Pack(const ShotFacts& facts, std::shared_ptr<image::FrameTrack> track) {
  Json body = {{"version", kSolutionVersion},
               {"tier", ToString(facts.tier)},
               {"light", light::ToJson(facts.found.light)},
               {"uncertainty_deg", facts.found.uncertainty_deg},
               {"explained", facts.found.explained},
               {"clipped", facts.clipped},
               {"saturated", facts.saturated},
               {"background", facts.background},
               {"likeness", facts.likeness},
               {"head_error_deg", facts.head_error_deg},
               {"ambient", facts.materials.ambient()},
               {"metered", FramesOf(facts.metered)}};
  if (facts.colours) {
    body["colours"] = light::ToJson(facts.colours->all);
    if (facts.colours->head) body["head_colours"] = light::ToJson(*facts.colours->head);
  }
  image::Solution solution;
  solution.body = body.dump();
  model::PackMattes(facts, solution);
  PackMetered(facts.metered, solution);
  if (facts.set) facts.set->Pack(solution);
  if (facts.materials.count() > 0 || facts.colours) facts.shape.Pack(solution);
  if (facts.materials.count() > 0) {
    solution.tensors["material_parts"] = facts.materials.parts();
    solution.tensors["material_albedos"] = facts.materials.albedos();
  }
  solution.track = std::move(track);
  return solution;
}

ShotFacts Unpack(const image::Solution& solution) {
  return ReadStored(solution, kSolutionVersion, [&](const Json& body) {
    ShotFacts facts;
    static_cast<model::MatteFacts&>(facts) = model::UnpackMattes(solution);
    facts.tier = TierFrom(body.at("tier"));
    if (facts.tier != GeometryTier::kColour)
      facts.found.light = light::SceneLightFrom(body.at("light").get<std::string>());
    facts.found.uncertainty_deg = body.at("uncertainty_deg");
    facts.found.explained = body.at("explained");
    facts.clipped = body.at("clipped");
    facts.saturated = body.at("saturated");
    facts.background = body.at("background");
    facts.likeness = body.at("likeness");
    facts.head_error_deg = body.at("head_error_deg");
    facts.metered = UnpackMetered(solution, body.at("metered"));
    if (body.contains("set")) facts.set = SetShape::Unpack(solution);
    if (facts.tier == GeometryTier::kLightReference) return facts;
    facts.shape = OwnShape::Unpack(solution);
    if (facts.tier == GeometryTier::kColour) {
      const auto colours = [&](const char* name) { return light::ShotColoursFrom(body.at(name).get<std::string>()); };
      facts.colours = FoundShotColours{std::nullopt, colours("colours")};
      if (body.contains("head_colours")) facts.colours->head = colours("head_colours");
      return facts;
    }
    facts.materials = light::Materials::From(solution.tensors.at("material_parts"),
                                             solution.tensors.at("material_albedos"), body.at("ambient"));
    return facts;
  });
}

}  // namespace shotfix::passes::relight
