// SPDX-License-Identifier: Apache-2.0
#include "shotfix/pipeline/train_light.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <map>

#include "pipeline/light_take_file.h"
#include "shotfix/compliance/consent.h"
#include "shotfix/core/error.h"
#include "shotfix/core/stop.h"
#include "shotfix/image/convert.h"
#include "shotfix/light/relief.h"
#include "shotfix/media/shot_reader.h"
#include "shotfix/model/light_head.h"
#include "shotfix/project/hint_store.h"
#include "shotfix/temporal/flow.h"
#include "shotfix/train/light_trainer.h"
#include "shotfix/train/shot_inputs.h"
#include "shotfix/train/train_project.h"

namespace shotfix::pipeline {
namespace {

constexpr int64_t kLongSidePx = 640;
constexpr size_t kMostPictures = 12;     // of a take
constexpr double kLeastLikeness = 0.45;  // of a shot and the take; below, the take is not found in it
constexpr size_t kFewestLights = 4;

using TakesOfPeople = std::map<std::string, std::vector<project::ClipRecord>>;  // oldest first

bool Wanted(const std::vector<std::string>& names, const project::ClipRecord& clip) {
  return names.empty() || std::find(names.begin(), names.end(), clip.name) != names.end();
}

TakesOfPeople FindTakes(const project::Project& project, const std::vector<std::string>& names) {
  const project::HintStore hints(project);
  const project::ClipStore clips(project);
  TakesOfPeople found;
  for (const project::ClipRecord& clip : clips.All()) {
    if (clip.role != project::Role::kLightReference || !Wanted(names, clip)) continue;
    const bool painted = !hints.Of(clip.id, "matte").empty();
    if (!painted || hints.Of(clip.id, "light-from").size() < kFewestLights) continue;
    // Nobody can tell two people's surfaces apart, nor whose the shape is where nobody is recorded.
    const std::vector<std::string> people = clips.PeopleIn(clip.id);
    if (people.size() == 1) found[people.front()].push_back(clip);
  }
  for (auto& [person, takes] : found)
    std::sort(takes.begin(), takes.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return found;
}

struct SolvedTake {
  std::shared_ptr<const light::LightTake> take;
  std::vector<at::Tensor> pictures;  // [3,h,w] scene-linear
};

SolvedTake Solve(const project::Project& project, const project::ClipRecord& clip) {
  const LightTakeFile file = *FindLightTake(project, clip, clip.name);
  const media::ClipInfo info = train::OpenCatalogued(clip);
  SolvedTake solved;
  solved.take = LoadLightTake(file, image::ChooseAnalysisSize(info.layout.height, info.layout.width, kLongSidePx));
  const auto reader = media::OpenShotReader(info, info.frames, static_cast<int>(kLongSidePx));
  const size_t step = (file.lights.size() + kMostPictures - 1) / kMostPictures;
  size_t k = 0;
  for (const auto& [frame, direction] : file.lights)
    if (k++ % step == 0) solved.pictures.push_back(image::LinearFromPerceptual(reader->Analysis(frame)));
  return solved;
}

at::Tensor OutlineNormals(const at::Tensor& mask) { return light::NormalsOf(light::InflateOutline(mask), mask); }

class Teacher {
 public:
  Teacher(const project::Project& project, Progress& progress) : project_(project), progress_(progress) {}

  // The grants are the permission to learn from this person.
  void Learn(const project::ClipRecord& take, const compliance::ConsentGrant& grant);
  void HoldOut(const project::ClipRecord& take, const compliance::ConsentGrant& grant);
  // Painted frames in which the last take that was learned from is found again.
  bool Examine(const project::ClipRecord& clip, const compliance::ConsentGrant& grant);

  const std::vector<train::LightLesson>& lessons() const { return lessons_; }
  const std::vector<train::LightExam>& exams() const { return exams_; }
  const std::vector<model::FootageUse>& footage() const { return footage_; }
  const std::vector<std::string>& consent_ids() const { return consent_ids_; }

 private:
  void Note(const project::ClipRecord& clip, const media::ClipInfo& info, const compliance::ConsentGrant& grant);
  void ExamineFrame(const at::Tensor& linear, const at::Tensor& matte);

  const project::Project& project_;
  Progress& progress_;
  std::vector<train::LightLesson> lessons_;
  std::vector<train::LightExam> exams_;
  std::vector<at::Tensor> contrasts_;  // of the last lesson, under some of its lamps
  std::vector<model::FootageUse> footage_;
  std::vector<std::string> consent_ids_;
};

void Teacher::Note(const project::ClipRecord& clip, const media::ClipInfo& info,
                   const compliance::ConsentGrant& grant) {
  footage_.push_back({clip.name, clip.sha256, {}, info.frames});
  consent_ids_.insert(consent_ids_.end(), grant.entry_ids().begin(), grant.entry_ids().end());
}

void Teacher::Learn(const project::ClipRecord& clip, const compliance::ConsentGrant& grant) {
  progress_.Update("solving the light-reference take", 0, 1, clip.name);
  const SolvedTake solved = Solve(project_, clip);
  const light::TakeSurface& surface = solved.take->surface;
  lessons_.push_back({surface.normals, surface.albedo, surface.heights, surface.mask, solved.pictures});
  contrasts_ = solved.take->contrasts;
  Note(clip, train::OpenCatalogued(clip), grant);
  progress_.Update("solving the light-reference take", 1, 1, clip.name);
}

void Teacher::HoldOut(const project::ClipRecord& clip, const compliance::ConsentGrant& grant) {
  const SolvedTake solved = Solve(project_, clip);
  const light::TakeSurface& surface = solved.take->surface;
  const at::Tensor guessed = OutlineNormals(surface.mask);
  for (const at::Tensor& picture : solved.pictures)
    exams_.push_back({picture, surface.mask, surface.normals, surface.mask, guessed});
  Note(clip, train::OpenCatalogued(clip), grant);
}

void Teacher::ExamineFrame(const at::Tensor& linear, const at::Tensor& matte) {
  const at::Tensor mask = (matte > 0.5).to(at::kFloat);
  const train::LightLesson& lesson = lessons_.back();
  if (lesson.mask.sizes() != mask.sizes() || mask.sum().item<double>() < 1) return;
  const light::TakeSurface surface{lesson.normals, lesson.albedo, lesson.heights, lesson.mask};
  const at::Tensor contrast = light::LocalContrast(linear, mask);
  const std::unique_ptr<temporal::FlowEstimator> flow = temporal::MakeDisFlow();
  light::Registration best;
  best.likeness = -1;
  for (const at::Tensor& under : contrasts_) {
    light::Registration one = light::RegisterTake(*flow, contrast, mask, under, lesson.mask);
    if (one.likeness > best.likeness) best = std::move(one);
  }
  if (best.likeness < kLeastLikeness) return;
  const light::SeenSurface seen = light::SeeSurface(surface, best);
  exams_.push_back({linear, mask, seen.normals, best.known, OutlineNormals(mask)});
}

bool Teacher::Examine(const project::ClipRecord& clip, const compliance::ConsentGrant& grant) {
  const size_t before = exams_.size();
  const media::ClipInfo info = train::OpenCatalogued(clip);
  const train::ShotInputs inputs = train::LoadShotInputs(project_, clip, info, {false, {}}, kLongSidePx);
  const auto reader = media::OpenShotReader(info, info.frames, static_cast<int>(kLongSidePx));
  for (const auto& [frame, matte] : inputs.matte.painted) {
    ThrowIfStopped();
    progress_.Update("finding the take in " + clip.name, static_cast<int64_t>(exams_.size() - before),
                     static_cast<int64_t>(inputs.matte.painted.size()), "");
    ExamineFrame(image::LinearFromPerceptual(reader->Analysis(frame)), matte);
  }
  if (exams_.size() == before) return false;
  Note(clip, info, grant);
  return true;
}

class HeadMaker {
 public:
  HeadMaker(const project::Project& project, const TrainLightOptions& options, Progress& progress)
      : project_(project), options_(options), progress_(progress), recipe_(train::LoadRecipe(options.recipe)) {}
  LightHeadReport Make(const std::string& person, const std::vector<project::ClipRecord>& takes, double share) const;

 private:
  compliance::ConsentGrant Permission(const project::ClipRecord& clip) const;
  using Lesson = std::function<bool(const compliance::ConsentGrant&)>;
  void Use(const project::ClipRecord& clip, const Lesson& use, std::vector<std::string>& used,
           LightHeadReport& report) const;
  void Gather(const std::string& person, const std::vector<project::ClipRecord>& takes, Teacher& teacher,
              LightHeadReport& report) const;

  const project::Project& project_;
  const TrainLightOptions& options_;
  Progress& progress_;
  train::Recipe recipe_;
};

compliance::ConsentGrant HeadMaker::Permission(const project::ClipRecord& clip) const {
  const compliance::ConsentRequest request{compliance::Operation::kTraining,
                                           project::ClipStore(project_).PeopleIn(clip.id), clip.scene, clip.name};
  return compliance::ConsentLedger(project_).RequireAll(
      {compliance::Operation::kTraining, compliance::Operation::kRelight}, request);
}

// A clip that cannot be used must not keep the others from teaching or measuring.
void HeadMaker::Use(const project::ClipRecord& clip, const Lesson& use, std::vector<std::string>& used,
                    LightHeadReport& report) const {
  ThrowIfStopped();
  try {
    const compliance::ConsentGrant grant = Permission(clip);
    if (options_.dry_run || use(grant)) used.push_back(clip.name);
  } catch (const Error& problem) {
    const bool of_this_clip = problem.code() == ErrorCode::kNoPermission || problem.code() == ErrorCode::kData ||
                              problem.code() == ErrorCode::kNoInput;
    if (!of_this_clip) throw;
    report.words += fmt::format("{} is left out: {}\n", clip.name, problem.what());
  }
}

void HeadMaker::Gather(const std::string& person, const std::vector<project::ClipRecord>& takes, Teacher& teacher,
                       LightHeadReport& report) const {
  using Grant = compliance::ConsentGrant;
  for (size_t k = 0; k < takes.size(); ++k) {
    const bool held_out = takes.size() > 1 && k + 1 == takes.size();
    const auto learn = [&](const Grant& grant) { return teacher.Learn(takes[k], grant), true; };
    const auto hold_out = [&](const Grant& grant) { return teacher.HoldOut(takes[k], grant), true; };
    if (held_out) Use(takes[k], hold_out, report.exams, report);
    else Use(takes[k], learn, report.takes, report);
  }
  if (!report.exams.empty() || report.takes.empty()) return;
  const project::ClipStore clips(project_);
  for (const project::ClipRecord& clip : clips.All()) {
    const bool theirs = clips.PeopleIn(clip.id) == std::vector<std::string>{person};
    if (clip.role == project::Role::kLightReference || !theirs || !Wanted(options_.clips, clip)) continue;
    if (project::HintStore(project_).Of(clip.id, "matte").empty()) continue;
    Use(
        clip, [&](const Grant& grant) { return teacher.Examine(clip, grant); }, report.exams, report);
  }
}

LightHeadReport HeadMaker::Make(const std::string& person, const std::vector<project::ClipRecord>& takes,
                                double share) const {
  LightHeadReport report;
  report.person = person;
  Teacher teacher(project_, progress_);
  Gather(person, takes, teacher, report);
  if (report.takes.empty()) {
    report.words += fmt::format("no light head of {}: no take is left to learn from", person);
    return report;
  }
  if (options_.dry_run) {
    report.words += fmt::format("would learn the shape of {} from {}, measured on {}", person,
                                fmt::join(report.takes, ", "), fmt::join(report.exams, ", "));
    return report;
  }
  if (teacher.exams().empty()) {
    report.words += fmt::format(
        "no light head of {}: nothing is left to measure it by; paint a matte in a shot that looks like the take, or "
        "ingest a second light-reference take",
        person);
    return report;
  }
  train::HeadTrainOptions options{options_.device, options_.seed, {}};
  if (options_.budget_s) options.budget_s = *options_.budget_s * share;
  train::LightTrainingResult trained =
      train::TrainLightHead(teacher.lessons(), teacher.exams(), recipe_, options, progress_);
  trained.head.footage = teacher.footage();
  trained.head.consent_ids = teacher.consent_ids();
  report.kept = trained.worth_having() && !trained.interrupted;
  if (!trained.interrupted)
    train::KeepHead(project_, model::LightHeadName(person), report.kept ? std::optional(trained.head) : std::nullopt);
  report.guessed_error_deg = trained.guessed_error_deg;
  report.learned_error_deg = trained.learned_error_deg;
  report.seconds = trained.seconds;
  report.interrupted = trained.interrupted;
  report.words += fmt::format(
      "light head of {}: {} steps in {:.0f} s from {}, normals {:.1f} degrees off on {} held-out pictures, {:.1f} by "
      "the outline{}",
      person, trained.steps_done, trained.seconds, fmt::join(report.takes, ", "), trained.learned_error_deg,
      trained.held_out, trained.guessed_error_deg, report.kept ? "" : "; the outline stays");
  return report;
}

}  // namespace

std::vector<std::string> TakesWithLights(const project::Project& project, const std::vector<std::string>& names) {
  std::vector<std::string> result;
  for (const auto& [person, takes] : FindTakes(project, names))
    for (const project::ClipRecord& take : takes) result.push_back(take.name);
  return result;
}

std::vector<LightHeadReport> TrainLightHeads(const project::Project& project, const TrainLightOptions& options,
                                             Progress& progress) {
  std::vector<LightHeadReport> reports;
  const TakesOfPeople found = FindTakes(project, options.clips);
  const HeadMaker maker(project, options, progress);
  for (const auto& [person, takes] : found) {
    reports.push_back(maker.Make(person, takes, 1.0 / static_cast<double>(found.size())));
    if (reports.back().interrupted) break;
  }
  return reports;
}

}  // namespace shotfix::pipeline
