// SPDX-License-Identifier: Apache-2.0
// A shot's eyes as a stored solution, and back.
#pragma once

#include "shotfix/gaze/shot_gaze.h"
#include "shotfix/image/solution.h"

namespace shotfix::passes::eyeline {

// Part of the key of stored analyses: raise it whenever what an analysis finds changes.
inline constexpr int kSolutionVersion = 4;

image::Solution Pack(const gaze::ShotGaze& shot);
gaze::ShotGaze Unpack(const image::Solution& solution);  // throws kData

}  // namespace shotfix::passes::eyeline
