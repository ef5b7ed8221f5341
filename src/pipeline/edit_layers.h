// SPDX-License-Identifier: Apache-2.0
// An edit as EXR layers, so that an artist can finish in another program.
#pragma once

#include <string>
#include <vector>

#include "shotfix/image/edit.h"
#include "shotfix/media/encoder.h"

namespace shotfix::pipeline {

// Note [Edit layers]: parts PASS.matte (A, 1 where the source stays), PASS.fill (R G B A, not premultiplied), PASS.gain
// (R G B, stops), PASS.stmap (R G, where to sample the source: 0 to 1 over the picture, G upwards, pixel centres, as
// STMap nodes read it) and PASS.support (Y). What the edit leaves unset is left out. In scene-linear light of the
// source's primaries:
//   result = source + support * (matte * stmap(source) * 2^gain + (1 - matte) * fill - source)
std::vector<media::PictureLayer> LayersOf(const std::string& pass, const image::Edit& edit, int64_t height,
                                          int64_t width);

}  // namespace shotfix::pipeline
