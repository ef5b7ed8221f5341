// SPDX-License-Identifier: Apache-2.0
// The relight pass, from what a user asks for: takes, faces, and lights that come from elsewhere.
#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "pipeline/clip_eyes.h"
#include "pipeline/light_take_file.h"
#include "pipeline/pass_builder.h"
#include "shotfix/core/error.h"
#include "shotfix/core/hash.h"
#include "shotfix/image/colour.h"
#include "shotfix/image/convert.h"
#include "shotfix/light/environment.h"
#include "shotfix/media/decoder.h"
#include "shotfix/model/light_head.h"
#include "shotfix/model/matte_head.h"
#include "shotfix/pipeline/solve.h"
#include "shotfix/project/asset_store.h"
#include "shotfix/train/train_project.h"

namespace shotfix::pipeline {

passes::RelightInputs PassBuilder::RelightInputsOf(const RelightRequest& request, const project::ClipRecord& clip,
                                                   const media::ClipInfo& info) {
  passes::RelightInputs inputs;
  inputs.matte_head = MatteHeadOf(project_, stock_);
  inputs.model_key = stock_.model_sha256;
  const int64_t long_side_px = inputs.matte_head.shape.at("long_side_px");
  const train::ShotInputs shot = train::LoadShotInputs(project_, clip, info, request.clean_plate, long_side_px);
  inputs.painted = shot.matte.painted;
  inputs.painted_key = shot.painted_key;
  inputs.clean_plate = shot.matte.supplied_plate;
  inputs.clean_plate_key = shot.clean_plate_key;
  const std::optional<LightTakeFile> take =
      request.use_take ? FindLightTake(project_, clip, request.take) : std::nullopt;
  if (take) {
    const project::ClipStore clips(project_);
    compliance::ConsentLedger(project_).Require(
        {compliance::Operation::kRelight, clips.PeopleIn(take->clip.id), take->clip.scene, take->clip.name});
    progress_.Update("solving the light-reference take", 0, 1, take->clip.name);
    inputs.take = LoadLightTake(*take, image::ChooseAnalysisSize(info.layout.height, info.layout.width, long_side_px));
    inputs.take_key = take->key;
    progress_.Update("solving the light-reference take", 1, 1, take->clip.name);
  }
  if (!take && request.use_head) UseLightHead(clip, inputs);
  if (!take && request.use_face) {
    const int64_t width = image::ChooseAnalysisSize(info.layout.height, info.layout.width, long_side_px).width;
    inputs.face = FaceIn(request, clip, info, width);
    if (inputs.face) {
      const passes::FaceHint& face = *inputs.face;
      content_key_ += fmt::format("{} {} {}\n", face.frame, fmt::join(face.place.left_eye, ","),
                                  fmt::join(face.place.right_eye, ","));
    }
  }
  content_key_ += shot.painted_key + "\n" + shot.clean_plate_key + "\n" + inputs.take_key + "\n";
  return inputs;
}

// Of the one person who is in the clip, where the model has it.
void PassBuilder::UseLightHead(const project::ClipRecord& clip, passes::RelightInputs& inputs) {
  const std::vector<std::string> people = project::ClipStore(project_).PeopleIn(clip.id);
  if (!stock_.model || people.size() != 1) return;
  const auto head = stock_.model->heads.find(model::LightHeadName(people.front()));
  if (head == stock_.model->heads.end()) return;
  inputs.light_head = head->second;
  inputs.light_head_name = head->first;
  content_key_ += head->first + "\n";
}

// Nothing where no face is found: the outline does without.
std::optional<passes::FaceHint> PassBuilder::FaceIn(const RelightRequest& request, const project::ClipRecord& clip,
                                                    const media::ClipInfo& info, int64_t analysis_width) {
  try {
    const ClipEyes eyes = FindClipEyes(project_, clip, info, {"", request.use_locator}, progress_);
    const image::AnalysisSize seen = image::ChooseAnalysisSize(info.layout.height, info.layout.width, kEyeLongSidePx);
    const double scale = static_cast<double>(analysis_width) / static_cast<double>(seen.width);
    // Boxes lie around the openings of the eyes, which are farther apart than the eyeballs.
    constexpr double kBoxesApart = 1.1;
    const cv::Point2d middle = (eyes.fit.eyes.eyes[0] + eyes.fit.eyes.eyes[1]) * 0.5;
    const auto place = [&](const cv::Point2d& eye) {
      const cv::Point2d ball = middle + (eye - middle) * (eyes.located ? 1 / kBoxesApart : 1.0);
      return std::array<double, 2>{(ball.x + 0.5) * scale - 0.5, (ball.y + 0.5) * scale - 0.5};
    };
    notes_ += eyes.note + "\n";
    return passes::FaceHint{eyes.fit.eyes.frame, {place(eyes.fit.eyes.eyes[0]), place(eyes.fit.eyes.eyes[1])}};
  } catch (const Error& problem) {
    // No face, or several people and nobody to choose.
    if (problem.code() != ErrorCode::kData && problem.code() != ErrorCode::kUsage) throw;
    notes_ += fmt::format("no face is used, the outline alone tells the shape: {}\n", problem.what());
    return std::nullopt;
  }
}

// What of a request holds for another shot as well, its shape guessed.
RelightRequest PassBuilder::Guessed(const RelightRequest& request) {
  RelightRequest guessed;
  guessed.use_take = guessed.use_head = false;
  guessed.use_face = request.use_face;
  guessed.use_locator = request.use_locator;
  return guessed;
}

PassBuilder::OtherShot PassBuilder::AnalyseOther(const std::string& option, const project::ClipRecord& clip,
                                                 const RelightRequest& request) {
  const std::string named = fmt::format("{} \"{}\"", option, clip.name);
  if (clip.role != project::Role::kDailies)
    Throw(ErrorCode::kNoInput, "{} was ingested as {}; name a take of the actor", named, project::ToString(clip.role));
  const compliance::ConsentGrant grant = compliance::ConsentLedger(project_).Require(
      {compliance::Operation::kRelight, project::ClipStore(project_).PeopleIn(clip.id), clip.scene, clip.name});
  const media::ClipInfo info = train::OpenCatalogued(clip);
  const std::string before = notes_;
  passes::RelightInputs inputs = RelightInputsOf(request, clip, info);
  if (notes_.size() > before.size()) notes_ = before + clip.name + ": " + notes_.substr(before.size());
  const SolveInputs solve{info, clip.sha256, static_cast<int>(inputs.matte_head.shape.at("long_side_px"))};
  const std::unique_ptr<passes::EditPass> pass =
      passes::MakeRelightPass(request.Look(), std::move(inputs), job_.device, grant);
  project::SolutionStore solutions(project_);
  try {
    return {SolveOrLoad(solutions, solve, *pass, progress_),
            clip.sha256 + " " + info.space.ToString() + " " + pass->AnalysisKey() + "\n"};
  } catch (const Error& problem) {
    if (problem.code() != ErrorCode::kData) throw;
    Throw(ErrorCode::kData, "{}: {}", named, problem.what());
  }
}

// In units of the take's albedo, which both shots share: as absolute as light gets here.
light::SceneLight PassBuilder::LightOf(const std::string& name, const std::string& take) {
  RelightRequest plain;
  plain.take = take;
  plain.use_face = false;
  light::SceneLight found;
  try {
    found = passes::FoundLight(AnalyseOther("--match", train::FindClip(project_, name), plain).solution).light;
  } catch (const Error& problem) {
    if (problem.code() != ErrorCode::kData) throw;
    Throw(ErrorCode::kData, "{}; say the light with --key, or match by colour with --no-take", problem.what());
  }
  content_key_ += light::ToJson(found) + "\n";
  notes_ += "light matched to " + name + " through the take's albedo\n";
  return found;
}

// One picture of a still or a clip, scene-linear, in the shot's primaries.
at::Tensor PassBuilder::PictureOf(const std::string& name, const std::string& in_space, int64_t frame_index) {
  const media::ClipInfo plate = UsePlate(name, in_space);
  media::Decoder decoder(plate);
  const int64_t index = std::min(frame_index, plate.frame_count() - 1);
  if (index > 0) decoder.Seek(plate.frames.begin + index);
  const std::optional<image::Frame> frame = decoder.Next();
  if (!frame) Throw(ErrorCode::kData, "\"{}\" holds no picture", name);
  constexpr double kBrightest = 65504;  // of half floats: an infinite sun would be no number after a matrix
  const at::Tensor finite = at::nan_to_num(frame->rgb, 0, kBrightest, 0);
  return image::ApplyMatrix(finite, image::RgbFromRgb(stock_.info.space.primaries, plate.space.primaries));
}

light::SceneLight PassBuilder::EnvironmentOf(const RelightRequest& request) {
  const at::Tensor panorama = PictureOf(request.hdri, request.picture_in_space);
  light::SceneLight light;
  try {
    light = light::LightOfEnvironment(panorama, request.hdri_turn_deg);
  } catch (const Error& problem) {
    Throw(problem.code(), "--hdri \"{}\": {}", request.hdri, problem.what());
  }
  for (const light::Key& key : light.keys) {
    const light::Angles from = light::AnglesOf(key.direction);
    notes_ +=
        fmt::format("the panorama has a key at {:.0f},{:.0f}, {:.1f} stops over its ambient light, radius {:.0f}\n",
                    from.azimuth_deg, from.elevation_deg,
                    std::log2(light::LuminanceOf(key.rgb) / light::LuminanceOf(light.ambient)), key.radius_deg);
  }
  if (light.keys.empty()) notes_ += "the panorama has no lamp that stands out: its light is ambient\n";
  return light;
}

light::SceneLight PassBuilder::AmbientOf(const RelightRequest& request) {
  const at::Tensor plate = PictureOf(request.ambient_from, request.picture_in_space, request.ambient_from_frame);
  light::SceneLight ambient = light::AmbientOfPlate(plate * std::exp2(request.ambient_from_gain_stops));
  if (!(light::LuminanceOf(ambient.ambient) > 0))
    Throw(ErrorCode::kData,
          "the plate \"{}\" is black there: no light comes of it; give another, or another --ambient-from-frame",
          request.ambient_from);
  return ambient;
}

std::unique_ptr<passes::EditPass> PassBuilder::MakeRelight(const RelightRequest& request,
                                                           const compliance::ConsentGrant& grant) {
  const bool by_colour = MatchesByColour(request);
  const RelightRequest served = by_colour ? ForColours(request) : request;
  passes::RelightOptions look = served.Look();
  passes::RelightInputs inputs = RelightInputsOf(served, stock_.clip, stock_.info);
  UseOtherTakes(served, inputs);
  const bool named = !request.light.empty() || !request.save_light.empty();
  if (named && !inputs.take)
    Throw(ErrorCode::kNoInput,
          "a light is kept in units of the actor's albedo, which only a light-reference take tells; shoot one "
          "(docs/relight.md), or leave --light and --save-light out");
  if (look.hold_exposure && !request.save_light.empty())
    Throw(ErrorCode::kUsage,
          "--save-light keeps the lights as they were asked for, and --hold-exposure changes them for this shot alone; "
          "leave one of them out");
  if (!request.hdri.empty()) look.environment = EnvironmentOf(request);
  if (!request.ambient_from.empty()) look.plate_ambient = AmbientOf(request);
  if (!request.gobo.empty()) inputs.gobo = PictureOf(request.gobo, request.picture_in_space).clamp(0, 1);
  if (by_colour) look.match_colours = ColoursOf(request);
  else if (!request.match.empty()) look.match = LightOf(request.match, request.take);
  if (!request.light.empty()) look.match = SavedLight(request.light, inputs.take_key);
  const bool no_key = (look.environment && look.environment->keys.empty()) || (look.match && look.match->keys.empty());
  if (inputs.gobo.defined() && no_key)
    Throw(ErrorCode::kUsage, "--gobo stands before a key, and this light has none; say one with --key");
  relight_look_ = look;
  relight_take_key_ = inputs.take_key;
  return passes::MakeRelightPass(look, std::move(inputs), job_.device, grant);
}

light::SceneLight PassBuilder::SavedLight(const std::string& name, const std::string& take_key) {
  const project::AssetStore assets(project_);
  const std::optional<std::string> saved = assets.Find("light", name);
  if (!saved)
    Throw(ErrorCode::kNoInput, "this project has no light \"{}\"; --save-light NAME names one. It has: {}", name,
          fmt::join(assets.Names("light"), ", "));
  const nlohmann::json body = nlohmann::json::parse(*saved);
  if (body.value("take", "") != HashText(take_key))
    Throw(ErrorCode::kData,
          "the light \"{}\" was saved through another light-reference take than this shot has; name that take with "
          "--take, or save the light again",
          name);
  content_key_ += *saved + "\n";
  return light::SceneLightFrom(body.at("light").get<std::string>());
}

void PassBuilder::SaveLight(const RelightRequest& request, const image::Solution& solution) {
  const light::SceneLight wanted = passes::WantedLight(relight_look_, passes::FoundLight(solution));
  const nlohmann::json body = {{"take", HashText(relight_take_key_)}, {"light", light::ToJson(wanted)}};
  project::AssetStore(project_).Put("light", request.save_light, body.dump());
  notes_ += "light saved as " + request.save_light + "\n";
}

}  // namespace shotfix::pipeline
