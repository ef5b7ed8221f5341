// SPDX-License-Identifier: Apache-2.0
// A new background from a file: a still, a clip or a sequence, fitted to the shot.
#pragma once

#include <memory>
#include <string>

#include "shotfix/media/clip_info.h"
#include "shotfix/passes/background.h"

namespace shotfix::pipeline {

enum class PlateFit { kFill, kFit, kStretch };  // cover the frame, show all of it, ignore its aspect
enum class PlateEnd { kHold, kLoop, kError };   // when the plate is shorter than the shot

PlateFit ParsePlateFit(const std::string& name);  // "fill", "fit", "stretch"; throws kUsage
PlateEnd ParsePlateEnd(const std::string& name);  // "hold", "loop", "error"; throws kUsage

struct PlateOptions {
  PlateFit fit = PlateFit::kFill;
  PlateEnd end = PlateEnd::kHold;
  double scale = 1.0;      // 0.1 to 10, after fitting
  double offset_x_px = 0;  // of the shot's pixels, right
  double offset_y_px = 0;  // down
  int64_t start = 0;       // plate frame (counted from its first) under the shot's first frame, 0 or more

  void Validate() const;  // throws kUsage
};

// Throws kData when the plate is shorter than the shot and `end` is kError.
std::shared_ptr<passes::PlateSource> OpenPlate(const media::ClipInfo& plate, const media::ClipInfo& shot,
                                               const PlateOptions& options);

}  // namespace shotfix::pipeline
