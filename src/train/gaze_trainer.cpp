// SPDX-License-Identifier: Apache-2.0
#include "shotfix/train/gaze_trainer.h"

#include <torch/optim/adamw.h>
#include <torch/utils.h>

#include <cmath>

#include "shotfix/core/error.h"
#include "shotfix/core/stop.h"
#include "shotfix/model/gaze_head.h"
#include "shotfix/model/gaze_net.h"
#include "shotfix/model/matte_net.h"
#include "train/augment.h"
#include "train/ema.h"
#include "train/losses/gaze_loss.h"
#include "train/schedule.h"

namespace shotfix::train {
namespace {

constexpr int64_t kTimedSteps = 8;  // measured before a budget becomes a number of steps
constexpr int64_t kStretches = 16;  // of the frames, every fourth is held out

struct Split {
  std::vector<size_t> teaching;
  std::vector<size_t> held_out;
};

Split Divide(const std::vector<GazeExample>& examples) {
  int64_t first = examples.front().from;
  int64_t last = first;
  for (const GazeExample& example : examples) {
    first = std::min({first, example.from, example.to});
    last = std::max({last, example.from, example.to});
  }
  const auto out = [&](int64_t frame) { return (frame - first) * kStretches / (last - first + 1) % 4 == 2; };
  Split split;
  for (size_t k = 0; k < examples.size(); ++k) {
    const bool from = out(examples[k].from);
    if (from != out(examples[k].to)) continue;
    (from ? split.held_out : split.teaching).push_back(k);
  }
  return split;
}

class Trainer {
 public:
  Trainer(const std::vector<GazeExample>& examples, const Recipe& recipe, const HeadTrainOptions& options)
      : examples_(examples), recipe_(recipe.gaze), options_(options), split_(Divide(examples)), rng_(NextSeed()) {
    torch::manual_seed(static_cast<uint64_t>(options.seed));
    net_ = model::GazeNet(model::GazeNetOptions{recipe_.channels});
    net_->to(options.device);
    optimiser_ = std::make_unique<torch::optim::AdamW>(
        net_->parameters(), torch::optim::AdamWOptions(recipe_.learning_rate).weight_decay(1e-4));
    ema_ = std::make_unique<Ema>(*net_, recipe_.ema);
  }
  GazeTrainingResult Run(Progress& progress);

 private:
  struct Batch {
    torch::Tensor input, mask;
    GazeTruth truth;
    torch::Tensor Drawn() const { return input.narrow(1, 0, 3) + 0.5; }
  };
  uint64_t NextSeed() const { return static_cast<uint64_t>(options_.seed) * 0x9E3779B97F4A7C15ULL + 1; }
  Batch Collect(const std::vector<size_t>& which) const;
  double Step(int64_t step, int64_t planned);
  double HeldOutError(model::GazeNet* net) const;

  const std::vector<GazeExample>& examples_;
  const GazeRecipe& recipe_;
  const HeadTrainOptions& options_;
  Split split_;
  Rng rng_;
  model::GazeNet net_{nullptr};
  std::unique_ptr<torch::optim::AdamW> optimiser_;
  std::unique_ptr<Ema> ema_;
};

Trainer::Batch Trainer::Collect(const std::vector<size_t>& which) const {
  std::vector<torch::Tensor> inputs, masks, weights, targets;
  for (const size_t k : which) {
    inputs.push_back(examples_[k].input);
    masks.push_back(examples_[k].mask);
    weights.push_back(examples_[k].weight);
    targets.push_back(examples_[k].target);
  }
  const auto stack = [&](const std::vector<torch::Tensor>& parts) { return torch::stack(parts).to(options_.device); };
  return {stack(inputs), stack(masks), {stack(targets), stack(weights)}};
}

double Trainer::Step(int64_t step, int64_t planned) {
  std::vector<size_t> drawn;
  for (int64_t k = 0; k < recipe_.batch; ++k)
    drawn.push_back(
        split_.teaching[static_cast<size_t>(UniformInt(rng_, 0, static_cast<int64_t>(split_.teaching.size())))]);
  Batch batch = Collect(drawn);
  // Exposure and balance of the whole pair: the head must not know a frame by its light.
  const ColourJitter jitter = DrawJitter(rng_, 0.5);
  for (int64_t k = 0; k < 2; ++k) {
    const torch::Tensor picture = batch.input.narrow(1, 3 * k, 3);
    picture.copy_(torch::stack([&] {
                    std::vector<torch::Tensor> parts;
                    for (int64_t n = 0; n < picture.size(0); ++n) parts.push_back(Apply(jitter, picture[n] + 0.5));
                    return parts;
                  }()) -
                  0.5);
  }
  for (int64_t n = 0; n < batch.truth.target.size(0); ++n)
    batch.truth.target[n].copy_(Apply(jitter, batch.truth.target[n]));
  for (auto& group : optimiser_->param_groups())
    static_cast<torch::optim::AdamWOptions&>(group.options())
        .lr(recipe_.learning_rate * RateShare(step, planned, 0.02));
  optimiser_->zero_grad();
  const torch::Tensor fields = net_->forward(batch.input);
  const torch::Tensor picture = model::ApplyGazeFields(batch.Drawn(), fields, batch.mask);
  const torch::Tensor loss = GazeLoss(picture, fields * batch.mask, batch.truth);
  loss.backward();
  torch::nn::utils::clip_grad_norm_(net_->parameters(), 1.0);
  optimiser_->step();
  ema_->Update(*net_, step);
  return loss.item<double>();
}

// Of the drawn eyes alone without a network.
double Trainer::HeldOutError(model::GazeNet* net) const {
  constexpr size_t kAtOnce = 16;
  const torch::NoGradGuard guard;
  double sum = 0;
  for (size_t k = 0; k < split_.held_out.size(); k += kAtOnce) {
    const auto begin = split_.held_out.begin() + static_cast<ptrdiff_t>(k);
    const auto end = split_.held_out.begin() + static_cast<ptrdiff_t>(std::min(k + kAtOnce, split_.held_out.size()));
    const Batch batch = Collect({begin, end});
    torch::Tensor picture = batch.Drawn();
    if (net != nullptr) picture = model::ApplyGazeFields(picture, (*net)->forward(batch.input), batch.mask);
    sum += GazeError(picture, batch.truth).sum().item<double>();
  }
  return sum / static_cast<double>(std::max<size_t>(1, split_.held_out.size())) * 1e3;
}

GazeTrainingResult Trainer::Run(Progress& progress) {
  if (split_.teaching.empty() || split_.held_out.empty())
    Throw(ErrorCode::kUsage, "the pairs of gazes lie in one stretch of frames; none can be held out to measure by");
  const Clock::time_point start = Clock::now();
  GazeTrainingResult result;
  result.teaching = static_cast<int64_t>(split_.teaching.size());
  result.held_out = static_cast<int64_t>(split_.held_out.size());
  result.drawn_error = HeldOutError(nullptr);
  result.learned_error = std::numeric_limits<double>::infinity();
  int64_t planned = recipe_.steps;
  for (int64_t step = 0; step < planned && !result.interrupted; ++step) {
    const double loss = Step(step, planned);
    if (options_.budget_s && step + 1 == kTimedSteps)
      planned = StepsWithin(*options_.budget_s, planned, kTimedSteps, SecondsSince(start));
    result.interrupted = StopRequested();
    result.steps_done = step + 1;
    const bool last = step + 1 == planned || result.interrupted;
    if (last || (step + 1) % recipe_.held_out_every == 0) {
      model::GazeNet averaged(model::GazeNetOptions{recipe_.channels});
      averaged->to(options_.device);
      ema_->CopyTo(*averaged);
      const double error = HeldOutError(&averaged);
      result.head.curve.push_back({step + 1, loss, error});
      if (error < result.learned_error) {
        result.learned_error = error;
        result.head.weights = model::ExportWeights(*averaged);
      }
    }
    progress.Update("learning the gaze", step + 1, planned,
                    result.head.curve.empty()
                        ? fmt::format("loss {:.3f}", loss)
                        : fmt::format("held out {:.1f}, drawn {:.1f}", result.learned_error, result.drawn_error));
  }
  result.seconds = SecondsSince(start);
  return result;
}

}  // namespace

GazeTrainingResult TrainGazeHead(const std::vector<GazeExample>& examples, const Recipe& recipe,
                                 const HeadTrainOptions& options, Progress& progress) {
  recipe.Validate();
  if (static_cast<int64_t>(examples.size()) < kFewestGazePairs)
    Throw(ErrorCode::kUsage, "{} pairs of frames with different gazes are too few to learn from; {} are needed",
          examples.size(), kFewestGazePairs);
  GazeTrainingResult result = Trainer(examples, recipe, options).Run(progress);
  model::Head& head = result.head;
  head.shape = {{"channels", recipe.gaze.channels}, {"pairs", static_cast<int64_t>(examples.size())}};
  head.recipe = recipe.name;
  head.recipe_toml = recipe.toml;
  head.held_out_mad = result.learned_error;
  head.seed = options.seed;
  head.steps = result.steps_done;
  return result;
}

}  // namespace shotfix::train
