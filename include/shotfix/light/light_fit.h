// SPDX-License-Identifier: Apache-2.0
// The light of a shot, from a surface whose shape and albedo are known.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "shotfix/light/lights.h"

namespace shotfix::light {

// One frame's evidence, all of one size.
struct LitSurface {
  at::Tensor picture;  // [3,h,w] scene-linear
  at::Tensor normals;  // [3,h,w]
  at::Tensor albedo;   // [3,h,w]
  at::Tensor weight;   // [1,h,w] in [0,1]: how far shape and albedo are known there
};

struct LightFit {
  SceneLight light;            // one key and the ambient light, in units of the albedo
  double uncertainty_deg = 0;  // of the key's direction, one standard deviation
  double explained = 0;        // share of the shading's variance that the light explains, up to 1
};

// One key and ambient light for all frames together: picture = albedo * (key * max(n . l, 0) + ambient), by
// iteratively reweighted least squares (Cauchy weights), so that cast shadows and highlights count little. A direction
// that is known is kept. Throws kData when there is too little to see.
LightFit FitLight(const std::vector<LitSurface>& frames, const std::optional<Vector>& known_direction);

// One frame with what a first guess of its shape says of the key's light. All of one size.
struct ShadedPicture {
  at::Tensor picture;  // [3,h,w] scene-linear
  at::Tensor mask;     // [1,h,w], over one half where the subject is
  at::Tensor key;      // [1,h,w] in [0,1]: how much of the key reaches each place
};

// The strength of a key that stands at `direction` and of the ambient light. Shape that is only guessed says well how
// much of a subject is lit and badly which pixels: the shares of lit and unlit are laid beside each other in order of
// brightness, not pixel by pixel, which would take half of the key for ambient light. albedos: [3,h,w] of each frame,
// over 0; their scale is the light's. ambient: beside a key of 1, where that is known. uncertainty_deg stays 0. Throws
// kData when too little is seen or the key reaches none of it.
LightFit FitLightBySpread(const std::vector<ShadedPicture>& frames, const std::vector<at::Tensor>& albedos,
                          const Vector& direction, std::optional<double> ambient = {});

// The ambient light beside a key of 1, 0.03 to 4, of places that are all of one material (a face's skin): that under
// which the shares of lit and unlit would spread as brightness does there, in order of brightness. mask: those places.
// Nothing where too little is seen, or the key reaches all of it alike.
std::optional<double> AmbientBySpread(const std::vector<ShadedPicture>& frames);

}  // namespace shotfix::light
