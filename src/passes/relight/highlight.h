// SPDX-License-Identifier: Apache-2.0
// The sheen of skin: light that never went into it, and so has the lamp's colour and not the skin's.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "passes/relight/surface.h"
#include "shotfix/light/lights.h"

namespace shotfix::passes::relight {

// Note [Highlights]: I = diffuse + sheen (Shafer 1985, "Using color to separate reflection components"). What is sheen
// is found where the face is brighter than most of it and paler than its material; darkened like skin it would come out
// grey. Teeth and eyes are pale too: their skin's share falls away, and tells them apart. All scene-linear.
struct Highlights {
  at::Tensor seen;    // [3,h,w] skin and sheen together, without detail
  at::Tensor skin;    // [3,h,w] without its sheen
  at::Tensor sheen;   // [1,h,w] luminance that goes with the sheen: what is above most of the face's, no more
  at::Tensor share;   // [1,h,w] in [0,1]: how surely there is sheen
  at::Tensor bare;    // [1,h,w] in [0,1]: skin of the head, bright enough to shine
  at::Tensor albedo;  // [3,h,w] the surface's own, but under sheen the skin's: there it looks like a paler material
  at::Tensor head;    // [1,h,w] in [0,1]
};

// Within the head of a surface that has one, of a light whose colour the albedo does not hold; looked for as finely as
// reach_px. A surface without a head has none: all of its sheen is 0.
Highlights SeparateHighlights(const FrameSurface& surface, const at::Tensor& linear, const light::SceneLight& found,
                              int64_t reach_px);
// What the picture must be multiplied with to lose `share` of its sheen, [3,h,w].
at::Tensor WithoutSheen(const Highlights& highlights, double share);
// The sheen that another light puts on the same skin, [3,h,w]: what is there, as much stronger or weaker as that light
// is mirrored there beside the old; and where it is mirrored alone, as wide as a guessed shape can place it, half of
// the face's mean.
at::Tensor SheenUnder(const Highlights& highlights, const FrameSurface& surface, const light::SceneLight& found,
                      const light::SceneLight& wanted, const std::vector<at::Tensor>& visibility);

}  // namespace shotfix::passes::relight
