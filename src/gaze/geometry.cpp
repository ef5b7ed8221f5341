// SPDX-License-Identifier: Apache-2.0
#include "shotfix/gaze/geometry.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "shotfix/core/error.h"

namespace shotfix::gaze {
namespace {

constexpr double kRad = std::numbers::pi / 180;
constexpr double kWidestDeg = 60;

}  // namespace

double DegreesBetween(Direction a, Direction b) {
  const auto axis = [](Direction d) {
    return std::array{std::sin(d.yaw_deg * kRad) * std::cos(d.pitch_deg * kRad), std::sin(d.pitch_deg * kRad),
                      std::cos(d.yaw_deg * kRad) * std::cos(d.pitch_deg * kRad)};
  };
  const std::array<double, 3> u = axis(a);
  const std::array<double, 3> v = axis(b);
  return std::acos(std::clamp(u[0] * v[0] + u[1] * v[1] + u[2] * v[2], -1.0, 1.0)) / kRad;
}

Direction ParseDirection(const std::string& text) {
  Direction gaze;
  int used = 0;
  const int read = std::sscanf(text.c_str(), "%lf,%lf%n", &gaze.yaw_deg, &gaze.pitch_deg, &used);
  const auto fits = [](double angle) { return angle >= -90 && angle <= 90; };
  if (read != 2 || used != static_cast<int>(text.size()) || !fits(gaze.yaw_deg) || !fits(gaze.pitch_deg))
    Throw(ErrorCode::kUsage, "\"{}\" is no gaze; write YAW,PITCH in degrees (+ is picture right, + is up)", text);
  return gaze;
}

cv::Point2d IrisAt(const EyeBall& ball, Direction gaze) {
  const double yaw = gaze.yaw_deg * kRad;
  const double pitch = gaze.pitch_deg * kRad;
  return ball.straight + ball.travel_px * cv::Point2d(std::sin(yaw) * std::cos(pitch), -std::sin(pitch));
}

Direction GazeAt(const EyeBall& ball, cv::Point2d iris) {
  const cv::Point2d offset = (iris - ball.straight) / ball.travel_px;
  const double limit = std::sin(kWidestDeg * kRad);
  const double pitch = std::asin(std::clamp(-offset.y, -limit, limit));
  const double yaw = std::asin(std::clamp(offset.x / std::cos(pitch), -limit, limit));
  return {yaw / kRad, pitch / kRad};
}

Affine Affine::Inverse() const {
  const double determinant = xx * yy - xy * yx;
  Affine back{yy / determinant, -xy / determinant, 0, -yx / determinant, xx / determinant, 0};
  back.x0 = -(back.xx * x0 + back.xy * y0);
  back.y0 = -(back.yx * x0 + back.yy * y0);
  return back;
}

Affine Affine::After(cv::Point2d shift) const {
  Affine moved = *this;
  moved.x0 += xx * shift.x + xy * shift.y;
  moved.y0 += yx * shift.x + yy * shift.y;
  return moved;
}

Affine Affine::Shifted(cv::Point2d shift) const {
  Affine moved = *this;
  moved.x0 += shift.x;
  moved.y0 += shift.y;
  return moved;
}

Affine Affine::ScaledBy(double scale) const {
  const double shift = (scale - 1) / 2;
  return {xx * scale, xy * scale, x0 * scale + shift, yx * scale, yy * scale, y0 * scale + shift};
}

double Affine::Scale() const { return std::sqrt(std::abs(xx * yy - xy * yx)); }

}  // namespace shotfix::gaze
