// SPDX-License-Identifier: Apache-2.0
// The examples resident in memory, and the random crops that a training step sees.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <vector>

#include "shotfix/train/matte_trainer.h"
#include "train/augment.h"

namespace shotfix::train {

// One example, channels stacked, half floats on the training device.
struct ResidentExample {
  at::Tensor stack;  // [kStackChannels,h,w] float16, see matte_crops.cpp
  at::Tensor band;   // [n,2] int64 (y, x): pixels of the soft band, where most crops are centred; CPU
  bool has_plate = false;
  bool has_prior = false;
};

struct Batch {
  at::Tensor input;   // [N,12,s,s] float32
  at::Tensor truth;   // [N,1,s,s]
  at::Tensor weight;  // [N,1,s,s]
};

class MatteCrops {
 public:
  // `teaches` [1,h,w] per example: 0 where pixels are held out.
  MatteCrops(const std::vector<MatteExample>& examples, const std::vector<at::Tensor>& teaches,
             const MatteRecipe& recipe, c10::Device device);
  // The batch of one step: a function of seed, step and how many steps are planned.
  Batch Draw(int64_t seed, int64_t step, int64_t planned_steps) const;

 private:
  struct Crop;
  Crop Real(Rng& rng, const ResidentExample& example, double strength) const;
  Crop Recomposite(Rng& rng, const ResidentExample& actor, const ResidentExample& set, double strength) const;
  Crop DrawOne(Rng& rng, double progress) const;
  std::vector<ResidentExample> examples_;
  MatteRecipe recipe_;
};

}  // namespace shotfix::train
