// SPDX-License-Identifier: Apache-2.0
// Image headers keep the frame rate as a float; this is the exact rate that was meant.
#pragma once

#include <cmath>
#include <optional>

#include "shotfix/core/rational.h"

namespace shotfix::media {

// Whole rates and those over 1.001, within 0.001 frames a second; nothing for what is no rate (0, negative, NaN).
inline std::optional<Rational> RateFromFloat(float fps) {
  if (!(fps >= 1 && fps <= 1000)) return std::nullopt;
  const double value = static_cast<double>(fps);
  const auto whole = static_cast<int64_t>(std::llround(value));
  if (std::fabs(value - static_cast<double>(whole)) < 1e-3) return Rational{whole, 1};
  const auto nominal = static_cast<int64_t>(std::llround(value * 1.001));
  if (std::fabs(value - static_cast<double>(nominal) / 1.001) < 1e-3) return Rational{nominal * 1000, 1001};
  return Rational{std::llround(value * 1000), 1000};
}

}  // namespace shotfix::media
