// SPDX-License-Identifier: Apache-2.0
// A finder of one actor's eyes, trained on the spot on frames of one shot.
#pragma once

#include "shotfix/gaze/shot_gaze.h"

namespace shotfix::train {

// Trains a small fully convolutional network (12 k parameters, 240 steps, seconds) on crops around the eyes of these
// frames, turned, scaled and lit differently, against crops of everything else in them. The search looks at a picture
// at three sizes and tells the best pair that is both surely eyes and as far apart as eyes are. On the CPU, the same
// for the same frames. Throws kUsage without frames.
gaze::EyeSearch LearnEyeSearch(const std::vector<gaze::KnownEyes>& known);

}  // namespace shotfix::train
