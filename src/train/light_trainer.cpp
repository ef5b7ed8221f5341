// SPDX-License-Identifier: Apache-2.0
#include "shotfix/train/light_trainer.h"

#include <torch/optim/adamw.h>
#include <torch/utils.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "shotfix/core/error.h"
#include "shotfix/core/stop.h"
#include "shotfix/model/light_head.h"
#include "shotfix/model/light_net.h"
#include "shotfix/model/matte_net.h"
#include "train/ema.h"
#include "train/light_views.h"
#include "train/losses/light_loss.h"
#include "train/schedule.h"

namespace shotfix::train {
namespace {

constexpr int64_t kTimedSteps = 6;  // measured before a budget becomes a number of steps

// Mean over the subject and mean over its head, half each: a shirt is large, a face is what is looked at.
double ErrorDeg(const at::Tensor& normals, const LightExam& exam) {
  const at::Tensor cosine = (normals * exam.truth).sum(0, true).clamp(-1, 1);
  const at::Tensor angle = cosine.acos() * (180 / std::numbers::pi);
  const auto mean = [&](const at::Tensor& where) {
    return (angle * where).sum().item<double>() / std::max(1.0, where.sum().item<double>());
  };
  const at::Tensor head =
      model::FromGrid(model::GridAroundHead(exam.mask), at::ones({1, model::kLightGridPx, model::kLightGridPx}),
                      exam.mask.size(1), exam.mask.size(2));
  return (mean(exam.known) + mean(exam.known * head)) / 2;
}

class Trainer {
 public:
  Trainer(const std::vector<LightLesson>& lessons, const std::vector<LightExam>& exams, const Recipe& recipe,
          const HeadTrainOptions& options);
  LightTrainingResult Run(Progress& progress);

 private:
  double Step(int64_t step, int64_t planned);
  double HeldOutError(const model::Head& head) const;
  void Measure(int64_t step, double loss, LightTrainingResult& result) const;

  const std::vector<LightLesson>& lessons_;
  const std::vector<LightExam>& exams_;
  const LightRecipe& recipe_;
  const HeadTrainOptions& options_;
  Rng rng_;
  std::vector<LightView> views_;
  model::LightNet net_{nullptr};
  std::unique_ptr<torch::optim::AdamW> optimiser_;
  std::unique_ptr<Ema> ema_;
};

Trainer::Trainer(const std::vector<LightLesson>& lessons, const std::vector<LightExam>& exams, const Recipe& recipe,
                 const HeadTrainOptions& options)
    : lessons_(lessons),
      exams_(exams),
      recipe_(recipe.light),
      options_(options),
      rng_(static_cast<uint64_t>(options.seed) * 0x9E3779B97F4A7C15ULL + 1) {
  torch::manual_seed(static_cast<uint64_t>(options.seed));
  net_ = model::LightNet(model::LightNetOptions{recipe_.channels});
  net_->to(options.device);
  optimiser_ = std::make_unique<torch::optim::AdamW>(
      net_->parameters(), torch::optim::AdamWOptions(recipe_.learning_rate).weight_decay(1e-4));
  ema_ = std::make_unique<Ema>(*net_, recipe_.ema);
}

double Trainer::Step(int64_t step, int64_t planned) {
  // A view serves several lights; each step brings a new one until there are enough.
  const auto count = static_cast<int64_t>(views_.size());
  if (count < recipe_.views) views_.push_back(DrawView(rng_, lessons_[static_cast<size_t>(step) % lessons_.size()]));
  std::vector<torch::Tensor> inputs, truths, weights;
  for (int64_t k = 0; k < recipe_.batch; ++k) {
    const LightView& view = views_[static_cast<size_t>(UniformInt(rng_, 0, static_cast<int64_t>(views_.size())))];
    inputs.push_back(model::AssembleLightInput(DrawPicture(rng_, view), view.mask, view.outline));
    truths.push_back(view.normals);
    weights.push_back(view.known);
  }
  for (auto& group : optimiser_->param_groups())
    static_cast<torch::optim::AdamWOptions&>(group.options())
        .lr(recipe_.learning_rate * RateShare(step, planned, 0.02));
  optimiser_->zero_grad();
  const torch::Tensor out = net_->forward(torch::stack(inputs).to(options_.device));
  const torch::Tensor loss =
      LightLoss(out, torch::stack(truths).to(options_.device), torch::stack(weights).to(options_.device));
  loss.backward();
  torch::nn::utils::clip_grad_norm_(net_->parameters(), 1.0);
  optimiser_->step();
  ema_->Update(*net_, step);
  return loss.item<double>();
}

double Trainer::HeldOutError(const model::Head& head) const {
  const model::LightHead seen(head, options_.device);
  double sum = 0;
  for (const LightExam& exam : exams_) sum += ErrorDeg(seen.Shape(exam.linear, exam.mask).normals, exam);
  return sum / static_cast<double>(exams_.size());
}

void Trainer::Measure(int64_t step, double loss, LightTrainingResult& result) const {
  model::LightNet averaged(model::LightNetOptions{recipe_.channels});
  ema_->CopyTo(*averaged);
  model::Head head;
  head.shape["channels"] = recipe_.channels;
  head.weights = model::ExportWeights(*averaged);
  const double error = HeldOutError(head);
  result.head.curve.push_back({step, loss, error});
  if (!(error < result.learned_error_deg)) return;
  result.learned_error_deg = error;
  result.head.weights = std::move(head.weights);
}

LightTrainingResult Trainer::Run(Progress& progress) {
  const Clock::time_point start = Clock::now();
  LightTrainingResult result;
  result.held_out = static_cast<int64_t>(exams_.size());
  for (const LightExam& exam : exams_)
    result.guessed_error_deg += ErrorDeg(exam.guessed, exam) / static_cast<double>(exams_.size());
  result.learned_error_deg = std::numeric_limits<double>::infinity();
  int64_t planned = recipe_.steps;
  for (int64_t step = 0; step < planned && !result.interrupted; ++step) {
    const double loss = Step(step, planned);
    if (options_.budget_s && step + 1 == kTimedSteps)
      planned = StepsWithin(*options_.budget_s, planned, kTimedSteps, SecondsSince(start));
    result.interrupted = StopRequested();
    result.steps_done = step + 1;
    const bool last = step + 1 == planned || result.interrupted;
    if (last || (step + 1) % recipe_.held_out_every == 0) Measure(step + 1, loss, result);
    progress.Update("learning the shape", step + 1, planned,
                    result.head.curve.empty() ? fmt::format("loss {:.2f}", loss)
                                              : fmt::format("held out {:.1f} degrees, guessed {:.1f}",
                                                            result.learned_error_deg, result.guessed_error_deg));
  }
  result.seconds = SecondsSince(start);
  return result;
}

}  // namespace

LightTrainingResult TrainLightHead(const std::vector<LightLesson>& lessons, const std::vector<LightExam>& exams,
                                   const Recipe& recipe, const HeadTrainOptions& options, Progress& progress) {
  recipe.Validate();
  if (lessons.empty()) Throw(ErrorCode::kUsage, "there is no light-reference take to learn a shape from");
  if (exams.empty()) Throw(ErrorCode::kUsage, "there is no picture beside the take to measure the light head by");
  LightTrainingResult result = Trainer(lessons, exams, recipe, options).Run(progress);
  if (!std::isfinite(result.learned_error_deg))
    Throw(ErrorCode::kData, "training the light head came to no number; train it with another --seed");
  model::Head& head = result.head;
  head.shape = {{"channels", recipe.light.channels}};
  head.recipe = recipe.name;
  head.recipe_toml = recipe.toml;
  head.held_out_mad = result.learned_error_deg;
  head.seed = options.seed;
  head.steps = result.steps_done;
  return result;
}

}  // namespace shotfix::train
