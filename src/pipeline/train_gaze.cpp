// SPDX-License-Identifier: Apache-2.0
#include "shotfix/pipeline/train_gaze.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "pipeline/clip_eyes.h"
#include "shotfix/compliance/consent.h"
#include "shotfix/core/error.h"
#include "shotfix/core/stop.h"
#include "shotfix/media/shot_reader.h"
#include "shotfix/model/gaze_head.h"
#include "shotfix/passes/eyeline.h"
#include "shotfix/pipeline/solve.h"
#include "shotfix/project/hint_store.h"
#include "shotfix/train/gaze_trainer.h"
#include "shotfix/train/shot_inputs.h"
#include "shotfix/train/train_project.h"

namespace shotfix::pipeline {
namespace {

constexpr size_t kMostPairs = 720;  // of all clips of a person: half a megabyte each

using ClipsOfPeople = std::map<std::string, std::vector<project::ClipRecord>>;

ClipsOfPeople FindClips(const project::Project& project, const std::vector<std::string>& names) {
  const project::HintStore hints(project);
  const project::ClipStore clips(project);
  for (const std::string& name : names) train::FindClip(project, name);
  ClipsOfPeople found;
  for (const project::ClipRecord& clip : clips.All()) {
    if (!names.empty() && std::find(names.begin(), names.end(), clip.name) == names.end()) continue;
    const std::vector<std::string> people = clips.PeopleIn(clip.id);
    const bool plain = !hints.Of(clip.id, "eyes").empty() || !hints.Of(clip.id, "eyes-located").empty();
    if (people.size() < 2 && plain) found[people.empty() ? "" : people.front()].push_back(clip);
    for (const std::string& person : people) {
      if (hints.Of(clip.id, "eyes:" + person).empty() || (people.size() < 2 && plain)) continue;
      found[person].push_back(clip);
    }
  }
  return found;
}

class Teacher {
 public:
  Teacher(const project::Project& project, const TrainGazeOptions& options, Progress& progress)
      : project_(project), options_(options), progress_(progress) {}

  // The grant is the permission to learn from this person's eyes.
  void Read(const project::ClipRecord& clip, const std::string& person, size_t most,
            const compliance::ConsentGrant& grant);

  const std::vector<train::GazeExample>& examples() const { return examples_; }
  const std::vector<model::FootageUse>& footage() const { return footage_; }
  const std::vector<std::string>& consent_ids() const { return consent_ids_; }

 private:
  const project::Project& project_;
  const TrainGazeOptions& options_;
  Progress& progress_;
  std::vector<train::GazeExample> examples_;
  std::vector<model::FootageUse> footage_;
  std::vector<std::string> consent_ids_;
  int64_t frames_before_ = 0;  // of the clips that were read: their frames follow on each other
};

void Teacher::Read(const project::ClipRecord& clip, const std::string& person, size_t most,
                   const compliance::ConsentGrant& grant) {
  const media::ClipInfo info = train::OpenCatalogued(clip);
  const ClipEyes eyes = FindClipEyes(project_, clip, info, {person, true}, progress_);
  passes::EyelineOptions plain;
  plain.camera = true;
  const std::unique_ptr<passes::EditPass> pass = passes::MakeEyelinePass(plain, {eyes.fit, {}}, grant);
  project::SolutionStore solutions(project_);
  const SolveInputs solve{info, clip.sha256, static_cast<int>(kEyeLongSidePx)};
  const gaze::ShotGaze gaze = passes::FoundGaze(SolveOrLoad(solutions, solve, *pass, progress_));
  const auto reader = media::OpenShotReader(info, info.frames, kEyeLongSidePx);
  const auto told = [&](const char* stage, int64_t done, int64_t total) {
    ThrowIfStopped();
    progress_.Update(fmt::format("{}: {}", clip.name, stage), done, total, "");
  };
  const int64_t shift = frames_before_ - info.frames.begin;
  for (const passes::EyePair& pair : passes::GatherEyePairs(gaze, *reader, options_.leave_out, most, told))
    examples_.push_back({pair.from + shift, pair.to + shift, pair.input, pair.mask, pair.weight, pair.target});
  frames_before_ += info.frames.size();
  footage_.push_back({clip.name, clip.sha256, {}, info.frames});
  consent_ids_.insert(consent_ids_.end(), grant.entry_ids().begin(), grant.entry_ids().end());
}

std::string NameForPeople(const std::string& person) { return person.empty() ? "the actor" : person; }

class HeadMaker {
 public:
  HeadMaker(const project::Project& project, const TrainGazeOptions& options, Progress& progress)
      : project_(project), options_(options), progress_(progress), recipe_(train::LoadRecipe(options.recipe)) {}
  GazeHeadReport Make(const std::string& person, const std::vector<project::ClipRecord>& clips, double share) const;

 private:
  const project::Project& project_;
  const TrainGazeOptions& options_;
  Progress& progress_;
  train::Recipe recipe_;
};

GazeHeadReport HeadMaker::Make(const std::string& person, const std::vector<project::ClipRecord>& clips,
                               double share) const {
  GazeHeadReport report;
  report.person = person;
  Teacher teacher(project_, options_, progress_);
  for (const project::ClipRecord& clip : clips) {
    report.clips.push_back(clip.name);
    const compliance::ConsentRequest request{compliance::Operation::kTraining,
                                             project::ClipStore(project_).PeopleIn(clip.id), clip.scene, clip.name};
    try {
      const compliance::ConsentGrant grant = compliance::ConsentLedger(project_).RequireAll(
          {compliance::Operation::kTraining, compliance::Operation::kEyeline}, request);
      if (!options_.dry_run) teacher.Read(clip, person, kMostPairs / clips.size(), grant);
    } catch (const Error& problem) {
      // A clip that cannot be used must not keep other heads from being trained.
      if (problem.code() != ErrorCode::kNoPermission && problem.code() != ErrorCode::kData) throw;
      report.words = fmt::format("no gaze head of {}: {}", NameForPeople(person), problem.what());
      return report;
    }
  }
  if (options_.dry_run) {
    report.words =
        fmt::format("would learn the gaze of {} from {}", NameForPeople(person), fmt::join(report.clips, ", "));
    return report;
  }
  report.pairs = static_cast<int64_t>(teacher.examples().size());
  if (report.pairs < train::kFewestGazePairs) {
    report.words = fmt::format("no gaze head of {}: {} pairs of different gazes were found, {} are needed",
                               NameForPeople(person), report.pairs, train::kFewestGazePairs);
    return report;
  }
  train::HeadTrainOptions options{options_.device, options_.seed, {}};
  if (options_.budget_s) options.budget_s = *options_.budget_s * share;
  train::GazeTrainingResult trained;
  try {
    trained = train::TrainGazeHead(teacher.examples(), recipe_, options, progress_);
  } catch (const Error& problem) {
    if (problem.code() != ErrorCode::kUsage) throw;
    report.words = fmt::format("no gaze head of {}: {}", NameForPeople(person), problem.what());
    return report;
  }
  trained.head.footage = teacher.footage();
  trained.head.consent_ids = teacher.consent_ids();
  report.kept = trained.worth_having() && !trained.interrupted;
  if (!trained.interrupted)
    train::KeepHead(project_, model::GazeHeadName(person), report.kept ? std::optional(trained.head) : std::nullopt);
  report.drawn_error = trained.drawn_error;
  report.learned_error = trained.learned_error;
  report.seconds = trained.seconds;
  report.interrupted = trained.interrupted;
  report.words = fmt::format(
      "gaze head of {}: {} steps in {:.0f} s on {} pairs, held-out error {:.1f} x 1000, {:.1f} without it ({} pairs){}",
      NameForPeople(person), trained.steps_done, trained.seconds, trained.teaching, trained.learned_error,
      trained.drawn_error, trained.held_out, report.kept ? "" : "; the model of ball and lids stays alone");
  return report;
}

}  // namespace

std::vector<std::string> ClipsWithEyes(const project::Project& project, const std::vector<std::string>& names) {
  std::vector<std::string> result;
  for (const auto& [person, clips] : FindClips(project, names)) {
    for (const project::ClipRecord& clip : clips) result.push_back(clip.name);
  }
  return result;
}

std::vector<GazeHeadReport> TrainGazeHeads(const project::Project& project, const TrainGazeOptions& options,
                                           Progress& progress) {
  std::vector<GazeHeadReport> reports;
  const ClipsOfPeople found = FindClips(project, options.clips);
  const HeadMaker maker(project, options, progress);
  for (const auto& [person, clips] : found) {
    reports.push_back(maker.Make(person, clips, 1.0 / static_cast<double>(found.size())));
    if (reports.back().interrupted) break;
  }
  return reports;
}

}  // namespace shotfix::pipeline
