// SPDX-License-Identifier: Apache-2.0
// How every trainer's learning rate goes, and the clock that budgets are measured with.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace shotfix::train {

using Clock = std::chrono::steady_clock;
inline double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Share of a recipe's rate: up over the first 20 steps, then down a half cosine to `last`.
inline double RateShare(int64_t step, int64_t planned, double last) {
  constexpr int64_t kWarmUpSteps = 20;
  const double warm = std::min(1.0, static_cast<double>(step + 1) / kWarmUpSteps);
  const double done = std::min(1.0, static_cast<double>(step) / static_cast<double>(planned));
  return warm * (last + (1 - last) * 0.5 * (1 + std::cos(std::numbers::pi * done)));
}

// How many of the planned steps a budget allows, once `timed` of them took `seconds`; measuring takes the rest of it.
inline int64_t StepsWithin(double budget_s, int64_t planned, int64_t timed, double seconds) {
  constexpr double kReserve = 0.85;
  const auto affordable = static_cast<int64_t>(budget_s * kReserve * static_cast<double>(timed) / seconds);
  return std::min(planned, std::max(timed + 1, affordable));
}

}  // namespace shotfix::train
