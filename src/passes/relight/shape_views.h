// SPDX-License-Identifier: Apache-2.0
// How the frames of a shot show a guessed shape under its own light, and another take under another: what the guess is
// mended by.
#pragma once

#include <vector>

#include "passes/relight/surface.h"
#include "shotfix/light/refine_normals.h"

namespace shotfix::passes::relight {

// A shape as it was guessed in one frame.
struct GuessedShape {
  const light::TakeSurface& surface;
  const at::Tensor& contrast;  // [3,h,w] of that frame
  const at::Tensor& albedo;    // [3,h,w] in units of the light
  const Sample& sample;        // that frame
};

// The frame of the guess first, then each of `others` in which a head is found again: of that alone it is known how far
// it has turned. Cast shadows, as the guess throws them, tell nothing. `light` has one key.
std::vector<light::ShadingView> ViewsOf(const GuessedShape& guess, const std::vector<const Sample*>& others,
                                        const light::SceneLight& light);
// How another take shows the guess: each of its frames in which it is found, under that take's key. A head counts as it
// has turned, all else as it stands. How strong that light is beside this shot's is read from the guess itself.
struct OtherViews {
  std::vector<light::ShadingView> views;
  double likeness = 0;  // of the frame that is most like the guess
};
OtherViews ViewsIn(const OtherTake& take, const GuessedShape& guess, const light::SceneLight& light);
// How sure such a guess is of itself: a mean face more than an inflated outline; but a face has brows, lips and lids,
// whose albedo nobody knows.
light::NormalSpread SpreadOf(const light::TakeSurface& guess);

}  // namespace shotfix::passes::relight
