// SPDX-License-Identifier: Apache-2.0
#include "support/test.h"

#include "shotfix/core/error.h"
#include "shotfix/image/device.h"
#include "shotfix/model/shot_matte.h"
#include "shotfix/temporal/matte_shot.h"
#include "shotfix/temporal/measures.h"
#include "shotfix/train/matte_trainer.h"
#include "support/memory_track.h"
#include "support/synthetic.h"
#include "support/temp_dir.h"

namespace shotfix::train {
namespace {

Recipe SmallRecipe(int64_t steps) {
  Recipe recipe;
  recipe.name = "test";
  recipe.toml = "steps " + std::to_string(steps);
  recipe.matte.base_channels = 8;
  recipe.matte.levels = 3;
  recipe.matte.long_side_px = 128;
  recipe.matte.steps = steps;
  recipe.matte.batch = 4;
  recipe.matte.crop_px = 64;
  recipe.matte.held_out_every = 10;
  recipe.matte.patience = 1000;
  return recipe;
}

std::vector<MatteExample> Examples(const testing::SyntheticShot& shot, testing::MemoryTrack& track,
                                   temporal::MatteShot& solved) {
  testing::SyntheticReader reader(shot);
  temporal::MatteShotInputs inputs;
  for (const int64_t frame : {2, 6, 10}) inputs.painted[frame] = shot.mattes[static_cast<size_t>(frame)];
  solved = temporal::AnalyseMatteShot(reader, inputs, track, [](const char*, int64_t, int64_t) {});
  std::vector<MatteExample> examples;
  for (const auto& [frame, matte] : inputs.painted) {
    const auto view =
        temporal::ViewPlate(solved.plate, solved.camera.reference_from_frame.at(frame), matte.size(1), matte.size(2));
    examples.push_back({"f", shot.pictures[static_cast<size_t>(frame)], matte, view, solved.left_out.at(frame)});
  }
  return examples;
}

bool SameWeights(const model::Head& a, const model::Head& b) {
  if (a.weights.size() != b.weights.size()) return false;
  for (const auto& [name, weight] : a.weights) {
    if (!at::equal(weight, b.weights.at(name))) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("a trained head and its share of the propagated matte beat either on frames never painted", "[train]") {
  const testing::SyntheticShot shot =
      testing::MakeShot({.height = 128, .width = 224, .frames = 13, .speed_px = 11, .grain = 0.008});
  testing::MemoryTrack track;
  temporal::MatteShot solved;
  const std::vector<MatteExample> examples = Examples(shot, track, solved);
  NoProgress progress;
  const MatteTrainingResult result = TrainMatteHead(examples, SmallRecipe(260), {}, progress);
  CHECK(result.steps_done == 260);
  const model::MatteHead head(result.head, c10::Device(c10::DeviceType::CPU));
  testing::SyntheticReader reader(shot);
  temporal::PaintedMattes painted;
  for (const int64_t frame : {2, 6, 10}) painted[frame] = shot.mattes[static_cast<size_t>(frame)];
  model::ShotView shot_view{solved.camera, solved.plate, track};
  shot_view.share = model::FitPriorShare(reader, head, shot_view, painted, solved.left_out);
  double matte = 0;
  double network = 0;
  double prior_error = 0;
  for (const int64_t frame : {0, 4, 8, 12}) {
    const temporal::Prior prior = temporal::ReadPrior(track, frame);
    const auto view = temporal::ViewPlate(solved.plate, temporal::kIdentity, 128, 224);
    const auto k = static_cast<size_t>(frame);
    network += temporal::MatteMad(head.Infer(model::AssembleMatteInput(shot.pictures[k], view, prior)), shot.mattes[k]);
    matte += temporal::MatteMad(model::InferMatte(head, shot_view, frame, shot.pictures[k]), shot.mattes[k]);
    prior_error += temporal::MatteMad(prior.matte, shot.mattes[k]);
  }
  INFO("matte " << matte / 4 << " network " << network / 4 << " prior " << prior_error / 4);
  CHECK(matte < prior_error);
  CHECK(matte < network);
}

TEST_CASE("same seed, same bytes; another seed, others", "[train]") {
  const testing::SyntheticShot shot = testing::MakeShot({.frames = 12});
  testing::MemoryTrack track;
  temporal::MatteShot solved;
  const std::vector<MatteExample> examples = Examples(shot, track, solved);
  NoProgress progress;
  const model::Head first = TrainMatteHead(examples, SmallRecipe(12), {}, progress).head;
  CHECK(SameWeights(first, TrainMatteHead(examples, SmallRecipe(12), {}, progress).head));
  TrainOptions other;
  other.seed = 2;
  CHECK_FALSE(SameWeights(first, TrainMatteHead(examples, SmallRecipe(12), other, progress).head));
}

TEST_CASE("same seed, same bytes on CUDA too", "[train][gpu]") {
  if (!image::InitialiseDevices().cuda_available) {
    WARN("SKIPPED: no CUDA device");
    return;
  }
  const testing::SyntheticShot shot = testing::MakeShot({.height = 96, .width = 128, .frames = 13});
  testing::MemoryTrack track;
  temporal::MatteShot solved;
  const std::vector<MatteExample> examples = Examples(shot, track, solved);
  TrainOptions options;
  options.device = c10::Device(c10::DeviceType::CUDA);
  NoProgress progress;
  const model::Head first = TrainMatteHead(examples, SmallRecipe(60), options, progress).head;
  CHECK(SameWeights(first, TrainMatteHead(examples, SmallRecipe(60), options, progress).head));
}

TEST_CASE("an interrupted training goes on to the same result", "[train]") {
  const testing::SyntheticShot shot = testing::MakeShot({.frames = 12});
  testing::MemoryTrack track;
  temporal::MatteShot solved;
  const std::vector<MatteExample> examples = Examples(shot, track, solved);
  const testing::TempDir folder;
  NoProgress progress;
  TrainOptions options;
  options.checkpoint = folder / "c.checkpoint";
  const model::Head whole = TrainMatteHead(examples, SmallRecipe(25), options, progress).head;
  std::filesystem::remove(options.checkpoint);
  options.stop_after_step = 13;
  const MatteTrainingResult half = TrainMatteHead(examples, SmallRecipe(25), options, progress);
  CHECK(half.interrupted);
  CHECK(half.steps_done == 13);
  options.stop_after_step.reset();
  options.resume = true;
  const MatteTrainingResult resumed = TrainMatteHead(examples, SmallRecipe(25), options, progress);
  CHECK(resumed.steps_done == 25);
  CHECK(SameWeights(whole, resumed.head));
}

TEST_CASE("a budget shortens the schedule", "[train]") {
  const testing::SyntheticShot shot = testing::MakeShot({.frames = 12});
  testing::MemoryTrack track;
  temporal::MatteShot solved;
  const std::vector<MatteExample> examples = Examples(shot, track, solved);
  NoProgress progress;
  TrainOptions options;
  options.budget_s = 2;
  const MatteTrainingResult result = TrainMatteHead(examples, SmallRecipe(100000), options, progress);
  CHECK(result.steps_done < 100000);
  CHECK_FALSE(result.head.weights.empty());
}

TEST_CASE("recipes: shipped ones load, wrong ones are told", "[train]") {
  for (const std::string& name : ShippedRecipes()) CHECK_NOTHROW(LoadRecipe(name).Validate());
  CHECK_THROWS_AS(LoadRecipe("nonsense"), Error);
  Recipe recipe = SmallRecipe(10);
  recipe.matte.batch = 0;
  CHECK_THROWS_WITH(recipe.Validate(), Catch::Contains("matte.batch is 0"));
  NoProgress progress;
  CHECK_THROWS_WITH(TrainMatteHead({}, SmallRecipe(10), {}, progress), Catch::Contains("shotfix hint"));
}

}  // namespace shotfix::train
