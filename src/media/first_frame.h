// SPDX-License-Identifier: Apache-2.0
// HDR metadata that is written into the stream itself and shows only once a picture is decoded.
#pragma once

#include "media/ffmpeg.h"
#include "shotfix/media/clip_info.h"

namespace shotfix::media {

// Adds mastering display and light level of the first picture to `info.facts`, where the container did not say them.
// Reads packets from `input`. What does not decode is left to the decoder to tell.
void AddFactsOfFirstFrame(AVFormatContext& input, int stream_index, ClipInfo& info);

}  // namespace shotfix::media
