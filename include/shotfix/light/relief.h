// SPDX-License-Identifier: Apache-2.0
// Heights of a surface seen from the camera: from normals, from an outline, and the shadows that they cast.
#pragma once

#include <ATen/core/Tensor.h>

#include "shotfix/light/lights.h"

namespace shotfix::light {

// Heights towards the camera in px of the picture, [1,h,w], whose slopes are those of `normals` [3,h,w] where `mask`
// [1,h,w] is over one half, in the least-squares sense (Horn & Brooks 1986), slopes up to 5. Each connected part has
// mean 0; 0 outside the mask.
at::Tensor IntegrateNormals(const at::Tensor& normals, const at::Tensor& mask);

// An inflated outline: heights [1,h,w] with slope infinite at the edge of the mask and a smooth top, as a cylinder or
// ball of that outline has. A first guess where nothing better is known: some 25 degrees off on a face.
at::Tensor InflateOutline(const at::Tensor& mask);
// Vectors [3,h,w] at length 1, for normals that were mixed; where there is none it stays 0.
at::Tensor OfLengthOne(const at::Tensor& vectors);
// Normals [3,h,w] of heights [1,h,w]; (0,0,1) outside the mask.
at::Tensor NormalsOf(const at::Tensor& heights, const at::Tensor& mask);

// [1,h,w] in [0,1]: how much of `key` each point of the relief sees over the rest of the relief. Marches towards the
// light in the picture's plane; the penumbra widens with the way by the source's radius. 1 outside the mask.
at::Tensor CastShadow(const at::Tensor& heights, const at::Tensor& mask, const Key& key);

}  // namespace shotfix::light
