// SPDX-License-Identifier: Apache-2.0
// Where a shot's key stands, read from how a subject's shading changes as it turns. All on the CPU.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "shotfix/light/lights.h"

namespace shotfix::light {

// The same places of a subject in two frames of a shot, by the later frame's pixels.
struct TurnedSurface {
  at::Tensor before_picture, picture;  // [3,h,w] scene-linear
  at::Tensor before_normals, normals;  // [3,h,w] of length 1
  at::Tensor weight;                   // [1,h,w] in [0,1]
};

struct MotionLight {
  Vector direction{0, 0, 1};
  double uncertainty_deg = 180;  // of the direction, one standard deviation
  double turned_deg = 0;         // how far the subject's surface turned, the largest median of all pairs
};

// Note [Light from motion]: of one place in two frames the albedo is the same, so the logarithm of the ratio of its
// pictures is that of the light alone: log S(R n) - log S(n). A key's direction and the share of the ambient light are
// searched for that explain all ratios of all pairs (Cauchy residuals). How sure that is follows from leaving out each
// part of the subject in turn (jackknife). The shape need not be exact, but it must turn as the subject does:
// turned_deg says how much there was to see. Throws kData when too little of the subject is seen in both frames.
MotionLight FindLightFromMotion(const std::vector<TurnedSurface>& pairs, double shape_error_deg);

}  // namespace shotfix::light
