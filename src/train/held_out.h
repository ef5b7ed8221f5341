// SPDX-License-Identifier: Apache-2.0
// What training must not see, so that its progress can be judged.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "shotfix/model/matte_net.h"
#include "shotfix/train/matte_trainer.h"

namespace shotfix::train {

// Six painted frames or more: every fifth is held out whole. Fewer: an eighth of 32 px tiles in each, because a third
// of the paint is too much to give away.
struct HeldOut {
  std::vector<at::Tensor> teaches;  // [1,h,w] per example: 1 teaches, 0 held out
  std::string words;
};
HeldOut ChooseHeldOut(const std::vector<MatteExample>& examples);
// Mean absolute error x 1000 over the held-out pixels of all examples.
double HeldOutMad(model::MatteNet& net, const std::vector<MatteExample>& examples, const HeldOut& held_out,
                  c10::Device device);

}  // namespace shotfix::train
