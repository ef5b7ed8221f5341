// SPDX-License-Identifier: Apache-2.0
// How a gaze or a light head is trained, beside its recipe.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <optional>

namespace shotfix::train {

struct HeadTrainOptions {
  c10::Device device{c10::DeviceType::CPU};
  int64_t seed = 1;
  std::optional<double> budget_s;  // wall time; the schedule is cut to fit
};

}  // namespace shotfix::train
