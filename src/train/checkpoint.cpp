// SPDX-License-Identifier: Apache-2.0
#include "train/checkpoint.h"

#include <nlohmann/json.hpp>

#include "shotfix/core/error.h"
#include "shotfix/core/log.h"
#include "shotfix/model/safetensors.h"

namespace shotfix::train {
namespace {

using Json = nlohmann::json;

torch::optim::AdamWParamState* StateOf(torch::optim::AdamW& optimiser, const torch::Tensor& parameter) {
  const auto found = optimiser.state().find(parameter.unsafeGetTensorImpl());
  return found == optimiser.state().end() ? nullptr : static_cast<torch::optim::AdamWParamState*>(found->second.get());
}

Json ToJson(const TrainState& state, const std::string& fingerprint) {
  Json curve = Json::array();
  for (const model::CurvePoint& point : state.curve) curve.push_back({point.step, point.loss, point.held_out_mad});
  return {{"step", state.step},         {"planned_steps", state.planned_steps}, {"seconds", state.seconds},
          {"best_mad", state.best_mad}, {"since_best", state.since_best},       {"curve", curve},
          {"fingerprint", fingerprint}};
}

}  // namespace

void SaveCheckpoint(const std::filesystem::path& path, const Trainee& trainee, const TrainState& state) {
  model::TensorFile file;
  file.metadata["state"] = ToJson(state, trainee.fingerprint).dump();
  size_t index = 0;
  for (const torch::Tensor& parameter : trainee.net->parameters()) {
    const std::string name = std::to_string(index);
    file.tensors["weight/" + name] = parameter.detach();
    file.tensors["average/" + name] = trainee.ema.average()[index];
    if (auto* moments = StateOf(trainee.optimiser, parameter)) {
      file.tensors["first/" + name] = moments->exp_avg();
      file.tensors["second/" + name] = moments->exp_avg_sq();
    }
    ++index;
  }
  for (const auto& [name, weight] : state.best_weights) file.tensors["best/" + name] = weight;
  model::WriteTensorFile(path, file);
}

std::optional<TrainState> LoadCheckpoint(const std::filesystem::path& path, const Trainee& trainee) {
  if (!std::filesystem::exists(path)) return std::nullopt;
  const model::TensorFile file = model::ReadTensorFile(path);
  const Json json = Json::parse(file.metadata.contains("state") ? file.metadata.at("state") : "", nullptr, false);
  if (!json.is_object() || json.value("fingerprint", "") != trainee.fingerprint) {
    log::Warning("the checkpoint belongs to another recipe, seed or set of hints; training starts anew");
    return std::nullopt;
  }
  TrainState state;
  try {
    state.step = json.at("step");
    state.planned_steps = json.at("planned_steps");
    state.seconds = json.at("seconds");
    state.best_mad = json.at("best_mad");
    state.since_best = json.at("since_best");
    for (const Json& point : json.at("curve")) state.curve.push_back({point.at(0), point.at(1), point.at(2)});
    const torch::NoGradGuard guard;
    size_t index = 0;
    for (torch::Tensor& parameter : trainee.net->parameters()) {
      const std::string name = std::to_string(index);
      parameter.copy_(file.tensors.at("weight/" + name));
      trainee.ema.average()[index].copy_(file.tensors.at("average/" + name));
      auto moments = std::make_unique<torch::optim::AdamWParamState>();
      moments->step(state.step);
      moments->exp_avg(file.tensors.at("first/" + name).to(parameter.device(), parameter.scalar_type()).clone());
      moments->exp_avg_sq(file.tensors.at("second/" + name).to(parameter.device(), parameter.scalar_type()).clone());
      trainee.optimiser.state()[parameter.unsafeGetTensorImpl()] = std::move(moments);
      ++index;
    }
  } catch (const std::exception& problem) {
    Throw(ErrorCode::kData, "the checkpoint \"{}\" is damaged ({}); delete it or train without --resume", path.string(),
          problem.what());
  }
  for (const auto& [name, tensor] : file.tensors) {
    if (name.starts_with("best/")) state.best_weights[name.substr(5)] = tensor;
  }
  return state;
}

}  // namespace shotfix::train
