// SPDX-License-Identifier: Apache-2.0
#include "shotfix/core/error.h"
#include "shotfix/passes/background.h"

namespace shotfix::passes {

void BackgroundOptions::Validate() const {
  const auto check = [](const char* name, double value, double low, double high) {
    if (!(value >= low && value <= high))
      Throw(ErrorCode::kUsage, "--{} is {}; allowed is {} to {}", name, value, low, high);
  };
  check("matte-low", matte_low, 0, 0.5);
  check("matte-high", matte_high, 0.5, 1);
  if (matte_low >= matte_high)
    Throw(ErrorCode::kUsage, "--matte-low {} is not below --matte-high {}", matte_low, matte_high);
  check("matte-shrink", matte_shrink_px, -8, 8);
  check("despill", despill, 0, 1);
  check("light-wrap", light_wrap, 0, 1);
  check("light-wrap-size", light_wrap_size, 0, 0.1);
  check("plate-gain", plate_gain_stops, -10, 10);
  check("plate-blur", plate_blur_px, 0, 50);
}

}  // namespace shotfix::passes
