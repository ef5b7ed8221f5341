// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pass_builder.h"

#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "pipeline/clip_eyes.h"
#include "shotfix/core/error.h"
#include "shotfix/core/hash.h"
#include "shotfix/gaze/sheet.h"
#include "shotfix/media/clip_files.h"
#include "shotfix/media/shot_reader.h"
#include "shotfix/media/still.h"
#include "shotfix/model/gaze_head.h"
#include "shotfix/model/matte_head.h"
#include "shotfix/passes/identity.h"
#include "shotfix/pipeline/solve.h"
#include "shotfix/train/train_project.h"

namespace fs = std::filesystem;

namespace shotfix::pipeline {
namespace {

std::optional<model::Head> GazeHeadOf(const Stock& stock, const std::string& person) {
  if (!stock.model) return std::nullopt;
  const auto head = stock.model->heads.find(model::GazeHeadName(person));
  return head == stock.model->heads.end() ? std::nullopt : std::optional(head->second);
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

}  // namespace

model::Head MatteHeadOf(const project::Project& project, const Stock& stock) {
  SHOTFIX_CHECK(stock.model.has_value());
  const auto head = stock.model->heads.find("matte");
  if (head == stock.model->heads.end())
    Throw(ErrorCode::kNoInput, "the model of \"{}\" has no matte head; run \"shotfix train\"",
          project.folder().string());
  return head->second;
}

Stock LoadStock(const project::Project& project, const Job& job) {
  Stock stock;
  stock.clip = train::FindClip(project, job.clip);
  stock.info = train::OpenCatalogued(stock.clip);
  stock.info.on_bad_frame = job.on_bad_frame;
  const bool needs_model = std::any_of(job.passes.begin(), job.passes.end(), [](const PassRequest& request) {
    return std::holds_alternative<BackgroundRequest>(request) || std::holds_alternative<RelightRequest>(request);
  });
  if (needs_model) LoadModel(project, stock);
  const bool may_use_model = std::any_of(job.passes.begin(), job.passes.end(), [](const PassRequest& request) {
    const auto* eyeline = std::get_if<EyelineRequest>(&request);
    return eyeline != nullptr && eyeline->use_head;
  });
  if (needs_model || !may_use_model || !fs::exists(train::ModelPath(project))) return stock;
  LoadModel(project, stock);
  std::vector<std::string> people = project::ClipStore(project).PeopleIn(stock.clip.id);
  if (people.empty()) people.emplace_back();
  const bool has_gaze = std::any_of(people.begin(), people.end(), [&](const std::string& person) {
    return stock.model->heads.contains(model::GazeHeadName(person));
  });
  if (!has_gaze) {  // nothing of the model is in the picture
    stock.model.reset();
    stock.model_sha256.clear();
  }
  return stock;
}

image::Solution PassBuilder::Solve(const passes::EditPass& pass, int64_t long_side_px) {
  project::SolutionStore solutions(project_);
  const SolveInputs solve{stock_.info, stock_.clip.sha256, static_cast<int>(long_side_px)};
  return SolveOrLoad(solutions, solve, pass, progress_);
}

// Kept under watch: it has to be the same at the end of the render.
media::ClipInfo PassBuilder::UsePlate(const std::string& name, const std::string& in_space) {
  const std::optional<project::ClipRecord> record = project::ClipStore(project_).FindByName(name);
  media::ProbeOptions options;
  if (!in_space.empty()) options.in_space = image::ParseColourSpace(in_space);
  media::ClipInfo plate = record ? train::OpenCatalogued(*record) : media::Probe(name, options);
  plates_[plate.path] = media::HashClip(plate.path);
  content_key_ += plates_[plate.path] + " " + plate.space.ToString() + "\n";
  return plate;
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
    inputs.plate = OpenPlate(UsePlate(request.plate, request.plate_in_space), stock_.info, request.placing);
  }
  return passes::MakeBackgroundPass(request.look, std::move(inputs), job_.device, grant);
}

// Where the actor of another shot looks most of the time, seen from its camera.
gaze::Direction PassBuilder::GazeOf(const EyelineRequest& request) {
  const std::string& name = request.at;
  const project::ClipRecord clip = train::FindClip(project_, name);
  const media::ClipInfo info = train::OpenCatalogued(clip);
  const compliance::ConsentGrant grant = compliance::ConsentLedger(project_).Require(
      {compliance::Operation::kEyeline, project::ClipStore(project_).PeopleIn(clip.id), clip.scene, clip.name});
  const ClipEyes eyes = FindClipEyes(project_, clip, info, {request.at_person, request.use_locator}, progress_);
  passes::EyelineOptions plain;
  plain.camera = true;
  const std::unique_ptr<passes::EditPass> pass = passes::MakeEyelinePass(plain, {eyes.fit, {}}, grant);
  project::SolutionStore solutions(project_);
  const SolveInputs solve{info, clip.sha256, static_cast<int>(kEyeLongSidePx)};
  const std::optional<gaze::Direction> found =
      gaze::UsualGaze(passes::FoundGaze(SolveOrLoad(solutions, solve, *pass, progress_)));
  if (!found)
    Throw(ErrorCode::kData, "where the actor of \"{}\" looks cannot be seen on any frame; say the gaze with --to",
          name);
  const gaze::Direction usual = *found;
  content_key_ += fmt::format("{},{}\n", usual.yaw_deg, usual.pitch_deg);
  notes_ += fmt::format("{} looks {:.1f},{:.1f} from its camera; the other side of that is {:.1f},{:.1f}\n", name,
                        usual.yaw_deg, usual.pitch_deg, -usual.yaw_deg, -usual.pitch_deg);
  return usual;
}

std::unique_ptr<passes::EditPass> PassBuilder::MakeEyeline(const EyelineRequest& request,
                                                           const compliance::ConsentGrant& grant) {
  passes::EyelineOptions look = request.Look();
  if (!request.during.empty()) look.during = FrameRange::Parse(request.during, stock_.info.frames);
  if (!request.at.empty()) look.at = GazeOf(request);
  const ClipEyes eyes =
      FindClipEyes(project_, stock_.clip, stock_.info, {request.person, request.use_locator}, progress_);
  notes_ += eyes.note + "\n";
  eyeline_person_ = eyes.person;
  eyeline_look_ = look;
  passes::EyelineInputs inputs{eyes.fit, {}};
  if (request.use_head) inputs.head = GazeHeadOf(stock_, eyes.person);
  if (inputs.head)
    notes_ += fmt::format("turned with the gaze head of {} (--no-gaze-head: without)\n",
                          eyes.person.empty() ? "the actor" : eyes.person);
  std::unique_ptr<passes::EditPass> pass = passes::MakeEyelinePass(look, std::move(inputs), grant);
  content_key_ += pass->AnalysisKey() + "\n";
  for (const passes::GazeKey& key : look.keys)
    content_key_ += fmt::format("{}:{},{} ", key.frame, key.gaze.yaw_deg, key.gaze.pitch_deg);
  return pass;
}

// What was found of the eyes: kept, checked, told and drawn.
void PassBuilder::RecordEyeline(const EyelineRequest& request, const image::Solution& solution) {
  EyelineRecord record;
  record.shot = std::make_shared<const gaze::ShotGaze>(passes::FoundGaze(solution));
  record.clip_scale = static_cast<double>(stock_.info.layout.width) / static_cast<double>(record.shot->analysis_width);
  KeepEyeball(project_, eyeline_person_, *record.shot);
  if (!request.sheet.empty()) {
    constexpr int64_t kMostRows = 24;
    const auto reader = media::OpenShotReader(stock_.info, stock_.info.frames, kEyeLongSidePx);
    media::WritePng(request.sheet, gaze::DrawSheet(*record.shot, *reader, kMostRows));
    notes_ += "what was found of the eyes is drawn in " + request.sheet + "\n";
  }
  record.frames = passes::PlanEyeline(eyeline_look_, *record.shot, record.clip_scale);
  if (!job_.frames.empty()) {
    const FrameRange wanted = FrameRange::Parse(job_.frames, stock_.info.frames);
    std::erase_if(record.frames, [&](const passes::EyelineFrame& frame) { return !wanted.Contains(frame.frame); });
  }
  record.warnings = passes::CheckEyeline(eyeline_look_, *record.shot, record.frames, record.clip_scale);
  for (const std::string& warning : record.warnings) notes_ += "look at " + warning + "\n";
  if (record.shot->calibration != gaze::Calibration::kWhole && !eyeline_look_.by)
    notes_ += fmt::format(
        "where the eyes look is {}; a frame of which you know it makes it exact: shotfix hint {} --frame N --gaze "
        "lens\n",
        record.shot->calibration == gaze::Calibration::kEstimated ? "estimated from the shot alone" : "known in part",
        stock_.clip.name);
  eyeline_ = std::move(record);
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
  } else if (const auto* eyeline = std::get_if<EyelineRequest>(&request)) {
    passes_.push_back(MakeEyeline(*eyeline, grant));
    solution = Solve(*passes_.back(), kEyeLongSidePx);
    RecordEyeline(*eyeline, solution);
    ready.stabiliser = {.gain_radius = 0, .warp_radius = 0, .alpha_radius = 0};
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
