// SPDX-License-Identifier: Apache-2.0
// A clip as the analysis of a whole shot wants it: small perceptual frames, either direction of time.
#pragma once

#include <memory>

#include "shotfix/image/frame.h"
#include "shotfix/image/shot.h"
#include "shotfix/media/clip_info.h"

namespace shotfix::media {

// The analysis size of a clip: its long side at most `long_side_px`, both sides even, aspect kept.
struct AnalysisSize {
  int64_t height = 0;
  int64_t width = 0;
};
AnalysisSize ChooseAnalysisSize(const ClipInfo& info, int long_side_px);
// A frame's analysis picture; what ShotReader::Analysis gives for the same frame, but for half-float rounding.
at::Tensor AnalysisPicture(const image::Frame& frame, AnalysisSize size);

// Decodes blocks of 32 frames as they are asked for and keeps two of them.
std::unique_ptr<image::ShotReader> OpenShotReader(const ClipInfo& info, FrameRange frames, int long_side_px);

}  // namespace shotfix::media
