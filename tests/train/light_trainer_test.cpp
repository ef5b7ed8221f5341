// SPDX-License-Identifier: Apache-2.0
// A round sign that is bent along its middle: its outline says ball.
#include "support/test.h"

#include "shotfix/core/error.h"
#include "shotfix/image/resample.h"
#include "shotfix/light/relief.h"
#include "shotfix/model/light_head.h"
#include "shotfix/train/light_trainer.h"
#include "train/light_views.h"

namespace shotfix::train {
namespace {

constexpr int64_t kHeight = 150;
constexpr int64_t kWidth = 200;

struct BentSign {
  at::Tensor mask, heights, normals, albedo;

  BentSign(double centre_x, double radius) {
    const at::Tensor x = at::arange(kWidth, at::kFloat).view({1, 1, kWidth}) - centre_x;
    const at::Tensor y = at::arange(kHeight, at::kFloat).view({1, kHeight, 1}) - kHeight / 2.0;
    mask = ((x.square() + y.square()).sqrt() < radius).to(at::kFloat);
    heights = (-0.6 * (x.square() + 9).sqrt()).expand_as(mask) * mask;
    heights = (heights - heights.sum() / mask.sum()) * mask;
    normals = light::NormalsOf(heights, mask);
    albedo = light::AsColumn({0.6, 0.4, 0.3}) * mask;
  }
  at::Tensor Under(light::Angles from) const {
    return albedo * light::Shade(normals, {{{light::DirectionOf(from), {1, 0.9, 0.8}, 10}}, {0.15, 0.15, 0.15}}, {});
  }
  LightLesson Lesson() const { return {normals, albedo, heights, mask, {Under({-30, 10}), Under({30, 40})}}; }
  LightExam Exam(light::Angles from) const {
    return {Under(from), mask, normals, mask, light::NormalsOf(light::InflateOutline(mask), mask)};
  }
};

Recipe SmallRecipe(int64_t steps) {
  Recipe recipe;
  recipe.name = "test";
  recipe.light.channels = 8;
  recipe.light.steps = steps;
  recipe.light.batch = 2;
  recipe.light.views = 12;
  recipe.light.learning_rate = 3e-3;
  recipe.light.ema = 0.9;
  recipe.light.held_out_every = steps;
  return recipe;
}

}  // namespace

TEST_CASE("a light head learns a shape that its outline does not tell, the same each time", "[train]") {
  NoProgress progress;
  const std::vector<LightLesson> lessons{BentSign(100, 60).Lesson()};
  const std::vector<LightExam> exams{BentSign(90, 50).Exam({10, 25}), BentSign(110, 55).Exam({-50, 5})};
  const LightTrainingResult a = TrainLightHead(lessons, exams, SmallRecipe(60), {}, progress);
  CHECK(a.held_out == 2);
  CHECK(a.guessed_error_deg > 20);
  CHECK(a.learned_error_deg < 0.7 * a.guessed_error_deg);
  CHECK(a.worth_having());
  const LightTrainingResult b = TrainLightHead(lessons, exams, SmallRecipe(6), {}, progress);
  const LightTrainingResult c = TrainLightHead(lessons, exams, SmallRecipe(6), {}, progress);
  for (const auto& [name, weights] : b.head.weights) CHECK(weights.equal(c.head.weights.at(name)));
}

TEST_CASE("a light head needs a take, and something to be measured by", "[train]") {
  NoProgress progress;
  const BentSign sign(100, 60);
  CHECK_THROWS_AS(TrainLightHead({}, {sign.Exam({0, 0})}, SmallRecipe(6), {}, progress), Error);
  CHECK_THROWS_AS(TrainLightHead({sign.Lesson()}, {}, SmallRecipe(6), {}, progress), Error);
}

TEST_CASE("a turned take has the normals of its turned relief", "[train]") {
  Rng rng(3);
  const LightLesson lesson = BentSign(100, 60).Lesson();
  for (int k = 0; k < 6; ++k) {
    const LightView view = DrawView(rng, lesson);
    const at::Tensor inside = image::Erode(view.known, 4);
    REQUIRE(inside.sum().item<double>() > 2000);
    const at::Tensor cosine = (light::NormalsOf(view.heights, view.mask) * view.normals).sum(0, true).clamp(-1, 1);
    CHECK((cosine.acos() * inside).sum().item<double>() / inside.sum().item<double>() < 0.15);
    const at::Tensor picture = DrawPicture(rng, view);
    CHECK((picture * (1 - view.mask)).abs().max().item<double>() == 0);
    CHECK(picture.min().item<double>() >= 0);
    CHECK(picture.max().item<double>() > 0.1);
  }
}

TEST_CASE("the light head's grid follows the subject and comes back", "[model]") {
  at::Tensor mask = at::zeros({1, kHeight, kWidth});
  mask.narrow(1, 20, 120).narrow(2, 120, 70).fill_(1);
  const model::LightGrid all = model::GridAround(mask);
  CHECK(all.side == 127);
  CHECK(all.x < 120);
  CHECK(all.x + all.side > 190);
  const model::LightGrid head = model::GridAroundHead(mask);
  CHECK(head.y == all.y);
  CHECK(std::abs(head.x + head.side / 2 - 155) <= 1);
  const at::Tensor back = model::FromGrid(all, model::ToGrid(all, mask), kHeight, kWidth);
  CHECK((back - mask).abs().mean().item<double>() < 0.01);
  CHECK_THROWS_AS(model::GridAround(at::zeros({1, 8, 8})), Error);
}

}  // namespace shotfix::train
