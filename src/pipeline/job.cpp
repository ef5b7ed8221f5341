// SPDX-License-Identifier: Apache-2.0
#include "shotfix/pipeline/job.h"

#include <nlohmann/json.hpp>

#include "shotfix/core/error.h"
#include "shotfix/core/hash.h"
#include "shotfix/model/matte_head.h"
#include "shotfix/pipeline/solve.h"
#include "shotfix/project/clip_store.h"
#include "shotfix/project/run_store.h"
#include "shotfix/train/train_project.h"

namespace fs = std::filesystem;

namespace shotfix::pipeline {
namespace {

using Json = nlohmann::json;

// What the passes of a job share.
struct Stock {
  project::ClipRecord clip;
  media::ClipInfo info;
  model::MiniModel model;
  std::string model_sha256;
};

model::Head MatteHeadOf(const project::Project& project, const model::MiniModel& model) {
  const auto head = model.heads.find("matte");
  if (head == model.heads.end())
    Throw(ErrorCode::kNoInput, "the model of \"{}\" has no matte head; run \"shotfix train\"",
          project.folder().string());
  return head->second;
}

Stock LoadStock(const project::Project& project, const Job& job) {
  Stock stock;
  stock.clip = train::FindClip(project, job.clip);
  stock.info = train::OpenCatalogued(stock.clip);
  const fs::path model_path = train::ModelPath(project);
  if (!fs::exists(model_path)) {
    Throw(ErrorCode::kNoInput,
          "this project has no model yet; paint a matte with \"shotfix hint {} --frame N --matte M.png\", then run "
          "\"shotfix train\"",
          stock.clip.name);
  }
  stock.model = model::MiniModel::Load(model_path);
  if (stock.model.production_id != project.production_id()) {
    Throw(ErrorCode::kNoPermission, "the model \"{}\" belongs to another production; models never leave theirs",
          model_path.string());
  }
  stock.model_sha256 = HashFile(model_path);
  return stock;
}

media::ClipInfo OpenPlateInfo(const project::Project& project, const BackgroundRequest& request) {
  if (const auto record = project::ClipStore(project).FindByName(request.plate)) return train::OpenCatalogued(*record);
  media::ProbeOptions options;
  if (!request.plate_in_space.empty()) options.in_space = image::ParseColourSpace(request.plate_in_space);
  return media::Probe(request.plate, options);
}

// Turns requests into passes that are ready to render; keeps what they point to alive.
class PassBuilder {
 public:
  PassBuilder(const project::Project& project, const Job& job, const Stock& stock, Progress& progress)
      : project_(project), job_(job), stock_(stock), progress_(progress) {}

  RenderPass Background(const BackgroundRequest& request, const compliance::ConsentGrant& grant) {
    passes::BackgroundInputs inputs;
    inputs.matte_head = MatteHeadOf(project_, stock_.model);
    inputs.model_key = stock_.model_sha256;
    const int64_t long_side_px = inputs.matte_head.shape.at("long_side_px");
    const train::ShotInputs shot =
        train::LoadShotInputs(project_, stock_.clip, stock_.info, request.clean_plate, long_side_px);
    inputs.painted = shot.matte.painted;
    inputs.painted_key = shot.painted_key;
    inputs.clean_plate = shot.matte.supplied_plate;
    inputs.clean_plate_key = shot.clean_plate_key;
    if (!job_.matte_only) inputs.plate = OpenPlate(OpenPlateInfo(project_, request), stock_.info, request.placing);
    passes_.push_back(passes::MakeBackgroundPass(request.look, std::move(inputs), job_.device, grant));
    const passes::EditPass& pass = *passes_.back();
    project::SolutionStore solutions(project_);
    const SolveInputs solve{stock_.info, stock_.clip.sha256, static_cast<int>(long_side_px)};
    const image::Solution solution = SolveOrLoad(solutions, solve, pass, progress_);
    return {pass.Traits(), pass.Bind(solution), request.stabiliser};
  }

 private:
  const project::Project& project_;
  const Job& job_;
  const Stock& stock_;
  Progress& progress_;
  std::vector<std::unique_ptr<passes::EditPass>> passes_;
};

std::string PlanOf(const Job& job, const Stock& stock, FrameRange frames) {
  std::string plan =
      fmt::format("clip {} ({}, {} frames), frames {}, to {}\n", stock.clip.name, stock.info.layout.ToString(),
                  stock.info.frame_count(), frames.ToString(), job.output.string());
  for (const BackgroundRequest& request : job.passes) {
    plan += fmt::format("pass background: plate {}, needs {} frames on each side\n",
                        request.plate.empty() ? "none (matte only)" : request.plate, request.stabiliser.Radius());
  }
  return plan;
}

media::EncodeSettings SettingsFor(const Job& job, const Stock& stock, FrameRange frames, RenderInputs& inputs) {
  media::EncodeSettings settings;
  settings.codec = media::ResolveCodec(job.output, job.codec);
  if (job.matte_only && settings.codec == media::Codec::kProRes422Hq) settings.codec = media::Codec::kProRes4444;
  const bool no_alpha = settings.codec == media::Codec::kH264 || settings.codec == media::Codec::kHevc ||
                        settings.codec == media::Codec::kDnxhr;
  if (job.matte_only && no_alpha) {
    Throw(ErrorCode::kUsage,
          "--matte-only needs an output with alpha: .mov, .mkv, or a sequence of EXR, PNG, TIFF or DPX");
  }
  inputs.linear_output = media::StoresLinear(settings.codec);
  inputs.output_layout = OutputLayout(stock.info, inputs.linear_output, inputs.matte_only);
  settings.quality_crf = job.quality_crf;
  settings.copy_sound = job.copy_sound;
  settings.layout = inputs.output_layout;
  settings.space = stock.info.space;
  if (inputs.linear_output) {
    settings.space.transfer = image::Transfer::kLinear;
    settings.space.matrix = image::Matrix::kRgb;
    settings.space.range = image::Range::kFull;
  }
  settings.frames = frames;
  return settings;
}

compliance::LabelFacts FactsOf(const project::Project& project, const Job& job, const Stock& stock, int64_t run_id) {
  compliance::LabelFacts facts;
  facts.operations = {job.matte_only ? "matte" : "background"};
  facts.parameters_json = job.OptionsJson();
  facts.model_sha256 = stock.model_sha256;
  facts.source_name = stock.clip.name;
  facts.source_sha256 = stock.clip.sha256;
  facts.production_id = project.production_id();
  facts.run_id = run_id;
  facts.command_line = job.command_line;
  return facts;
}

JobResult Execute(const project::Project& project, const Job& job, const Stock& stock, int64_t run_id,
                  Progress& progress) {
  RenderInputs inputs;
  inputs.clip = stock.info;
  inputs.frames = job.frames.empty() ? stock.info.frames : FrameRange::Parse(job.frames, stock.info.frames);
  inputs.device = job.device;
  inputs.matte_only = job.matte_only;
  const compliance::ConsentLedger ledger(project);
  const compliance::ConsentGrant grant =
      ledger.Require({compliance::Operation::kBackground, project::ClipStore(project).PeopleIn(stock.clip.id),
                      stock.clip.scene, stock.clip.name});
  JobResult result;
  result.plan = PlanOf(job, stock, inputs.frames);
  if (job.dry_run) return result;
  const media::EncodeSettings settings = SettingsFor(job, stock, inputs.frames, inputs);
  // Opened before the long analysis: a wrong name or a full folder is told at once.
  compliance::DeliverableWriter writer(job.output, settings, stock.info, grant,
                                       job.overwrite ? Overwrite::kAllow : Overwrite::kRefuse);
  PassBuilder builder(project, job, stock, progress);
  for (const BackgroundRequest& request : job.passes) inputs.passes.push_back(builder.Background(request, grant));
  const std::string record_key = "edit-" + std::to_string(run_id);
  project::SolutionStore(project).Make(record_key, [&](const std::shared_ptr<image::FrameTrack>& track) {
    inputs.support_record = track;
    result.stats = Render(inputs, writer, progress);
    inputs.support_record.reset();
    image::Solution record;
    record.body = Json{{"run", run_id}, {"source_begin", inputs.frames.begin}}.dump();
    return record;
  });
  result.label = writer.Commit(FactsOf(project, job, stock, run_id),
                               {result.stats.frames, result.stats.altered_share(), record_key});
  result.output = job.output;
  result.run_id = run_id;
  return result;
}

}  // namespace

void Job::Validate() const {
  if (clip.empty()) Throw(ErrorCode::kUsage, "no clip is named; give --clip NAME or clip = \"NAME\" in the recipe");
  if (output.empty()) Throw(ErrorCode::kUsage, "no output is named; give -o OUT");
  if (passes.empty()) Throw(ErrorCode::kUsage, "the job has no pass; add a [[pass]] section");
  if (quality_crf < 0 || quality_crf > 51) Throw(ErrorCode::kUsage, "--crf is {}; allowed is 0 to 51", quality_crf);
  for (const BackgroundRequest& request : passes) {
    if (request.plate.empty() && !matte_only)
      Throw(ErrorCode::kUsage, "background needs --plate FILE, or --matte-only");
    request.look.Validate();
    request.placing.Validate();
    request.stabiliser.Validate();
  }
}

JobResult RunJob(const project::Project& project, const Job& job, Progress& progress) {
  job.Validate();
  const Stock stock = LoadStock(project, job);
  if (job.dry_run) return Execute(project, job, stock, 0, progress);
  project::RunStore runs(project);
  const int64_t run_id = runs.Begin("render", job.OptionsJson());
  try {
    JobResult result = Execute(project, job, stock, run_id, progress);
    runs.End(run_id, "done",
             Json{{"output", result.output.string()},
                  {"frames", result.stats.frames},
                  {"altered_share", result.stats.altered_share()}}
                 .dump());
    return result;
  } catch (const Error& problem) {
    runs.End(run_id, problem.code() == ErrorCode::kStopped ? "stopped" : "failed",
             Json{{"error", problem.what()}}.dump());
    throw;
  } catch (const std::exception& problem) {
    runs.End(run_id, "failed", Json{{"error", problem.what()}}.dump());
    throw;
  }
}

}  // namespace shotfix::pipeline
