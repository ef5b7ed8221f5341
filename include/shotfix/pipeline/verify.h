// SPDX-License-Identifier: Apache-2.0
// Measures a result against its source: what was altered, what was not, how steady it is.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shotfix/core/progress.h"
#include "shotfix/image/shot.h"
#include "shotfix/media/clip_info.h"

namespace shotfix::pipeline {

struct VerifyInputs {
  media::ClipInfo result;
  media::ClipInfo source;
  std::optional<media::ClipInfo> reference;  // the wanted picture, for PSNR and SSIM
  std::optional<media::ClipInfo>
      region;  // a matte clip: PSNR and SSIM over the bounding box of its alpha > 0.05, grown by 8 px
  std::shared_ptr<const image::FrameTrack> support;  // the render's record of where it wrote; null: not known
  int64_t source_begin = 0;  // frame of the source (own numbering) under the result's first frame
};

struct VerifyReport {
  int64_t frames = 0;
  bool same_layout = false;    // then samples are compared as integers
  double altered_share = 0;    // of pixels with any changed sample; of any change over half a code when layouts differ
  bool outside_known = false;  // is there a record of the edit
  double outside_max_error = 0;  // codes (same layout) or 8-bit equivalents
  double outside_altered_share = 0;
  double warp_error = 0;  // mean squared, of the result
  double warp_error_source = 0;
  double warp_error_ratio = 1;
  double warp_error_as_lit = 1;   // the same over the source's own under the result's light: 1 is as steady
  double flicker_stops = 0;       // rms second difference of the mean change
  std::optional<double> psnr_db;  // against the reference, all frames together
  std::optional<double> ssim;
};

// Frames are compared in step. Throws kData when sizes or frame counts do not fit.
VerifyReport Verify(const VerifyInputs& inputs, Progress& progress);

struct VerifyLimits {
  std::optional<double> max_outside_error;  // codes
  std::optional<double> max_warp_ratio;
  std::optional<double> max_flicker_stops;
  std::optional<double> max_altered_share;
  std::optional<double> min_psnr_db;
  std::optional<double> min_ssim;
};
// One sentence for each limit that was missed, or that could not be measured.
std::vector<std::string> Misses(const VerifyReport& report, const VerifyLimits& limits);

}  // namespace shotfix::pipeline
