// SPDX-License-Identifier: Apache-2.0
#include "support/face.h"

#include <ATen/ATen.h>

#include <cmath>

#include "shotfix/gaze/eye_parts.h"

namespace shotfix::testing {
namespace {

constexpr double kEyeHalfWidth = 26;
constexpr double kUpper = 12;
constexpr double kLower = 10;
constexpr double kApart = 100;
constexpr double kEyesY = 90;

// Skin: smooth noise in brightness, fixed to the head.
double Skin(double x, double y) {
  return 0.04 * std::sin(x * 0.31 + 1.7 * std::sin(y * 0.23)) + 0.03 * std::sin(y * 0.41 + std::cos(x * 0.19)) +
         0.03 * std::sin((x + y) * 0.77) + 0.02 * std::sin((x - 2 * y) * 0.53);
}

cv::Point2d EyeCentre(const FaceFrameSpec& frame, size_t eye) {
  return {kFaceWidth / 2.0 + frame.shift + (eye == 0 ? -kApart / 2 : kApart / 2), kEyesY};
}

std::array<double, 3> ColourAt(const FaceFrameSpec& frame, double x, double y) {
  if (frame.away) {
    const double light = 0.4 * Skin(0.3 * x + 50, 0.4 * y);
    return {0.45 + light, 0.5 + light, 0.55 + light};
  }
  for (size_t eye = 0; eye < 2; ++eye) {
    const cv::Point2d centre = EyeCentre(frame, eye);
    const double u = x - centre.x;
    const double v = y - centre.y;
    if (std::abs(u) >= kEyeHalfWidth) continue;
    const double bow = 1 - u * u / (kEyeHalfWidth * kEyeHalfWidth);
    const double lower = kLower * bow;
    const double upper = lower - frame.open * (kUpper + kLower) * bow;
    if (v > upper - 1.5 && v < upper + 0.8) return {0.16, 0.11, 0.09};  // lashes
    if (v <= upper || v >= lower) continue;
    const cv::Point2d disc = gaze::IrisDisc(FaceBall(frame, eye), FaceIris(frame, eye))(cv::Point2d(x, y));
    const double rho = std::hypot(disc.x, disc.y);
    if (rho < 0.4) return {0.08, 0.06, 0.06};
    if (rho < 1) return {0.30, 0.20, 0.14};
    return {0.82, 0.81, 0.80};
  }
  const double light = Skin(x - frame.shift, y);
  return {0.78 + light, 0.58 + light, 0.47 + light};
}

}  // namespace

gaze::EyeBall FaceBall(const FaceFrameSpec& frame, size_t eye) {
  return {EyeCentre(frame, eye), kFaceTravelPx, kFaceIrisPx};
}

cv::Point2d FaceIris(const FaceFrameSpec& frame, size_t eye) { return gaze::IrisAt(FaceBall(frame, eye), frame.gaze); }

SyntheticShot MakeFaceShot(const std::vector<FaceFrameSpec>& frames) {
  constexpr int kSamples = 3;  // each way in a pixel
  SyntheticShot shot;
  for (const FaceFrameSpec& frame : frames) {
    at::Tensor picture = at::zeros({3, kFaceHeight, kFaceWidth});
    auto out = picture.accessor<float, 3>();
    for (int64_t y = 0; y < kFaceHeight; ++y) {
      for (int64_t x = 0; x < kFaceWidth; ++x) {
        for (int k = 0; k < kSamples * kSamples; ++k) {
          const double u = static_cast<double>(x) + (k % kSamples - 1) / static_cast<double>(kSamples);
          const double v = static_cast<double>(y) + (k / kSamples - 1) / static_cast<double>(kSamples);
          const std::array<double, 3> colour = ColourAt(frame, u, v);
          for (int64_t c = 0; c < 3; ++c)
            out[c][y][x] += static_cast<float>(colour[static_cast<size_t>(c)] / (kSamples * kSamples));
        }
      }
    }
    shot.pictures.push_back(picture);
  }
  return shot;
}

std::vector<FaceFrameSpec> LookingAround(int count) {
  std::vector<FaceFrameSpec> frames;
  for (int k = 0; k < count; ++k) frames.push_back({{24 * std::sin(0.4 * k), 5 * std::cos(0.3 * k)}, 1, 0.2 * k});
  return frames;
}

std::vector<FaceFrameSpec> UsualFace() {
  std::vector<FaceFrameSpec> frames;
  for (int k = 0; k < 12; ++k) {
    const gaze::Direction gaze = k < 4   ? gaze::Direction{-12, 0}
                                 : k < 8 ? gaze::Direction{10, -3}
                                         : gaze::Direction{0, 2};
    frames.push_back({gaze, k == 6 ? 0.0 : 1.0, 0.7 * k});
  }
  return frames;
}

}  // namespace shotfix::testing
