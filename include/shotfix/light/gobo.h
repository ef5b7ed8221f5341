// SPDX-License-Identifier: Apache-2.0
// A pattern in front of a lamp: what of its light reaches each place.
#pragma once

#include <ATen/core/Tensor.h>

#include "shotfix/light/lights.h"

namespace shotfix::light {

// A gobo, flag or gel as a picture that the key throws on what it lights: 1 lets all light through, 0 none. It lies
// across the beam, upright, as seen from the lamp, its middle on the middle of the frame, and is `size` heights of the
// frame high; beyond its border the border goes on. gobo: [3,h,w]; heights: [1,h,w] px towards the camera of the
// surface that it falls on. Returns [3,h,w]. A lamp right overhead or below has no "upright": up is then away from the
// camera.
at::Tensor GoboOn(const at::Tensor& gobo, const at::Tensor& heights, const Key& key, double size);

}  // namespace shotfix::light
