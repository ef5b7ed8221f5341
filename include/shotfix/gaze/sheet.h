// SPDX-License-Identifier: Apache-2.0
// What was found of the eyes, drawn over them: for an editor to look at before a render.
#pragma once

#include <ATen/core/Tensor.h>

#include "shotfix/gaze/shot_gaze.h"
#include "shotfix/image/shot.h"

namespace shotfix::gaze {

// A contact sheet of up to `most` frames, evenly over the shot: both eyes, enlarged, beside themselves with iris
// (green, grey where it is carried over) and lids (yellow). [3,h,w] float32 in [0,1].
at::Tensor DrawSheet(const ShotGaze& gaze, image::ShotReader& shot, int64_t most);

}  // namespace shotfix::gaze
