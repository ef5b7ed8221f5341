// SPDX-License-Identifier: Apache-2.0
// A job's options as one table: the recipe's keys, and the JSON that is stored with a run.
#include <toml++/toml.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "shotfix/core/atomic_file.h"
#include "shotfix/core/error.h"
#include "shotfix/pipeline/job.h"

namespace shotfix::pipeline {
namespace {

using Json = nlohmann::json;

template <typename Request>
struct PassKey {
  const char* name;
  std::function<Json(const Request&)> get;
  std::function<void(Request&, const Json&)> set;  // throws Json::exception on another type
};

// As Json::get_to, without its silent conversions: 1e30 is no integer, 1 is no flag. Throws Json::exception.
template <typename T>
void Assign(const Json& value, T& target) {
  bool fits = true;
  if constexpr (std::is_same_v<T, bool>) {
    fits = value.is_boolean();
  } else if constexpr (std::is_integral_v<T>) {
    fits = value.is_number_integer() && std::in_range<T>(value.get<int64_t>());
  } else if constexpr (std::is_floating_point_v<T>) {
    fits = value.is_number();
  }
  if (!fits) throw Json::type_error::create(302, "wrong type", &value);
  value.get_to(target);
}

template <typename Request, typename Get>
PassKey<Request> FieldOf(const char* name, Get get) {
  return {name, [get](const Request& r) { return Json(get(const_cast<Request&>(r))); },
          [get](Request& r, const Json& value) { Assign(value, get(r)); }};
}

const char* NameOf(PlateFit fit) { return fit == PlateFit::kFill ? "fill" : fit == PlateFit::kFit ? "fit" : "stretch"; }
const char* NameOf(PlateEnd end) { return end == PlateEnd::kHold ? "hold" : end == PlateEnd::kLoop ? "loop" : "error"; }

const std::vector<PassKey<BackgroundRequest>>& KeysOf(const BackgroundRequest&) {
  using R = BackgroundRequest;
  constexpr auto Field = [](const char* name, auto get) { return FieldOf<R>(name, get); };
  static const std::vector<PassKey<R>> keys = {
      Field("plate", [](R& r) -> std::string& { return r.plate; }),
      Field("plate_in_space", [](R& r) -> std::string& { return r.plate_in_space; }),
      Field("plate_scale", [](R& r) -> double& { return r.placing.scale; }),
      Field("plate_offset_x", [](R& r) -> double& { return r.placing.offset_x_px; }),
      Field("plate_offset_y", [](R& r) -> double& { return r.placing.offset_y_px; }),
      Field("plate_start", [](R& r) -> int64_t& { return r.placing.start; }),
      Field("plate_gain", [](R& r) -> double& { return r.look.plate_gain_stops; }),
      Field("plate_blur", [](R& r) -> double& { return r.look.plate_blur_px; }),
      Field("matte_low", [](R& r) -> double& { return r.look.matte_low; }),
      Field("matte_high", [](R& r) -> double& { return r.look.matte_high; }),
      Field("matte_shrink", [](R& r) -> double& { return r.look.matte_shrink_px; }),
      Field("despill", [](R& r) -> double& { return r.look.despill; }),
      Field("light_wrap", [](R& r) -> double& { return r.look.light_wrap; }),
      Field("light_wrap_size", [](R& r) -> double& { return r.look.light_wrap_size; }),
      Field("match_blur", [](R& r) -> bool& { return r.look.match_blur; }),
      Field("match_grain", [](R& r) -> bool& { return r.look.match_grain; }),
      Field("follow_camera", [](R& r) -> bool& { return r.look.follow_camera; }),
      Field("seed", [](R& r) -> uint64_t& { return r.look.seed; }),
      Field("use_clean_plate", [](R& r) -> bool& { return r.clean_plate.use_catalogue; }),
      Field("alpha_radius", [](R& r) -> int& { return r.stabiliser.alpha_radius; }),
      Field("light_from_plate", [](R& r) -> bool& { return r.light_from_plate; }),
      Field("light_from", [](R& r) -> std::string& { return r.light_from; }),
      {"plate_fit", [](const R& r) { return Json(NameOf(r.placing.fit)); },
       [](R& r, const Json& v) { r.placing.fit = ParsePlateFit(v.get<std::string>()); }},
      {"plate_end", [](const R& r) { return Json(NameOf(r.placing.end)); },
       [](R& r, const Json& v) { r.placing.end = ParsePlateEnd(v.get<std::string>()); }},
      {"clean_plate", [](const R& r) { return Json(r.clean_plate.file.value_or("")); },
       [](R& r, const Json& v) { r.clean_plate.file = v.get<std::string>(); }},
  };
  return keys;
}

const std::vector<PassKey<RelightRequest>>& KeysOf(const RelightRequest&) {
  using R = RelightRequest;
  constexpr auto Field = [](const char* name, auto get) { return FieldOf<R>(name, get); };
  static const std::vector<PassKey<R>> keys = {
      Field("key", [](R& r) -> std::vector<std::string>& { return r.keys; }),
      Field("fill", [](R& r) -> std::vector<std::string>& { return r.fills; }),
      Field("rim", [](R& r) -> std::vector<std::string>& { return r.rims; }),
      Field("light_from", [](R& r) -> std::string& { return r.light_from; }),
      Field("beside", [](R& r) -> std::vector<std::string>& { return r.beside; }),
      Field("light", [](R& r) -> std::string& { return r.light; }),
      Field("hdri", [](R& r) -> std::string& { return r.hdri; }),
      Field("hdri_turn", [](R& r) -> double& { return r.hdri_turn_deg; }),
      Field("hdri_stops", [](R& r) -> double& { return r.look.environment_stops; }),
      Field("ambient_from", [](R& r) -> std::string& { return r.ambient_from; }),
      Field("ambient_from_gain", [](R& r) -> double& { return r.ambient_from_gain_stops; }),
      Field("ambient_from_frame", [](R& r) -> int64_t& { return r.ambient_from_frame; }),
      Field("gobo", [](R& r) -> std::string& { return r.gobo; }),
      Field("gobo_size", [](R& r) -> double& { return r.look.gobo_size; }),
      Field("picture_in_space", [](R& r) -> std::string& { return r.picture_in_space; }),
      {"on", [](const R& r) { return Json(passes::ToString(r.look.on)); },
       [](R& r, const Json& v) { r.look.on = passes::ParseLitPart(v.get<std::string>()); }},
      Field("match", [](R& r) -> std::string& { return r.match; }),
      Field("take", [](R& r) -> std::string& { return r.take; }),
      Field("use_take", [](R& r) -> bool& { return r.use_take; }),
      Field("use_head", [](R& r) -> bool& { return r.use_head; }),
      Field("use_face", [](R& r) -> bool& { return r.use_face; }),
      Field("use_locator", [](R& r) -> bool& { return r.use_locator; }),
      Field("soften", [](R& r) -> double& { return r.look.soften_deg; }),
      Field("ambient", [](R& r) -> double& { return r.look.ambient_stops; }),
      Field("strength", [](R& r) -> double& { return r.look.strength; }),
      Field("hold_exposure", [](R& r) -> bool& { return r.look.hold_exposure; }),
      Field("most_stops", [](R& r) -> double& { return r.look.most_stops; }),
      Field("shadows", [](R& r) -> bool& { return r.look.shadows; }),
      Field("use_clean_plate", [](R& r) -> bool& { return r.clean_plate.use_catalogue; }),
      Field("gain_radius", [](R& r) -> int& { return r.stabiliser.gain_radius; }),
      Field("alpha_radius", [](R& r) -> int& { return r.stabiliser.alpha_radius; }),
  };
  return keys;
}

const std::vector<PassKey<EyelineRequest>>& KeysOf(const EyelineRequest&) {
  using R = EyelineRequest;
  constexpr auto Field = [](const char* name, auto get) { return FieldOf<R>(name, get); };
  static const std::vector<PassKey<R>> keys = {
      Field("to", [](R& r) -> std::string& { return r.to; }),
      Field("by", [](R& r) -> std::string& { return r.by; }),
      Field("camera", [](R& r) -> bool& { return r.camera; }),
      Field("look_at", [](R& r) -> std::vector<std::string>& { return r.look_at; }),
      Field("keys", [](R& r) -> std::string& { return r.keys; }),
      Field("at", [](R& r) -> std::string& { return r.at; }),
      Field("at_person", [](R& r) -> std::string& { return r.at_person; }),
      Field("left_by", [](R& r) -> std::string& { return r.left_by; }),
      Field("right_by", [](R& r) -> std::string& { return r.right_by; }),
      Field("space", [](R& r) -> std::string& { return r.space; }),
      Field("during", [](R& r) -> std::string& { return r.during; }),
      Field("person", [](R& r) -> std::string& { return r.person; }),
      Field("use_locator", [](R& r) -> bool& { return r.use_locator; }),
      Field("use_head", [](R& r) -> bool& { return r.use_head; }),
      Field("depth", [](R& r) -> double& { return r.look.depth; }),
      Field("view", [](R& r) -> double& { return r.look.view_deg; }),
      Field("ease", [](R& r) -> int& { return r.look.ease_frames; }),
      Field("strength", [](R& r) -> double& { return r.look.strength; }),
      Field("lids", [](R& r) -> double& { return r.look.lids; }),
      Field("force", [](R& r) -> bool& { return r.look.force; }),
  };
  return keys;
}

Json ValueOf(const toml::node& node) {
  if (const toml::array* list = node.as_array()) {
    Json values = Json::array();
    for (const toml::node& item : *list) values.push_back(item.is_array() ? Json() : ValueOf(item));
    return values;
  }
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto flag = node.value_exact<bool>()) return *flag;
  if (const auto whole = node.value_exact<int64_t>()) return *whole;
  if (const auto number = node.value_exact<double>()) return *number;
  return nullptr;
}

template <typename Request>
Request ReadKeys(const toml::table& table, const std::string& pass, const std::string& file) {
  Request request;
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    if (name == "type") continue;
    const PassKey<Request>* found = nullptr;
    for (const PassKey<Request>& candidate : KeysOf(request)) {
      if (name == candidate.name) found = &candidate;
    }
    if (found == nullptr) Throw(ErrorCode::kConfig, "\"{}\": \"{}\" is not a key of pass {}", file, name, pass);
    try {
      found->set(request, ValueOf(node));
    } catch (const Json::exception&) {
      Throw(ErrorCode::kConfig, "\"{}\": {} has the wrong type", file, name);
    }
  }
  return request;
}

PassRequest ReadPass(const toml::table& table, const std::string& file) {
  const std::string type = table["type"].value_or<std::string>("");
  if (type == "background") return ReadKeys<BackgroundRequest>(table, type, file);
  if (type == "relight") return ReadKeys<RelightRequest>(table, type, file);
  if (type == "eyeline") return ReadKeys<EyelineRequest>(table, type, file);
  if (type != "identity")
    Throw(ErrorCode::kConfig, "\"{}\": pass type \"{}\" is not known; background, relight, eyeline and identity are",
          file, type);
  if (table.size() > 1) Throw(ErrorCode::kConfig, "\"{}\": pass identity has no keys beside type", file);
  return IdentityRequest{};
}

void ReadTop(const std::string& key, const toml::node& node, const std::string& file, Job& job) {
  const Json value = ValueOf(node);
  try {
    if (key == "clip") job.clip = value.get<std::string>();
    else if (key == "output") job.output = value.get<std::string>();
    else if (key == "frames") job.frames = value.get<std::string>();
    else if (key == "codec") job.codec = media::ParseCodec(value.get<std::string>());
    else if (key == "crf") Assign(value, job.quality_crf);
    else if (key == "sound") Assign(value, job.copy_sound);
    else if (key == "matte_only") Assign(value, job.matte_only);
    else if (key == "layers") job.layers = value.get<std::string>();
    else if (key == "on_bad_frame") job.on_bad_frame = media::ParseOnBadFrame(value.get<std::string>());
    else Throw(ErrorCode::kConfig, "\"{}\": \"{}\" is not a key of a job", file, key);
  } catch (const Json::exception&) {
    Throw(ErrorCode::kConfig, "\"{}\": {} has the wrong type", file, key);
  }
}

}  // namespace

std::string Job::OptionsJson() const {
  Json json = {{"clip", clip},
               {"output", output.string()},
               {"frames", frames},
               {"codec", static_cast<int>(codec)},
               {"crf", quality_crf},
               {"sound", copy_sound},
               {"matte_only", matte_only},
               {"layers", layers.string()},
               {"on_bad_frame", static_cast<int>(on_bad_frame)}};
  for (const PassRequest& request : passes) {
    Json pass = {{"type", NameOf(request)}};
    const auto put = [&](const auto& keyed) {
      for (const auto& key : KeysOf(keyed)) pass[key.name] = key.get(keyed);
    };
    if (const auto* background = std::get_if<BackgroundRequest>(&request)) put(*background);
    if (const auto* relight = std::get_if<RelightRequest>(&request)) put(*relight);
    if (const auto* eyeline = std::get_if<EyelineRequest>(&request)) put(*eyeline);
    json["passes"].push_back(pass);
  }
  return json.dump();
}

Job ReadJob(const std::filesystem::path& recipe) {
  constexpr size_t kMaxBytes = size_t{1} << 20;
  const std::string file = recipe.string();
  Job job;
  try {
    const toml::table document = toml::parse(ReadFile(recipe, kMaxBytes));
    for (const auto& [key, node] : document) {
      if (key.str() != "pass") {
        ReadTop(std::string(key.str()), node, file, job);
        continue;
      }
      if (!node.is_array_of_tables()) Throw(ErrorCode::kConfig, "\"{}\": write each pass as a [[pass]] section", file);
      for (const toml::node& row : *node.as_array()) job.passes.push_back(ReadPass(*row.as_table(), file));
    }
  } catch (const toml::parse_error& problem) {
    Throw(ErrorCode::kConfig, "\"{}\", line {}: {}", file, problem.source().begin.line, problem.description());
  }
  return job;
}

}  // namespace shotfix::pipeline
