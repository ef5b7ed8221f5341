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
  static constexpr double kUsualAmbient = 0.1;  // as people light

  Materials() = default;
  // Of all frames together, so that each frame finds the same ones. ambient: of the key, what reaches places that the
  // key does not, as far as that is known: how much darker one material may be in the shade. Throws kData where too
  // little is seen.
  static Materials Find(const std::vector<ShadedPicture>& frames, double ambient = kUsualAmbient);

  // The same under a light of that colour, each channel over 0: what was found under it as if it were white is divided
  // by it.
  Materials Under(const Rgb& colour) const;
  // [3,h,w], relative to the light's strength; borders between materials are soft.
  at::Tensor AlbedoOf(const ShadedPicture& frame) const;
  int64_t count() const { return albedo_.defined() ? albedo_.size(1) : 0; }

  // For storing: parts [1,n,6] (five features and the material of each), albedos [1,m,3] as their logarithms, and the
  // ambient light that they were found by.
  const at::Tensor& parts() const { return parts_; }
  const at::Tensor& albedos() const { return albedo_; }
  double ambient() const { return ambient_; }
  static Materials From(at::Tensor parts, at::Tensor albedos, double ambient);

 private:
  double ambient_ = kUsualAmbient;
  at::Tensor parts_;
  at::Tensor albedo_;
};

}  // namespace shotfix::light
