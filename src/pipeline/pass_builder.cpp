// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pass_builder.h"

#include <fmt/ranges.h>

#include "pipeline/light_take_file.h"
#include "shotfix/core/error.h"
#include "shotfix/core/hash.h"
#include "shotfix/media/clip_files.h"
#include "shotfix/model/matte_head.h"
#include "shotfix/passes/identity.h"
#include "shotfix/pipeline/solve.h"
#include "shotfix/project/asset_store.h"
#include "shotfix/train/train_project.h"

namespace fs = std::filesystem;

namespace shotfix::pipeline {
namespace {

model::Head MatteHeadOf(const project::Project& project, const Stock& stock) {
  SHOTFIX_CHECK(stock.model.has_value());
  const auto head = stock.model->heads.find("matte");
  if (head == stock.model->heads.end())
    Throw(ErrorCode::kNoInput, "the model of \"{}\" has no matte head; run \"shotfix train\"",
          project.folder().string());
  return head->second;
}

void LoadModel(const project::Project& project, Stock& stock) {
  const fs::path model_path = train::ModelPath(project);
  if (!fs::exists(model_path)) {
    Throw(ErrorCode::kNoInput,
          "this project has no model yet; paint a matte with \"shotfix hint {} --frame N --matte M.png\", then run "
          "\"shotfix train\"",
          stock.clip.name);
  }
  stock.model = model::MiniModel::Load(model_path);
  if (stock.model->production_id != project.production_id()) {
    Throw(ErrorCode::kNoPermission, "the model \"{}\" belongs to another production; models never leave theirs",
          model_path.string());
  }
  stock.model_sha256 = HashFile(model_path);
}

media::ClipInfo OpenPlateInfo(const project::Project& project, const BackgroundRequest& request) {
  if (const auto record = project::ClipStore(project).FindByName(request.plate)) return train::OpenCatalogued(*record);
  media::ProbeOptions options;
  if (!request.plate_in_space.empty()) options.in_space = image::ParseColourSpace(request.plate_in_space);
  return media::Probe(request.plate, options);
}

}  // namespace

Stock LoadStock(const project::Project& project, const Job& job) {
  Stock stock;
  stock.clip = train::FindClip(project, job.clip);
  stock.info = train::OpenCatalogued(stock.clip);
  stock.info.on_bad_frame = job.on_bad_frame;
  const bool needs_model = std::any_of(job.passes.begin(), job.passes.end(), [](const PassRequest& request) {
    return !std::holds_alternative<IdentityRequest>(request);
  });
  if (needs_model) LoadModel(project, stock);
  return stock;
}

image::Solution PassBuilder::Solve(const passes::EditPass& pass, int64_t long_side_px) {
  project::SolutionStore solutions(project_);
  const SolveInputs solve{stock_.info, stock_.clip.sha256, static_cast<int>(long_side_px)};
  return SolveOrLoad(solutions, solve, pass, progress_);
}

std::unique_ptr<passes::EditPass> PassBuilder::MakeBackground(const BackgroundRequest& request,
                                                              const compliance::ConsentGrant& grant) {
  passes::BackgroundInputs inputs;
  inputs.matte_head = MatteHeadOf(project_, stock_);
  inputs.model_key = stock_.model_sha256;
  const int64_t long_side_px = inputs.matte_head.shape.at("long_side_px");
  const train::ShotInputs shot =
      train::LoadShotInputs(project_, stock_.clip, stock_.info, request.clean_plate, long_side_px);
  inputs.painted = shot.matte.painted;
  inputs.painted_key = shot.painted_key;
  inputs.clean_plate = shot.matte.supplied_plate;
  inputs.clean_plate_key = shot.clean_plate_key;
  content_key_ += shot.painted_key + "\n" + shot.clean_plate_key + "\n";
  if (!job_.matte_only) {
    const media::ClipInfo plate = OpenPlateInfo(project_, request);
    plates_[plate.path] = media::HashClip(plate.path);
    content_key_ += plates_[plate.path] + " " + plate.space.ToString() + "\n";
    inputs.plate = OpenPlate(plate, stock_.info, request.placing);
  }
  return passes::MakeBackgroundPass(request.look, std::move(inputs), job_.device, grant);
}

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
    progress_.Update("solving the light-reference take", 0, 1, take->clip.name);
    inputs.take = LoadLightTake(*take, image::ChooseAnalysisSize(info.layout.height, info.layout.width, long_side_px));
    inputs.take_key = take->key;
    progress_.Update("solving the light-reference take", 1, 1, take->clip.name);
  }
  content_key_ += shot.painted_key + "\n" + shot.clean_plate_key + "\n" + inputs.take_key + "\n";
  return inputs;
}

// The light of another shot of the same actor, in units of the take's albedo: as absolute as light gets here.
light::SceneLight PassBuilder::LightOf(const RelightRequest& request, const std::string& name,
                                       const compliance::ConsentGrant& grant) {
  const project::ClipRecord clip = train::FindClip(project_, name);
  const media::ClipInfo info = train::OpenCatalogued(clip);
  RelightRequest plain;
  plain.take = request.take;
  passes::RelightInputs inputs = RelightInputsOf(plain, clip, info);
  if (!inputs.take) {
    Throw(
        ErrorCode::kNoInput,
        "\"{}\" has no light-reference take of its actor, through which its light could be compared; shoot and ingest "
        "one (docs/relight.md), or say the light with --key",
        name);
  }
  const int64_t long_side_px = inputs.matte_head.shape.at("long_side_px");
  const std::unique_ptr<passes::EditPass> pass =
      passes::MakeRelightPass(plain.Look(), std::move(inputs), job_.device, grant);
  project::SolutionStore solutions(project_);
  const SolveInputs solve{info, clip.sha256, static_cast<int>(long_side_px)};
  const image::Solution solution = SolveOrLoad(solutions, solve, *pass, progress_);
  content_key_ += clip.sha256 + "\n";
  notes_ += "light matched to " + name + " through the take's albedo\n";
  return passes::FoundLight(solution);
}

std::unique_ptr<passes::EditPass> PassBuilder::MakeRelight(const RelightRequest& request,
                                                           const compliance::ConsentGrant& grant) {
  passes::RelightOptions look = request.Look();
  if (!request.match.empty()) look.match = LightOf(request, request.match, grant);
  if (!request.light.empty()) {
    const std::optional<std::string> saved = project::AssetStore(project_).Find("light", request.light);
    if (!saved)
      Throw(ErrorCode::kNoInput, "this project has no light \"{}\"; --save-light NAME names one. It has: {}",
            request.light, fmt::join(project::AssetStore(project_).Names("light"), ", "));
    look.match = light::SceneLightFrom(*saved);
    content_key_ += *saved + "\n";
  }
  relight_look_ = look;
  return passes::MakeRelightPass(look, RelightInputsOf(request, stock_.clip, stock_.info), job_.device, grant);
}

void PassBuilder::SaveLight(const RelightRequest& request, const image::Solution& solution) {
  const light::SceneLight wanted = passes::WantedLight(relight_look_, passes::FoundLight(solution));
  project::AssetStore(project_).Put("light", request.save_light, light::ToJson(wanted));
  notes_ += "light saved as " + request.save_light + "\n";
}

RenderPass PassBuilder::Build(const PassRequest& request, const compliance::ConsentGrant& grant) {
  RenderPass ready;
  image::Solution solution;
  if (const auto* background = std::get_if<BackgroundRequest>(&request)) {
    passes_.push_back(MakeBackground(*background, grant));
    solution = Solve(*passes_.back(), MatteHeadOf(project_, stock_).shape.at("long_side_px"));
    ready.stabiliser = background->stabiliser;
  } else if (const auto* relight = std::get_if<RelightRequest>(&request)) {
    passes_.push_back(MakeRelight(*relight, grant));
    solution = Solve(*passes_.back(), MatteHeadOf(project_, stock_).shape.at("long_side_px"));
    ready.stabiliser = relight->stabiliser;
    notes_ += passes::DescribeLight(solution) + "\n";
    if (!relight->save_light.empty()) SaveLight(*relight, solution);
  } else {
    passes_.push_back(passes::MakeIdentityPass());
    ready.stabiliser = {.gain_radius = 0, .warp_radius = 0, .alpha_radius = 0};
  }
  ready.traits = passes_.back()->Traits();
  const int count = ++names_[ready.traits.name];
  ready.label = count == 1 ? ready.traits.name : ready.traits.name + std::to_string(count);
  ready.proposer = passes_.back()->Bind(solution);
  return ready;
}

void PassBuilder::CheckPlates() const {
  for (const auto& [path, sha256] : plates_) {
    if (media::HashClip(path) != sha256)
      Throw(ErrorCode::kData, "the plate \"{}\" changed during the render; nothing was written, run it again",
            path.string());
  }
}

}  // namespace shotfix::pipeline
