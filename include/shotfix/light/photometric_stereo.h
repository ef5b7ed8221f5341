// SPDX-License-Identifier: Apache-2.0
// Shape and colour of a surface from pictures in which only the light moves.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "shotfix/light/lights.h"

namespace shotfix::light {

struct Surface {
  at::Tensor normals;  // [3,h,w] float32, of length 1, axes of the camera; 0 where nothing was lit
  at::Tensor albedo;   // [3,h,w] float32, scene-linear, relative to the light's strength
};

// Woodham 1980, "Photometric method for determining surface orientation": each pixel's light is albedo * (n . l). Only
// the brightest `share` of the pictures are used at each pixel, so that shadows, attached and cast, do not count (of 24
// lights on a face and hair 0.6 is best: 8.7 degrees on skin, all of them 14.7). pictures: scene-linear [3,h,w], at
// least four; directions: towards the light of each, equally strong. Throws kData with fewer pictures, or when the
// directions lie in one plane.
Surface SolveSurface(const std::vector<at::Tensor>& pictures, const std::vector<Vector>& directions,
                     double share = 0.6);

}  // namespace shotfix::light
