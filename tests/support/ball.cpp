// SPDX-License-Identifier: Apache-2.0
#include "support/ball.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

namespace shotfix::testing {

Ball MakeBall(double centre_x, double turn_deg) {
  const at::Tensor x = (at::arange(kBallWidth, at::kFloat) + 0.5 - centre_x)
                           .view({1, 1, kBallWidth})
                           .expand({1, kBallHeight, kBallWidth});
  const at::Tensor y = -(at::arange(kBallHeight, at::kFloat) + 0.5 - kBallHeight / 2.0)
                            .view({1, kBallHeight, 1})
                            .expand({1, kBallHeight, kBallWidth});
  const at::Tensor square = kBallRadiusPx * kBallRadiusPx - x * x - y * y;
  Ball ball;
  ball.mask = (square > 0).to(at::kFloat);
  ball.heights = square.clamp_min(0).sqrt() * ball.mask;
  ball.normals = at::cat({x, y, ball.heights}) / kBallRadiusPx * ball.mask;
  // Paint that sits on the ball and turns with it.
  const double turn = turn_deg * 3.14159265 / 180;
  const at::Tensor u = (ball.normals[0] * std::cos(turn) - ball.normals[2] * std::sin(turn)).unsqueeze(0);
  const at::Tensor v = ball.normals.narrow(0, 1, 1);
  const at::Tensor paint = 0.5 + 0.2 * (u * 17).sin() * (v * 13).cos() + 0.15 * (u * 5 + v * 31).sin();
  ball.albedo = at::cat({paint, paint * 0.8, paint * 0.6}) * ball.mask;
  return ball;
}

at::Tensor BallUnder(const Ball& ball, const light::SceneLight& light) {
  return ball.albedo * light::Shade(ball.normals, light, {}) * ball.mask;
}

double DegreesApart(const at::Tensor& a, const at::Tensor& b, const at::Tensor& where) {
  const at::Tensor apart = (a * b).sum(0, true).clamp(-1, 1).acos() * (180 / std::numbers::pi);
  return (apart * where).sum().item<double>() / where.sum().item<double>();
}

}  // namespace shotfix::testing
