// SPDX-License-Identifier: Apache-2.0
// Guessed normals mended by how a known light shades them: as a subject turns, or in several takes. All on the CPU.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "shotfix/light/lights.h"

namespace shotfix::light {

// How bright one frame shows each place, on the pixels of the frame in which the normals are guessed.
struct ShadingView {
  at::Tensor shading;  // [1,h,w] picture over albedo, 1 where a key falls straight and no other light does
  at::Tensor weight;  // [1,h,w] in [0,1]: where it tells of the shape; 0 in cast shadows, in highlights, where not seen
  Vector key{0, 0, 1};  // as it stands for a subject that is turned as in the guess
  double ambient = 0;   // beside a key of 1
};

// How far off things are taken to be, one standard deviation each, all over 0.
struct NormalSpread {
  at::Tensor normals_deg;  // [1,h,w] of the guess
  at::Tensor albedo;       // [1,h,w] natural logarithm: of one place's albedo, which all views share
  // Natural logarithm: of each view by itself. Lambert's law misses a real head by 0.1 to 0.2 where it turns by 10 to
  // 15 degrees, even on its true normals (soft skin, lamps that are near, a sky that is not even).
  double view = 0.4;
  double reach = 0.01;  // of the long side: shape changes no faster
};

// Note [Photometric stereo by motion]: of one place all views share albedo and normal, while the key goes round the
// subject as that turns. For each place normals around its guess are tried; the one albedo that suits all views best is
// taken out (it is known as far as `spread.albedo`), and what each view then misses is its cost (Cauchy). Costs are
// averaged over the neighbourhood, for errors of a guess are wider than a pixel. The mean of what is likely is the new
// normal: where views say nothing, that is the guess. Two views of one light and much turning, or two lights, tell
// most; a single view tells how far a place leans from its light. normals: [3,h,w] of length 1, float32, all of one
// size; so is what is returned. No views: the guess itself.
at::Tensor RefineNormals(const at::Tensor& normals, const std::vector<ShadingView>& views, const NormalSpread& spread);

}  // namespace shotfix::light
