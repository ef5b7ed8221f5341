// SPDX-License-Identifier: Apache-2.0
// A shot's colours, and the gain to another shot's: what --match does where no light-reference take is shared.
#pragma once

#include "passes/relight/own_shape.h"

namespace shotfix::passes::relight {

// Throws kData where too little of the subject is seen. Of the face nothing where too little of that is.
FoundShotColours FindColours(const std::vector<Sample>& samples, const OwnShape& shape);
// Of the face to the face where both shots have one.
light::ColourTransfer TransferBetween(const FoundShotColours& from, const FoundShotColours& to);
// A subject's gain to the colours of another shot: stops per channel, [3,h,w], bounded by options.most_stops. linear:
// scene-linear [3,h,w], of the surface's size; of the surface counts where it faces as a whole.
at::Tensor GainOfTransfer(const FrameSurface& surface, const at::Tensor& linear, const light::ColourTransfer& transfer,
                          const RelightOptions& options);

}  // namespace shotfix::passes::relight
