// SPDX-License-Identifier: Apache-2.0
// Background replace: a matte, the actor's own colours, a new plate that sits in the shot.
#pragma once

#include <memory>
#include <optional>

#include "shotfix/compliance/consent.h"
#include "shotfix/model/mini_model.h"
#include "shotfix/passes/edit_pass.h"
#include "shotfix/temporal/propagate.h"

namespace shotfix::passes {

struct BackgroundOptions {
  // Matte.
  double matte_low = 0.04;     // 0 to 0.5: mattes below are 0, the background is all new
  double matte_high = 0.96;    // 0.5 to 1: mattes above are 1, the actor is untouched
  double matte_shrink_px = 0;  // -8 to 8: inwards; negative grows
  // Edge.
  double despill = 1.0;            // 0 to 1: how much of the old background is taken out of soft edges
  double light_wrap = 0.08;        // 0 to 1: strength
  double light_wrap_size = 0.012;  // 0 to 0.1 of the frame's height
  // Plate.
  double plate_gain_stops = 0;  // -10 to 10
  double plate_blur_px = 0;     // 0 to 50, added to what match_blur finds
  bool match_blur = true;       // soften the plate to the shot's background
  bool match_grain = true;      // put the shot's grain on the plate
  bool follow_camera = true;    // move the plate with the camera (homography track)
  uint64_t seed = 1;            // of the grain

  void Validate() const;  // throws kUsage
};

// The new background as pictures of the frame's size, scene-linear, in the shot's primaries. Implemented by the
// pipeline.
class PlateSource {
 public:
  virtual ~PlateSource() = default;
  virtual at::Tensor Linear(int64_t frame) = 0;  // [3,H,W] float32
  // The plate's own first picture, the same for every chunk of a shot: what is measured once.
  virtual at::Tensor Reference() = 0;  // [3,H,W] float32
};

struct BackgroundInputs {
  temporal::PaintedMattes painted;  // at the analysis size
  std::string painted_key;          // hash of the paintings
  at::Tensor clean_plate;           // [3,h,w] perceptual at the analysis size; undefined: gathered from the shot
  std::string clean_plate_key;
  model::Head matte_head;
  std::string model_key;
  std::shared_ptr<PlateSource> plate;  // null for --matte-only: the edit's alpha is then all that is wanted
};

std::unique_ptr<EditPass> MakeBackgroundPass(const BackgroundOptions& options, BackgroundInputs inputs,
                                             c10::Device device, const compliance::ConsentGrant& grant);

}  // namespace shotfix::passes
