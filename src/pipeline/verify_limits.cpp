// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include "shotfix/pipeline/verify.h"

namespace shotfix::pipeline {

std::vector<std::string> Misses(const VerifyReport& report, const VerifyLimits& limits) {
  std::vector<std::string> misses;
  const auto above = [&](const char* name, double value, const std::optional<double>& limit) {
    if (limit && !(value <= *limit))
      misses.push_back(fmt::format("{} is {:.6g}, over the limit {:.6g}", name, value, *limit));
  };
  const auto below = [&](const char* name, const std::optional<double>& value, const std::optional<double>& limit) {
    if (!limit) return;
    if (!value) misses.push_back(fmt::format("{} was not measured: give --reference", name));
    else if (!(*value >= *limit))
      misses.push_back(fmt::format("{} is {:.6g}, under the limit {:.6g}", name, *value, *limit));
  };
  if (limits.max_outside_error && !report.outside_known)
    misses.push_back("the error outside the edit was not measured: there is no record of the edit");
  else above("the error outside the edit", report.outside_max_error, limits.max_outside_error);
  above("the warp error ratio", report.warp_error_ratio, limits.max_warp_ratio);
  above("flicker in stops", report.flicker_stops, limits.max_flicker_stops);
  above("the altered share", report.altered_share, limits.max_altered_share);
  below("PSNR", report.psnr_db, limits.min_psnr_db);
  below("SSIM", report.ssim, limits.min_ssim);
  return misses;
}

}  // namespace shotfix::pipeline
