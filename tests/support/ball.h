// SPDX-License-Identifier: Apache-2.0
// A painted ball: shape, albedo and light of it can all be written down.
#pragma once

#include <ATen/core/Tensor.h>

#include "shotfix/light/lights.h"

namespace shotfix::testing {

inline constexpr int64_t kBallHeight = 120;
inline constexpr int64_t kBallWidth = 160;
inline constexpr double kBallRadiusPx = 45;

struct Ball {
  at::Tensor mask;     // [1,h,w]
  at::Tensor normals;  // [3,h,w]
  at::Tensor heights;  // [1,h,w] px
  at::Tensor albedo;   // [3,h,w]
};

// Its paint turns with it by `turn_deg` about the upright axis.
Ball MakeBall(double centre_x = kBallWidth / 2.0, double turn_deg = 0);
// Scene-linear [3,h,w], black outside.
at::Tensor BallUnder(const Ball& ball, const light::SceneLight& light);
// Mean degrees between normals [3,h,w] of length 1, over a mask [1,h,w].
double DegreesApart(const at::Tensor& a, const at::Tensor& b, const at::Tensor& where);

}  // namespace shotfix::testing
