// SPDX-License-Identifier: Apache-2.0
#include "shotfix/model/mini_model.h"

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "shotfix/core/error.h"
#include "shotfix/core/json_number.h"
#include "shotfix/model/safetensors.h"

namespace shotfix::model {
namespace {

using Json = nlohmann::json;
constexpr int kFormatVersion = 1;

Json ToJson(const Head& head) {
  Json json = {{"shape", head.shape},
               {"recipe", head.recipe},
               {"recipe_toml", head.recipe_toml},
               {"consent_ids", head.consent_ids},
               {"held_out_mad", head.held_out_mad},
               {"seed", head.seed},
               {"steps", head.steps}};
  for (const FootageUse& use : head.footage) {
    json["footage"].push_back({{"clip", use.clip_name},
                               {"sha256", use.sha256},
                               {"painted_frames", use.painted_frames},
                               {"frames", {use.frames.begin, use.frames.end}}});
  }
  for (const CurvePoint& point : head.curve) json["curve"].push_back({point.step, point.loss, point.held_out_mad});
  return json;
}

Head FromJson(const Json& json) {
  Head head;
  head.shape = json.at("shape").get<std::map<std::string, int64_t>>();
  head.recipe = json.at("recipe").get<std::string>();
  head.recipe_toml = json.at("recipe_toml").get<std::string>();
  head.consent_ids = json.at("consent_ids").get<std::vector<std::string>>();
  head.held_out_mad = json.at("held_out_mad").get<double>();
  head.seed = WholeNumber(json.at("seed"));
  head.steps = WholeNumber(json.at("steps"));
  for (const Json& use : json.value("footage", Json::array())) {
    head.footage.push_back({use.at("clip"),
                            use.at("sha256"),
                            WholeNumbers(use.at("painted_frames")),
                            {WholeNumber(use.at("frames").at(0)), WholeNumber(use.at("frames").at(1))}});
  }
  for (const Json& point : json.value("curve", Json::array()))
    head.curve.push_back({WholeNumber(point.at(0)), point.at(1), point.at(2)});
  return head;
}

}  // namespace

void MiniModel::Save(const std::filesystem::path& path) const {
  TensorFile file;
  file.metadata["format"] = "shotfix-mini-model";
  file.metadata["version"] = std::to_string(kFormatVersion);
  file.metadata["production_id"] = production_id;
  for (const auto& [name, head] : heads) {
    file.metadata["head." + name] = ToJson(head).dump();
    for (const auto& [parameter, tensor] : head.weights) file.tensors[name + "/" + parameter] = tensor;
  }
  WriteTensorFile(path, file);
}

MiniModel MiniModel::Load(const std::filesystem::path& path) {
  const TensorFile file = ReadTensorFile(path);
  const auto format = file.metadata.find("format");
  if (format == file.metadata.end() || format->second != "shotfix-mini-model") {
    Throw(ErrorCode::kData, "\"{}\" is not a model of shotfix; only models that \"shotfix train\" wrote are read",
          path.string());
  }
  MiniModel model;
  try {
    model.production_id = file.metadata.at("production_id");
    for (const auto& [key, value] : file.metadata) {
      if (key.starts_with("head.")) model.heads[key.substr(5)] = FromJson(Json::parse(value));
    }
    for (const auto& [name, tensor] : file.tensors) {
      const size_t slash = name.rfind('/');  // heads may have one in a person's name, parameters have none
      if (slash != std::string::npos && model.heads.contains(name.substr(0, slash)))
        model.heads[name.substr(0, slash)].weights[name.substr(slash + 1)] = tensor;
    }
  } catch (const std::exception& problem) {
    Throw(ErrorCode::kData, "\"{}\" has a damaged record: {}; train it again", path.string(), problem.what());
  }
  return model;
}

}  // namespace shotfix::model
