// SPDX-License-Identifier: Apache-2.0
#include "shotfix/train/matte_trainer.h"

#include <torch/optim/adamw.h>
#include <torch/utils.h>

#include <cmath>

#include "shotfix/core/error.h"
#include "shotfix/core/hash.h"
#include "shotfix/core/log.h"
#include "shotfix/core/stop.h"
#include "shotfix/model/matte_net.h"
#include "train/checkpoint.h"
#include "train/ema.h"
#include "train/held_out.h"
#include "train/losses/matte_loss.h"
#include "train/matte_crops.h"
#include "train/schedule.h"

namespace shotfix::train {
namespace {

constexpr int64_t kTimedSteps = 12;  // measured before a budget becomes a number of steps

std::string Fingerprint(const std::vector<MatteExample>& examples, const Recipe& recipe, int64_t seed,
                        const model::MatteNet& net) {
  Sha256 hash;
  for (const auto& item : net->named_parameters()) hash.Update(fmt::format("{} {};", item.key(), item.value().numel()));
  hash.Update(recipe.toml);
  hash.Update(std::to_string(seed));
  for (const MatteExample& example : examples) {
    for (const at::Tensor& part : {example.perceptual, example.matte, example.plate.rgb, example.plate.valid,
                                   example.prior.matte, example.prior.trust}) {
      if (!part.defined()) continue;
      const at::Tensor plain = part.contiguous();
      hash.Update(plain.const_data_ptr(), plain.nbytes());
    }
  }
  return hash.HexDigest();
}

double LearningRate(const MatteRecipe& recipe, int64_t step, int64_t planned) {
  return recipe.learning_rate * RateShare(step, planned, 0.01);
}

// Owns everything that changes while training.
class Trainer {
 public:
  Trainer(const std::vector<MatteExample>& examples, const Recipe& recipe, const TrainOptions& options)
      : examples_(examples),
        recipe_(recipe),
        options_(options),
        held_out_(ChooseHeldOut(examples)),
        crops_(examples, held_out_.teaches, recipe.matte, options.device) {
    torch::manual_seed(static_cast<uint64_t>(options.seed));
    net_ = model::MatteNet(model::MatteNetOptions{recipe.matte.base_channels, recipe.matte.levels});
    net_->to(options.device);
    for (torch::Tensor& parameter : net_->parameters()) {
      if (parameter.dim() == 4) parameter.set_data(parameter.data().contiguous(at::MemoryFormat::ChannelsLast));
    }
    optimiser_ = std::make_unique<torch::optim::AdamW>(
        net_->parameters(),
        torch::optim::AdamWOptions(recipe.matte.learning_rate).weight_decay(recipe.matte.weight_decay));
    ema_ = std::make_unique<Ema>(*net_, recipe.matte.ema);
    state_.planned_steps = recipe.matte.steps;
  }

  MatteTrainingResult Run(Progress& progress);

 private:
  double Step();
  void Measure(double loss);
  bool PatienceIsOver() const {
    return state_.since_best >= recipe_.matte.patience && state_.step * 2 > state_.planned_steps;
  }
  void FitBudget();
  void Save() const;
  model::Head MakeHead();
  Trainee AsTrainee() const { return {const_cast<model::MatteNet&>(net_), *optimiser_, *ema_, fingerprint_}; }

  const std::vector<MatteExample>& examples_;
  const Recipe& recipe_;
  const TrainOptions& options_;
  HeldOut held_out_;
  MatteCrops crops_;
  model::MatteNet net_{nullptr};
  std::unique_ptr<torch::optim::AdamW> optimiser_;
  std::unique_ptr<Ema> ema_;
  TrainState state_;
  std::string fingerprint_;
  Clock::time_point start_ = Clock::now();
  double seconds_before_ = 0;
};

// One step: a function of weights, moments, seed and step number.
double Trainer::Step() {
  const Batch batch = crops_.Draw(options_.seed, state_.step, state_.planned_steps);
  for (auto& group : optimiser_->param_groups()) {
    static_cast<torch::optim::AdamWOptions&>(group.options())
        .lr(LearningRate(recipe_.matte, state_.step, state_.planned_steps));
  }
  optimiser_->zero_grad();
  const torch::Tensor loss = MatteLoss(net_->forward(batch.input), batch.truth, batch.weight, recipe_.matte);
  loss.backward();
  torch::nn::utils::clip_grad_norm_(net_->parameters(), 1.0);
  optimiser_->step();
  ema_->Update(*net_, state_.step);
  ++state_.step;
  return loss.item<double>();
}

void Trainer::Measure(double loss) {
  model::MatteNet averaged(model::MatteNetOptions{recipe_.matte.base_channels, recipe_.matte.levels});
  averaged->to(options_.device);
  ema_->CopyTo(*averaged);
  const double mad = HeldOutMad(averaged, examples_, held_out_, options_.device);
  state_.curve.push_back({state_.step, loss, mad});
  const bool better = std::isfinite(mad) && (state_.best_weights.empty() || mad < state_.best_mad);
  if (!better) {
    ++state_.since_best;
    return;
  }
  state_.best_mad = mad;
  state_.since_best = 0;
  state_.best_weights = model::ExportWeights(*averaged);
}

// A budget becomes a number of steps once, early, and is stored: from then on the result depends on numbers only.
void Trainer::FitBudget() {
  if (!options_.budget_s || state_.step != kTimedSteps) return;
  const double per_step_s = SecondsSince(start_) / kTimedSteps;
  constexpr double kReserve = 0.93;  // measuring and writing take the rest
  const auto affordable = static_cast<int64_t>(*options_.budget_s * kReserve / per_step_s);
  if (affordable >= recipe_.matte.steps) return;
  state_.planned_steps = std::max<int64_t>(kTimedSteps + 1, affordable);
  log::Info("the budget of {:.0f} s allows {} of the recipe's {} steps", *options_.budget_s, state_.planned_steps,
            recipe_.matte.steps);
}

void Trainer::Save() const {
  if (!options_.checkpoint.empty()) SaveCheckpoint(options_.checkpoint, AsTrainee(), state_);
}

model::Head Trainer::MakeHead() {
  model::Head head;
  head.weights = state_.best_weights;
  int64_t uses_prior = 0;
  for (const MatteExample& example : examples_) uses_prior |= example.prior.defined() ? 1 : 0;
  head.shape = {{"base_channels", recipe_.matte.base_channels},
                {"levels", recipe_.matte.levels},
                {"long_side_px", recipe_.matte.long_side_px},
                {"uses_prior", uses_prior}};
  head.recipe = recipe_.name;
  head.recipe_toml = recipe_.toml;
  head.curve = state_.curve;
  head.held_out_mad = state_.best_mad;
  head.seed = options_.seed;
  head.steps = state_.step;
  return head;
}

MatteTrainingResult Trainer::Run(Progress& progress) {
  fingerprint_ = Fingerprint(examples_, recipe_, options_.seed, net_);
  if (options_.resume && !options_.checkpoint.empty()) {
    if (std::optional<TrainState> state = LoadCheckpoint(options_.checkpoint, AsTrainee())) {
      state_ = std::move(*state);
      seconds_before_ = state_.seconds;
      log::Info("going on from step {} of {}", state_.step, state_.planned_steps);
    }
  }
  MatteTrainingResult result;
  double loss = 0;
  while (state_.step < state_.planned_steps && !PatienceIsOver()) {
    loss = Step();
    FitBudget();
    const bool last = state_.step == state_.planned_steps;
    if (last || state_.step % recipe_.matte.held_out_every == 0) {
      Measure(loss);
      state_.seconds = seconds_before_ + SecondsSince(start_);
      Save();
    }
    const double left_s = SecondsSince(start_) / static_cast<double>(state_.step) *
                          static_cast<double>(state_.planned_steps - state_.step);
    progress.Update("training", state_.step, state_.planned_steps,
                    fmt::format("loss {:.4f}, held out {:.2f}, {:.0f} s left", loss, state_.best_mad, left_s));
    result.interrupted =
        StopRequested() || (options_.stop_after_step && state_.step >= *options_.stop_after_step && !last);
    if (result.interrupted) break;
  }
  if (result.interrupted) Save();
  if (state_.best_weights.empty()) Measure(loss);
  result.stopped_early = !result.interrupted && state_.step < state_.planned_steps;
  result.steps_done = state_.step;
  result.seconds = seconds_before_ + SecondsSince(start_);
  result.held_out = held_out_.words;
  result.head = MakeHead();
  return result;
}

}  // namespace

MatteTrainingResult TrainMatteHead(const std::vector<MatteExample>& examples, const Recipe& recipe,
                                   const TrainOptions& options, Progress& progress) {
  recipe.Validate();
  if (examples.empty()) {
    Throw(ErrorCode::kUsage,
          "there is no painted matte to learn from; add one with \"shotfix hint CLIP --frame N --matte M.png\"");
  }
  return Trainer(examples, recipe, options).Run(progress);
}

}  // namespace shotfix::train
