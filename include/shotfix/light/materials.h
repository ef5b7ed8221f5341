// SPDX-License-Identifier: Apache-2.0
// What a subject is made of, where only its shape is guessed and its light's place is known: skin, hair, cloth as
// pieces of one albedo each. All on the CPU, float32.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "shotfix/light/light_fit.h"

namespace shotfix::light {

// Note [Materials]: a pixel's colour is albedo times light, and one shot says neither. But a subject is made of few
// materials. Pixels are gathered by chromaticity, by how bright they are for the light that should reach them, and by
// place (k-means, Lloyd 1982); gathered parts are put together while they touch, are of like chromaticity, and their
// brightest and darkest lie no farther apart than a key is over the ambient light, with a margin for their detail: what
// is darker than the ambient light could leave it is another material, and skin in the shade stays skin.
class Materials {
 public:
  Materials() = default;
  // Of all frames together, so that each frame finds the same ones. Throws kData where too little
  // is seen.
  static Materials Find(const std::vector<ShadedPicture>& frames);

  // The same under a light of that colour, each channel over 0: what was found under it as if it were white is divided
  // by it.
  Materials Under(const Rgb& colour) const;
  // [3,h,w], relative to the light's strength; borders between materials are soft.
  at::Tensor AlbedoOf(const ShadedPicture& frame) const;
  int64_t count() const { return albedo_.defined() ? albedo_.size(1) : 0; }

  // For storing: parts [1,n,6] (five features and the material of each), albedos [1,m,3] as their logarithms.
  const at::Tensor& parts() const { return parts_; }
  const at::Tensor& albedos() const { return albedo_; }
  static Materials From(at::Tensor parts, at::Tensor albedos);

 private:
  at::Tensor parts_;
  at::Tensor albedo_;
};

}  // namespace shotfix::light
