// SPDX-License-Identifier: Apache-2.0
// A light-reference take, solved: an actor or a set that held still while one light moved round.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <vector>

#include "shotfix/image/shot.h"
#include "shotfix/light/lights.h"
#include "shotfix/light/registration.h"

namespace shotfix::light {

struct LightTake {
  TakeSurface surface;
  // The take's own pictures under some of its lights, as LocalContrast gives them: another shot of the subject is like
  // one of them before its light is known.
  std::vector<at::Tensor> contrasts;  // [3,h,w] each
};

// known_lights: where the light stood at a frame, four frames at least. mask [1,h,w] at the analysis size: the subject,
// or ones for a set. Throws kData as SolveSurface does.
LightTake SolveTake(image::ShotReader& take, const std::map<int64_t, Vector>& known_lights, const at::Tensor& mask);

}  // namespace shotfix::light
