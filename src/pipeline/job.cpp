// SPDX-License-Identifier: Apache-2.0
#include "shotfix/pipeline/job.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "pipeline/other_takes.h"
#include "pipeline/pass_builder.h"
#include "pipeline/spool.h"
#include "shotfix/core/error.h"
#include "shotfix/core/hash.h"
#include "shotfix/core/log.h"
#include "shotfix/media/clip_files.h"
#include "shotfix/project/run_store.h"
#include "shotfix/project/solution_store.h"

namespace fs = std::filesystem;

namespace shotfix::pipeline {
namespace {

using Json = nlohmann::json;

std::string SurroundingsOf(const RelightRequest& relight) {
  std::string text;
  if (!relight.hdri.empty()) text += ", all light of " + relight.hdri;
  if (!relight.ambient_from.empty()) text += ", ambient light of " + relight.ambient_from;
  if (!relight.gobo.empty()) text += ", through " + relight.gobo;
  if (relight.look.on != passes::LitPart::kPerson) text += ", on " + passes::ToString(relight.look.on);
  return text;
}

std::string PlanOf(const Job& job, const Stock& stock, FrameRange frames) {
  std::string plan =
      fmt::format("clip {} ({}, {} frames), frames {}, to {}\n", stock.clip.name, stock.info.layout.ToString(),
                  stock.info.frame_count(), frames.ToString(), job.output.string());
  for (const PassRequest& request : job.passes) {
    plan += fmt::format("pass {}", NameOf(request));
    if (const auto* background = std::get_if<BackgroundRequest>(&request)) {
      plan += fmt::format(": plate {}, needs {} frames on each side",
                          background->plate.empty() ? "none (matte only)" : background->plate,
                          background->stabiliser.Radius());
    }
    if (const auto* relight = std::get_if<RelightRequest>(&request))
      plan += fmt::format(": {} lights{}, needs {} frames on each side",
                          relight->keys.size() + relight->fills.size() + relight->rims.size(), SurroundingsOf(*relight),
                          relight->stabiliser.Radius());
    if (const auto* eyeline = std::get_if<EyelineRequest>(&request))
      plan += fmt::format(": {}, needs no frame beside its own", eyeline->TargetText());
    plan += "\n";
  }
  if (!job.layers.empty()) plan += fmt::format("layers to {}\n", job.layers.string());
  return plan;
}

// What is done to people; nothing more than identity where no pass alters them.
std::vector<compliance::Operation> OperationsOf(const Job& job) {
  std::vector<compliance::Operation> operations;
  for (const PassRequest& request : job.passes) {
    if (std::holds_alternative<BackgroundRequest>(request)) operations.push_back(compliance::Operation::kBackground);
    if (std::holds_alternative<RelightRequest>(request)) operations.push_back(compliance::Operation::kRelight);
    if (std::holds_alternative<EyelineRequest>(request)) operations.push_back(compliance::Operation::kEyeline);
  }
  return operations;
}

std::string PassNames(const Job& job) {
  std::string names;
  for (const PassRequest& request : job.passes) names += (names.empty() ? "" : ", ") + std::string(NameOf(request));
  return names;
}

media::EncodeSettings SettingsFor(const Job& job, const Stock& stock, FrameRange frames, RenderInputs& inputs) {
  media::EncodeSettings settings;
  settings.codec = media::ResolveCodec(job.output, job.codec);
  if (job.matte_only && settings.codec == media::Codec::kProRes422Hq) settings.codec = media::Codec::kProRes4444;
  const bool no_alpha = settings.codec == media::Codec::kH264 || settings.codec == media::Codec::kHevc ||
                        settings.codec == media::Codec::kDnxhr || settings.codec == media::Codec::kY4m;
  const bool mxf = job.output.extension() == ".mxf";
  if (mxf && job.on_bad_frame == media::OnBadFrame::kSkip)
    Throw(ErrorCode::kUsage, "MXF has no room for a frame that is left out; use --on-bad-frame hold, or write .mov");
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
  settings.gaps = job.on_bad_frame == media::OnBadFrame::kSkip;
  settings.attributes["source"] = stock.clip.name;
  settings.attributes["sourceSha256"] = stock.clip.sha256;
  settings.attributes["passes"] = PassNames(job);
  return settings;
}

compliance::LabelFacts FactsOf(const project::Project& project, const Job& job, const Stock& stock, int64_t run_id) {
  compliance::LabelFacts facts;
  for (const PassRequest& request : job.passes)
    facts.operations.emplace_back(job.matte_only ? "matte" : NameOf(request));
  facts.parameters_json = job.OptionsJson();
  facts.model_sha256 = stock.model_sha256;
  facts.source_name = stock.clip.name;
  facts.source_sha256 = stock.clip.sha256;
  facts.production_id = project.production_id();
  facts.run_id = run_id;
  facts.command_line = job.command_line;
  return facts;
}

compliance::ConsentGrant GrantFor(const project::Project& project, const Job& job, const Stock& stock) {
  const compliance::ConsentLedger ledger(project);
  const std::vector<compliance::Operation> operations = OperationsOf(job);
  if (operations.empty())
    return ledger.Require({compliance::Operation::kIdentity, {}, stock.clip.scene, stock.clip.name});
  return ledger.RequireAll(operations, {operations.front(), project::ClipStore(project).PeopleIn(stock.clip.id),
                                        stock.clip.scene, stock.clip.name});
}

// Everything that the samples depend on beside this program; see Note [Resume].
std::unique_ptr<project::RenderJournal> OpenJournal(const project::Project& project, const Job& job, const Stock& stock,
                                                    const std::string& passes_key) {
  if (!job.resume) return nullptr;
  project::RenderJournal::Key key;
  key.output = media::IsPipe(job.output) ? "-" : fs::absolute(job.output).lexically_normal().string();
  // Pieces of a sequence are deliverables of their own, and a pipe is another one each time.
  if (media::IsSequencePattern(job.output)) key.output += " " + job.frames;
  if (media::IsPipe(job.output)) key.output += stock.clip.sha256 + job.OptionsJson();
  key.content = Json{{"version", SHOTFIX_VERSION},
                     {"source", stock.clip.sha256},
                     {"space", stock.info.space.ToString()},
                     {"model", stock.model_sha256},
                     {"passes", passes_key},
                     {"options", Json::parse(job.OptionsJson())},
                     {"device", c10::DeviceTypeName(job.device.type(), true)}}
                    .dump();
  std::unique_ptr<project::RenderJournal> journal = project::RenderJournal::Open(project, key);
  if (!journal) log::Warning("another process is rendering the same; this one cannot be resumed if it stops");
  return journal;
}

// The source as it was when its hash was taken: whatever its times say, its content is read once more.
void CheckSource(const Stock& stock) {
  if (media::HashClip(stock.clip.path) == stock.clip.sha256) return;
  throw Error(ErrorCode::kData,
              fmt::format("\"{}\" changed during the render; nothing was written, ingest it again", stock.clip.path))
      .WithFile(stock.clip.path);
}

compliance::Destination DestinationOf(const project::Project& project, const Job& job, int64_t run_id) {
  compliance::Destination destination;
  destination.path = job.output;
  destination.layers = job.layers;
  destination.overwrite = job.overwrite ? Overwrite::kAllow : Overwrite::kRefuse;
  if (media::IsPipe(job.output))
    destination.label = project.Subfolder("labels") / fmt::format("run-{}.shotfix.json", run_id);
  return destination;
}

// What a dry run has to find wrong too.
void CheckNames(const project::Project& project, const EyelineRequest& request, const Stock& stock) {
  if (!request.during.empty()) FrameRange::Parse(request.during, stock.info.frames);
  if (!request.at.empty()) train::FindClip(project, request.at);
}

JobResult Execute(const project::Project& project, const Job& job, const Stock& stock, int64_t run_id,
                  Progress& progress) {
  RenderInputs inputs;
  inputs.clip = stock.info;
  inputs.frames = job.frames.empty() ? stock.info.frames : FrameRange::Parse(job.frames, stock.info.frames);
  inputs.device = job.device;
  inputs.matte_only = job.matte_only;
  inputs.layers = !job.layers.empty();
  const compliance::ConsentGrant grant = GrantFor(project, job, stock);
  JobResult result;
  for (const PassRequest& request : job.passes) {
    if (const auto* eyeline = std::get_if<EyelineRequest>(&request)) CheckNames(project, *eyeline, stock);
  }
  result.plan = PlanOf(job, stock, inputs.frames);
  if (job.dry_run) return result;
  const media::EncodeSettings settings = SettingsFor(job, stock, inputs.frames, inputs);
  // Opened before the long analysis: a wrong name or a full folder is told at once.
  compliance::DeliverableWriter writer(DestinationOf(project, job, run_id), settings, stock.info, grant);
  PassBuilder builder(project, job, stock, progress);
  for (const PassRequest& request : job.passes) inputs.passes.push_back(builder.Build(request, grant));
  const std::unique_ptr<project::RenderJournal> journal = OpenJournal(project, job, stock, builder.content_key());
  inputs.journal = journal.get();
  result.notes = builder.notes();
  result.eyeline = builder.eyeline();
  const std::string record_key = "edit-" + std::to_string(run_id);
  project::SolutionStore(project).Make(record_key, [&](const std::shared_ptr<image::FrameTrack>& track) {
    inputs.support_record = track;
    result.stats = Render(inputs, writer, progress);
    inputs.support_record.reset();
    image::Solution record;
    record.body = Json{{"run", run_id}, {"source_begin", inputs.frames.begin}}.dump();
    return record;
  });
  CheckSource(stock);
  builder.CheckPlates();
  result.label = writer.Commit(FactsOf(project, job, stock, run_id), {result.stats.frames, result.stats.altered_share(),
                                                                      result.stats.bad_frames, record_key});
  if (journal) journal->Remove();
  const bool gaps = job.on_bad_frame == media::OnBadFrame::kSkip && !result.stats.bad_frames.empty();
  if (result.eyeline && !media::IsPipe(job.output) && !job.matte_only && !gaps)
    MeasureAchieved(*result.eyeline, stock.info, job.output, inputs.frames.begin, progress);
  result.output = job.output;
  result.run_id = run_id;
  return result;
}

}  // namespace

const char* NameOf(const PassRequest& request) {
  if (std::holds_alternative<BackgroundRequest>(request)) return "background";
  if (std::holds_alternative<EyelineRequest>(request)) return "eyeline";
  return std::holds_alternative<RelightRequest>(request) ? "relight" : "identity";
}

passes::RelightOptions RelightRequest::Look() const {
  constexpr double kFillStops = -2;  // a fill or rim without a strength of its own, beside the shot's key
  constexpr double kRimStops = -0.5;
  passes::RelightOptions result = look;
  const auto add = [&](const std::vector<std::string>& texts, double stops) {
    for (const std::string& text : texts) {
      light::KeyRequest request = light::ParseKey(text);
      if (std::count(text.begin(), text.end(), ',') < 3) request.stops = stops;
      result.extras.push_back(request);
    }
  };
  for (const std::string& text : keys) result.keys.push_back(light::ParseKey(text));
  add(fills, kFillStops);
  add(rims, kRimStops);
  const bool lights = !keys.empty() || !fills.empty() || !rims.empty();
  const auto check = [](const char* name, double value, double most) {
    if (!(std::fabs(value) <= most))
      Throw(ErrorCode::kUsage, "--{} is {}; allowed is {} to {}", name, value, -most, most);
  };
  check("hdri-turn", hdri_turn_deg, 360);
  check("ambient-from-gain", ambient_from_gain_stops, 10);
  if (ambient_from_frame < 0)
    Throw(ErrorCode::kUsage, "--ambient-from-frame is {}; allowed is 0 or more", ambient_from_frame);
  if (!hdri.empty() && !(keys.empty() && match.empty() && light.empty() && ambient_from.empty()))
    Throw(ErrorCode::kUsage, "--hdri brings all of a light; leave --key, --match, --light and --ambient-from out");
  if (!ambient_from.empty() && !(match.empty() && light.empty()))
    Throw(ErrorCode::kUsage, "--match and --light bring all of a light; leave --ambient-from out");
  if (!match.empty() && !light.empty()) Throw(ErrorCode::kUsage, "give --match or --light, not both");
  if (lights && !(match.empty() && light.empty()))
    Throw(ErrorCode::kUsage, "--match and --light bring all of a light; leave --key, --fill and --rim out");
  const passes::RelightOptions plain;
  if (!hdri.empty() && look.ambient_stops != plain.ambient_stops)
    Throw(ErrorCode::kUsage, "--hdri brings its own ambient light; leave --ambient out, or say --hdri-stops");
  const bool whole = !match.empty() || !light.empty();
  if (whole && (look.ambient_stops != plain.ambient_stops || look.soften_deg != plain.soften_deg))
    Throw(ErrorCode::kUsage, "--match and --light bring all of a light; leave --ambient and --soften out");
  if (!hdri.empty() && look.soften_deg != plain.soften_deg)
    Throw(ErrorCode::kUsage, "--soften is for new keys; the panorama says how soft its own lamps are");
  if (gobo.empty() && look.gobo_size != plain.gobo_size) Throw(ErrorCode::kUsage, "--gobo-size goes with --gobo");
  if (hdri.empty() && (hdri_turn_deg != 0 || look.environment_stops != 0))
    Throw(ErrorCode::kUsage, "--hdri-turn and --hdri-stops go with --hdri");
  if (!gobo.empty() && !save_light.empty())
    Throw(ErrorCode::kUsage, "--save-light keeps no gobo; save the light first, then use it with --light and --gobo");
  if (keys.empty() && look.soften_deg != plain.soften_deg)
    Throw(ErrorCode::kUsage, "--soften is for new keys: give --key; --fill is soft already");
  if (!light_from.empty()) result.light_from = light::ParseKey(light_from);
  ParseTakes(beside);
  return result;
}

std::vector<PassRequest> Job::AllPasses() const {
  std::vector<PassRequest> all;
  for (const PassRequest& request : passes) {
    const auto* background = std::get_if<BackgroundRequest>(&request);
    if (background != nullptr && background->light_from_plate) {
      RelightRequest light;
      light.ambient_from = background->plate;
      light.picture_in_space = background->plate_in_space;
      light.ambient_from_gain_stops = background->look.plate_gain_stops;
      light.ambient_from_frame = background->placing.start;
      light.light_from = background->light_from;
      light.clean_plate = background->clean_plate;
      all.emplace_back(std::move(light));
    }
    all.push_back(request);
    if (auto* done = std::get_if<BackgroundRequest>(&all.back())) {
      done->light_from_plate = false;
      done->light_from.clear();
    }
  }
  return all;
}

void Job::Validate() const {
  if (clip.empty()) Throw(ErrorCode::kUsage, "no clip is named; give --clip NAME or clip = \"NAME\" in the recipe");
  if (output.empty()) Throw(ErrorCode::kUsage, "no output is named; give -o OUT");
  if (passes.empty()) Throw(ErrorCode::kUsage, "the job has no pass; add a [[pass]] section");
  if (quality_crf < 0 || quality_crf > 51) Throw(ErrorCode::kUsage, "--crf is {}; allowed is 0 to 51", quality_crf);
  if (!layers.empty() && layers.extension() != ".exr")
    Throw(ErrorCode::kUsage, "--layers \"{}\" must be EXR files, for example NAME.%04d.exr", layers.string());
  for (const PassRequest& request : passes) {
    const auto* background = std::get_if<BackgroundRequest>(&request);
    if (const auto* relight = std::get_if<RelightRequest>(&request)) {
      relight->Look().Validate();
      relight->stabiliser.Validate();
    }
    if (const auto* eyeline = std::get_if<EyelineRequest>(&request)) eyeline->Look();
    if (background == nullptr && matte_only) Throw(ErrorCode::kUsage, "--matte-only goes with background alone");
    if (background == nullptr) continue;
    if (matte_only && background->light_from_plate)
      Throw(ErrorCode::kUsage, "--matte-only changes no light; leave --light-from-plate out");
    if (!background->light_from.empty() && !background->light_from_plate)
      Throw(ErrorCode::kUsage, "--light-from goes with --light-from-plate");
    if (background->plate.empty() && !matte_only)
      Throw(ErrorCode::kUsage, "background needs --plate FILE, or --matte-only");
    if (background->light_from_plate) {
      RelightRequest light;
      light.light_from = background->light_from;
      light.Look().Validate();
    }
    background->look.Validate();
    background->placing.Validate();
    background->stabiliser.Validate();
  }
}

JobResult RunJob(const project::Project& project, const Job& asked, Progress& progress) {
  asked.Validate();
  Job job = asked;
  job.passes = asked.AllPasses();
  if (job.clip == "-") job.clip = SpoolClip(project, stdin, {job.in_space, job.people}, progress).name;
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
