// SPDX-License-Identifier: Apache-2.0
// The gain from one light to another on a known surface, and how strong a light must be to hold a level.
#pragma once

#include "passes/relight/surface.h"

namespace shotfix::passes::relight {

// How far off normals are taken to be, degrees, for the light that is wanted. A face's terminators are drawn firmer
// than its own 20 degrees would have it: on the sample production the whole of it takes the modelling out of a face and
// gains nothing. Of a take 5: light goes through skin, and its terminators are softer than Lambert's.
double ErrorOf(GeometryTier tier);

// The light as it falls on normals that may be off by so much: the mean over a disc of sources twice as wide, whose
// spread along each axis is that of the error. A guessed shape that drew hard terminators would draw them in wrong
// places.
light::SceneLight SeenByUnsure(light::SceneLight light, double error_deg);

struct LightChange {
  const light::SceneLight& found;  // the light that is there
  const light::SceneLight& wanted;
  // A shape that is guessed cannot say that a place is brighter than the light could make it, and albedo is one for
  // each material there: places keep their own colour.
  GeometryTier tier = GeometryTier::kLightReference;
  at::Tensor gobo;  // [3,h,w] before the wanted light's first key; undefined: none
};

// Stops per channel, [3,h,w], bounded by options.most_stops and carried a little over the border of what is known.
// linear: the picture, scene-linear [3,h,w], of the surface's size.
at::Tensor GainBetween(const FrameSurface& surface, const at::Tensor& linear, const LightChange& change,
                       const RelightOptions& options);
// What a light meter is pointed at: one frame of the shot.
struct MeteredFrame {
  FrameSurface surface;
  at::Tensor linear;  // [3,h,w] scene-linear, of the surface's size
};
// By how much the wanted light must be scaled for these frames, relit by it, to keep their mean luminance: that of the
// head where there is one, else of all that is known. Throws kData where the wanted light hardly reaches it.
double FactorToHold(const std::vector<MeteredFrame>& frames, const LightChange& change, RelightOptions options);
// GainBetween for a set, whose albedo nobody knows: of normals [3,h,w] alone. [3,h,w].
at::Tensor GainOfSet(const at::Tensor& normals, const LightChange& change, const RelightOptions& options);
// [1,h,w] in [0,1]: where all channels are at white, which is 1 here. Nobody knows how much light there was, and there
// is no colour that could be lit; it is left alone. Where one channel still tells, the place is relit: a warm key clips
// the red of half a face, and half a face that stayed as it was would be worse than one whose red is a little low.
at::Tensor Saturated(const at::Tensor& linear);
// Share of the mask [1,h,w] where the bound of options.most_stops holds a gain back.
double HeldShare(const at::Tensor& gain, const at::Tensor& mask, const RelightOptions& options);

}  // namespace shotfix::passes::relight
