// SPDX-License-Identifier: Apache-2.0
#include "shotfix/train/train_project.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "shotfix/compliance/consent.h"
#include "shotfix/core/error.h"
#include "shotfix/core/stop.h"
#include "shotfix/media/shot_reader.h"
#include "shotfix/model/matte_head.h"
#include "shotfix/project/hint_store.h"
#include "shotfix/project/solution_store.h"
#include "shotfix/train/shot_inputs.h"

namespace shotfix::train {
namespace {

struct Lesson {
  project::ClipRecord clip;
  std::vector<int64_t> frames;
};

std::vector<Lesson> FindLessons(const project::Project& project, const std::vector<std::string>& names) {
  std::vector<Lesson> lessons;
  const project::HintStore hints(project);
  for (const project::ClipRecord& clip : project::ClipStore(project).All()) {
    if (!names.empty() && std::find(names.begin(), names.end(), clip.name) == names.end()) continue;
    Lesson lesson{clip, {}};
    for (const project::HintRecord& hint : hints.Of(clip.id, "matte")) lesson.frames.push_back(hint.frame);
    if (!lesson.frames.empty()) lessons.push_back(std::move(lesson));
  }
  for (const std::string& name : names) FindClip(project, name);
  return lessons;
}

class Teacher {
 public:
  Teacher(const project::Project& project, const TrainProjectOptions& options, const Recipe& recipe, Progress& progress)
      : project_(project), options_(options), recipe_(recipe), progress_(progress) {}

  // The grant is the permission to learn from this clip's people.
  void Read(const Lesson& lesson, const compliance::ConsentGrant& grant) {
    const media::ClipInfo info = OpenCatalogued(lesson.clip);
    const ShotInputs inputs =
        LoadShotInputs(project_, lesson.clip, info, {options_.use_clean_plates, {}}, recipe_.matte.long_side_px);
    Note(lesson, inputs, info, grant);
    if (options_.dry_run) return;
    const std::unique_ptr<image::ShotReader> reader =
        media::OpenShotReader(info, info.frames, static_cast<int>(recipe_.matte.long_side_px));
    const std::shared_ptr<image::FrameTrack> track = project::SolutionStore(project_).MakeScratchTrack();
    const temporal::MatteShot shot =
        temporal::AnalyseMatteShot(*reader, inputs.matte, *track, [&](const char* stage, int64_t done, int64_t total) {
          ThrowIfStopped();
          progress_.Update(fmt::format("{}: {}", lesson.clip.name, stage), done, total, "");
        });
    for (const auto& [frame, matte] : inputs.matte.painted) {
      MatteExample example;
      example.label = fmt::format("{} frame {}", lesson.clip.name, frame);
      example.perceptual = reader->Analysis(frame);
      example.matte = matte;
      example.plate =
          temporal::ViewPlate(shot.plate, shot.camera.reference_from_frame.at(frame), matte.size(1), matte.size(2));
      example.prior = shot.left_out.at(frame);
      examples_.push_back(std::move(example));
    }
  }

  const std::vector<MatteExample>& examples() const { return examples_; }
  const std::vector<std::string>& used() const { return used_; }
  const std::vector<model::FootageUse>& footage() const { return footage_; }
  const std::vector<std::string>& consent_ids() const { return consent_ids_; }

 private:
  void Note(const Lesson& lesson, const ShotInputs& inputs, const media::ClipInfo& info,
            const compliance::ConsentGrant& grant) {
    std::string frames;
    for (const int64_t frame : lesson.frames) frames += (frames.empty() ? "" : ", ") + std::to_string(frame);
    used_.push_back(fmt::format("{}: painted frames {}; clean plate {}", lesson.clip.name, frames,
                                inputs.clean_plate_name.empty() ? "none" : inputs.clean_plate_name));
    footage_.push_back({lesson.clip.name, lesson.clip.sha256, lesson.frames, info.frames});
    consent_ids_.insert(consent_ids_.end(), grant.entry_ids().begin(), grant.entry_ids().end());
  }

  const project::Project& project_;
  const TrainProjectOptions& options_;
  const Recipe& recipe_;
  Progress& progress_;
  std::vector<MatteExample> examples_;
  std::vector<std::string> used_;
  std::vector<model::FootageUse> footage_;
  std::vector<std::string> consent_ids_;
};

std::vector<SheetRow> MakeSheet(const model::Head& head, const std::vector<MatteExample>& examples,
                                c10::Device device) {
  constexpr size_t kMostRows = 12;
  const model::MatteHead matte_head(head, device);
  std::vector<SheetRow> sheet;
  for (const MatteExample& example : examples) {
    if (sheet.size() == kMostRows) break;
    const at::Tensor matte =
        matte_head.Infer(model::AssembleMatteInput(example.perceptual, example.plate, example.prior));
    const auto grey = [](const at::Tensor& picture) { return picture.expand({3, -1, -1}).contiguous(); };
    sheet.push_back(
        {example.label,
         {example.perceptual, grey(example.matte), grey(matte), grey((matte - example.matte).abs() * 4).clamp(0, 1)}});
  }
  return sheet;
}

}  // namespace

std::filesystem::path ModelPath(const project::Project& project) {
  return project.Subfolder("models") / "mini_model.safetensors";
}

void KeepHead(const project::Project& project, const std::string& name, const std::optional<model::Head>& head) {
  const std::filesystem::path path = ModelPath(project);
  model::MiniModel model;
  if (std::filesystem::exists(path)) model = model::MiniModel::Load(path);
  if (!model.heads.empty() && model.production_id != project.production_id())
    Throw(ErrorCode::kNoPermission, "the model \"{}\" belongs to another production; models never leave theirs",
          path.string());
  if (!head && !model.heads.contains(name)) return;
  if (head) model.heads[name] = *head;
  else model.heads.erase(name);
  model.production_id = project.production_id();
  model.Save(path);
}

bool HasPaintedMattes(const project::Project& project, const std::vector<std::string>& clips) {
  return !FindLessons(project, clips).empty();
}

TrainProjectResult TrainProject(const project::Project& project, const TrainProjectOptions& options,
                                Progress& progress) {
  const Recipe recipe = LoadRecipe(options.recipe);
  const std::vector<Lesson> lessons = FindLessons(project, options.clips);
  if (lessons.empty())
    Throw(ErrorCode::kUsage,
          "there is no painted matte to learn from; add one with \"shotfix hint CLIP --frame N --matte M.png\", or say "
          "where an actor's eyes are with --eyes X,Y,X,Y");
  const compliance::ConsentLedger ledger(project);
  const project::ClipStore clips(project);
  Teacher teacher(project, options, recipe, progress);
  for (const Lesson& lesson : lessons) {
    const compliance::ConsentRequest request{compliance::Operation::kTraining, clips.PeopleIn(lesson.clip.id),
                                             lesson.clip.scene, lesson.clip.name};
    teacher.Read(lesson, ledger.Require(request));
  }
  TrainProjectResult result;
  result.used = teacher.used();
  result.model_path = ModelPath(project);
  if (options.dry_run) return result;
  TrainOptions train_options;
  train_options.device = options.device;
  train_options.seed = options.seed;
  train_options.budget_s = options.budget_s;
  train_options.checkpoint = project.Subfolder("work") / "matte.checkpoint";
  train_options.resume = options.resume;
  result.training = TrainMatteHead(teacher.examples(), recipe, train_options, progress);
  result.training.head.footage = teacher.footage();
  result.training.head.consent_ids = teacher.consent_ids();
  // A training that was stopped must not replace a finished head; its checkpoint is what goes on.
  result.kept_old_head = result.training.interrupted && std::filesystem::exists(result.model_path) &&
                         model::MiniModel::Load(result.model_path).heads.contains("matte");
  if (!result.kept_old_head) KeepHead(project, "matte", result.training.head);
  result.sheet = MakeSheet(result.training.head, teacher.examples(), options.device);
  return result;
}

}  // namespace shotfix::train
