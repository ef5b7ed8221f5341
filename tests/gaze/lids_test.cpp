// SPDX-License-Identifier: Apache-2.0
// Lids of a drawn eye: where their edges are is known.
#include "gaze/lids.h"

#include "support/test.h"

namespace shotfix::gaze {
namespace {

constexpr int kHalfWidth = 40;
constexpr int kHalfHeight = 30;
constexpr double kIris = 14;

// A bow from corner to corner, `middle` high in its middle.
std::vector<float> Bow(double middle) {
  std::vector<float> curve;
  for (int u = -kHalfWidth; u <= kHalfWidth; ++u) {
    const double share = 1 - std::pow(u / 36.0, 2);
    curve.push_back(share > 0 ? static_cast<float>(middle * share) : std::nanf(""));
  }
  return curve;
}

const LidShape kLids{Bow(-20), Bow(10)};

cv::Mat Plane(float value) { return cv::Mat(2 * kHalfHeight + 1, 2 * kHalfWidth + 1, CV_32FC1, cv::Scalar(value)); }

// Skin, a band of dark lashes `deep` px below the upper edge, white in the shade below that.
cv::Mat LumaUnder(const LidState& state, double deep) {
  cv::Mat luma = Plane(0.6F);
  for (int y = 0; y < luma.rows; ++y) {
    for (int x = 0; x < luma.cols; ++x) {
      const double u = x - kHalfWidth;
      const double v = y - kHalfHeight;
      const double upper = kLids.Upper(state, u);
      if (!(v > upper && v < kLids.Lower(state, u))) continue;
      luma.at<float>(y, x) = v < upper + deep ? 0.15F : 0.55F;
    }
  }
  return luma;
}

}  // namespace

TEST_CASE("lids are found by their lashes where the white has the colour of skin", "[gaze]") {
  // All of the white looks a little more like skin than like eye; lashes look like eye.
  for (const double open : {0.55, 0.8, 1.0, 1.2}) {
    const cv::Mat luma = LumaUnder({open, 0}, 4);
    cv::Mat likely = Plane(-2);
    for (int y = 0; y < luma.rows; ++y) {
      for (int x = 0; x < luma.cols; ++x) {
        if (luma.at<float>(y, x) < 0.3F) likely.at<float>(y, x) = 2;
        if (luma.at<float>(y, x) == 0.55F) likely.at<float>(y, x) = -0.3F;
      }
    }
    INFO(open);
    CHECK(kLids.Upper(FitLids({likely, luma}, kLids, kIris), 0) == Approx(kLids.Upper({open, 0}, 0)).margin(1));
  }
}

TEST_CASE("lashes stay as deep when a lid closes", "[gaze]") {
  const LidShape inside{Bow(-14), Bow(8)};  // 6 px of lashes above, 2 below
  for (const double open : {1.2, 1.0, 0.6, 0.4}) {
    const LidState state = InsideLashes({open, 0}, kLids, inside);
    INFO(open);
    CHECK(inside.Upper(state, 0) == Approx(kLids.Upper({open, 0}, 0) + 6).margin(0.8));
  }
  CHECK(InsideLashes({1, 0}, kLids, inside).open == Approx(1));
  CHECK(InsideLashes({0.05, 0}, kLids, inside).open == 0);  // closed: nothing is left between them
}

}  // namespace shotfix::gaze
