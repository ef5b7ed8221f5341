// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include "support/test.h"

#include "shotfix/pipeline/verify.h"

namespace shotfix::pipeline {

TEST_CASE("limits miss when exceeded, when unmeasured and when not a number", "[pipeline]") {
  VerifyReport report;
  report.outside_known = true;
  report.warp_error_ratio = 1.2;
  VerifyLimits limits;
  CHECK(Misses(report, limits).empty());
  limits.max_outside_error = 0;
  CHECK(Misses(report, limits).empty());
  report.outside_max_error = 1;
  CHECK(Misses(report, limits).size() == 1);
  limits.max_warp_ratio = 1.1;
  CHECK(Misses(report, limits).size() == 2);
  limits.min_psnr_db = 30;
  CHECK(Misses(report, limits).size() == 3);  // no reference was given
  report.outside_known = false;
  report.outside_max_error = 0;
  CHECK(Misses(report, limits).size() == 3);  // not measured is not passed
  report.warp_error_ratio = std::numeric_limits<double>::quiet_NaN();
  CHECK(Misses(report, limits).size() == 3);
}

}  // namespace shotfix::pipeline
