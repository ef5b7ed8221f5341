// SPDX-License-Identifier: Apache-2.0
// The gain from one light to another on a known surface.
#pragma once

#include "passes/relight/surface.h"

namespace shotfix::passes::relight {

struct LightChange {
  const light::SceneLight& found;  // the light that is there
  const light::SceneLight& wanted;
  // Else it cannot say that a place is brighter than the light could make it or has changed since a take, and albedo is
  // one for each material: then places keep their own colour.
  bool shape_known = true;
};

// Stops per channel, [3,h,w], bounded by options.most_stops and carried a little over the border of what is known.
// linear: the picture, scene-linear [3,h,w], of the surface's size.
at::Tensor GainBetween(const FrameSurface& surface, const at::Tensor& linear, const LightChange& change,
                       const RelightOptions& options);

}  // namespace shotfix::passes::relight
