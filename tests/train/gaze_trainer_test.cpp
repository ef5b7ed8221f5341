// SPDX-License-Identifier: Apache-2.0
#include "support/test.h"

#include "shotfix/core/error.h"
#include "shotfix/model/gaze_head.h"
#include "shotfix/train/eye_finder.h"
#include "shotfix/train/gaze_trainer.h"
#include "support/face.h"

namespace shotfix::train {
namespace {

using model::kGazeGridHeight;
using model::kGazeGridWidth;

Recipe SmallRecipe(int64_t steps) {
  Recipe recipe;
  recipe.name = "test";
  recipe.gaze.channels = 8;
  recipe.gaze.steps = steps;
  recipe.gaze.batch = 6;
  recipe.gaze.held_out_every = 20;
  recipe.gaze.ema = 0.9;
  return recipe;
}

// Pairs whose drawn eye is a bar that is dimmer than the truth's; `wrong`: by so much.
std::vector<GazeExample> Pairs(int64_t frames, double wrong) {
  std::vector<GazeExample> examples;
  for (int64_t from = 0; from < frames; ++from) {
    for (int64_t to = 0; to < frames; ++to) {
      if (from == to) continue;
      GazeExample example;
      example.from = from;
      example.to = to;
      example.target = at::full({3, kGazeGridHeight, kGazeGridWidth}, 0.6);
      example.target.narrow(2, 20 + 2 * to, 16).fill_(0.2);
      example.mask = at::zeros({1, kGazeGridHeight, kGazeGridWidth});
      example.mask.narrow(1, 16, 32).fill_(1);
      example.weight = example.mask.clone();
      example.input = at::zeros({model::kGazeInputChannels, kGazeGridHeight, kGazeGridWidth});
      example.input.narrow(0, 0, 3).copy_(example.target * (1 - wrong) - 0.5);
      examples.push_back(example);
    }
  }
  return examples;
}

}  // namespace

TEST_CASE("a gaze head learns what pairs have in common, the same each time", "[train]") {
  NoProgress progress;
  const std::vector<GazeExample> pairs = Pairs(16, 0.2);
  const GazeTrainingResult a = TrainGazeHead(pairs, SmallRecipe(120), {}, progress);
  CHECK(a.teaching + a.held_out < static_cast<int64_t>(pairs.size()));  // pairs across the border are not used
  CHECK(a.held_out > 0);
  CHECK(a.drawn_error > 50);
  CHECK(a.learned_error < 0.5 * a.drawn_error);
  CHECK(a.worth_having());
  const GazeTrainingResult b = TrainGazeHead(pairs, SmallRecipe(120), {}, progress);
  for (const auto& [name, weights] : a.head.weights) CHECK(weights.equal(b.head.weights.at(name)));
}

TEST_CASE("a gaze head that has nothing to mend is not worth having", "[train]") {
  NoProgress progress;
  CHECK_FALSE(TrainGazeHead(Pairs(16, 0), SmallRecipe(20), {}, progress).worth_having());
}

TEST_CASE("too few pairs, or pairs of one stretch, teach nobody's gaze", "[train]") {
  NoProgress progress;
  CHECK_THROWS_AS(TrainGazeHead(Pairs(10, 0.2), SmallRecipe(20), {}, progress), Error);
  std::vector<GazeExample> one = Pairs(16, 0.2);
  for (GazeExample& example : one) example.from = example.to = 0;
  CHECK_THROWS_AS(TrainGazeHead(one, SmallRecipe(20), {}, progress), Error);
}

TEST_CASE("eyes are found where they were never seen, and nowhere where they are not", "[train]") {
  auto frames = testing::LookingAround(8);
  const testing::SyntheticShot shot = testing::MakeFaceShot(frames);
  std::vector<gaze::KnownEyes> known;
  for (size_t k = 0; k < frames.size(); ++k)
    known.push_back({shot.pictures[k], {FaceBall(frames[k], 0).straight, FaceBall(frames[k], 1).straight}});
  const gaze::EyeSearch search = LearnEyeSearch(known);
  testing::FaceFrameSpec moved;
  moved.gaze = {-9, 3};
  moved.shift = -31;
  testing::FaceFrameSpec nobody;
  nobody.away = true;
  const testing::SyntheticShot later = testing::MakeFaceShot({moved, nobody});
  const auto found = search(later.pictures[0]);
  REQUIRE(found);
  for (size_t eye = 0; eye < gaze::kEyes; ++eye) {
    CHECK((*found)[eye].x == Approx(FaceBall(moved, eye).straight.x).margin(8));
    CHECK((*found)[eye].y == Approx(FaceBall(moved, eye).straight.y).margin(8));
  }
  CHECK_FALSE(search(later.pictures[1]));
  CHECK_THROWS_AS(LearnEyeSearch({}), Error);
}

}  // namespace shotfix::train
