// SPDX-License-Identifier: Apache-2.0
// Light from what surrounds a subject: a panorama, or the plate that will stand behind it.
#pragma once

#include <ATen/core/Tensor.h>

#include "shotfix/light/lights.h"

namespace shotfix::light {

// Note [Environment]: surroundings are a picture of radiance, equirectangular, twice as wide as high. Its middle is
// what the camera sees behind the subject (azimuth 180), its left and right edges are at the lens, its top is overhead.
// turn_deg turns it to picture right about the vertical axis. Where it is much brighter than the rest over a small
// angle there is a lamp, a window or the sun: up to `most_keys` of those become keys, for an ambient light of order 2
// cannot throw a shadow. What is left becomes ambient light of order 2.
// radiance: [3,h,w] scene-linear, 0 or more, h at least 8. Throws kData where it is all black or not twice as wide as
// high.
SceneLight LightOfEnvironment(const at::Tensor& radiance, double turn_deg, size_t most_keys = 3);

// The ambient light of a plate, as if it went on around the subject on both sides of the lens: what is at picture left
// in it lights from the left, however far in front or behind. No lamps: a plate that was made to be looked at does not
// say how bright they are. plate: [3,h,w] scene-linear.
SceneLight AmbientOfPlate(const at::Tensor& plate);

// What a matte white surface reflects of a light, by luminance: the mean over all directions that face the camera.
double FrontalLuminance(const SceneLight& light);
// All of a light so many times as strong.
SceneLight Scaled(SceneLight light, double factor);

}  // namespace shotfix::light
