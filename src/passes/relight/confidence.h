// SPDX-License-Identifier: Apache-2.0
// Where in a head a mean face tells the shape, and where there is skin.
#pragma once

#include "passes/relight/surface.h"

namespace shotfix::passes::relight {

// [1,h,w] in [0,1], for a surface that has a head and an albedo: how surely a place of the head is skin. Hair over a
// forehead, a beard, the frames of glasses and brows are darker than skin and stand before it: there the mean face
// tells nothing. 0 beyond the head.
at::Tensor SkinWithin(const FrameSurface& surface);
// [1,h,w], 0 or 1, for a surface that has a head: eyes, nose, cheeks and mouth; skin and little else. Hair hangs over
// what lies around.
at::Tensor InnerFace(const FrameSurface& surface);

}  // namespace shotfix::passes::relight
