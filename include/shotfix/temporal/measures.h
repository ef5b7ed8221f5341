// SPDX-License-Identifier: Apache-2.0
// What `verify` and the benches measure. No pretrained network judges anything.
#pragma once

#include <ATen/core/Tensor.h>

#include <limits>

#include "shotfix/temporal/flow.h"

namespace shotfix::temporal {

// Mean squared warped difference over pixels that the flow trusts (Lai et al. 2018, E_warp), with flow of the source.
// It goes with the square of the level: +0.3 stops on every pixel, as steady as the source itself, make 1.4 of it.
// Light that swims is told apart by `lit`: what the source's own differences are under the result's light, had that
// moved with the surfaces.
struct WarpError {
  double source = 0;
  double result = 0;
  double lit = 0;
  double weight = 0;
  // result over source; 1 means as steady as the source.
  double Ratio() const {
    if (source > 0) return result / source;
    return result > 0 ? std::numeric_limits<double>::infinity() : 1.0;
  }
  // The same over the source's own under the result's light.
  double RatioAsLit() const {
    if (lit > 0) return result / lit;
    return result > 0 ? std::numeric_limits<double>::infinity() : 1.0;
  }
};
// Two neighbours in time, [3,H,W] perceptual.
struct NeighbourPair {
  at::Tensor prev;
  at::Tensor next;
};
// Adds one pair; `source_link` is the flow of the source.
void AddWarpError(WarpError& sum, const FlowLink& source_link, const NeighbourPair& source,
                  const NeighbourPair& result);

// Frame-mean log2 luma of the change, second difference in time (stops, rms): global flicker that the edit added.
class FlickerMeter {
 public:
  // Linear pictures [3,H,W]; mask [1,H,W] limits where (undefined: everywhere).
  void Add(const at::Tensor& source_rgb, const at::Tensor& result_rgb, const at::Tensor& mask);
  double StopsRms() const;

 private:
  double last_[2] = {0, 0};
  int64_t count_ = 0;
  double sum_ = 0;
};

// Matte measures with the formulas of Robust Video Matting's evaluator; pictures [1,H,W] in [0,1].
double MatteMad(const at::Tensor& matte, const at::Tensor& truth);  // mean |difference| x 1000
double MatteMse(const at::Tensor& matte, const at::Tensor& truth);  // mean square x 1000
// sqrt(mean((d matte/dt - d truth/dt)^2)) x 100 of one pair of neighbours.
double MatteDtSsd(const at::Tensor& matte_prev, const at::Tensor& matte, const at::Tensor& truth_prev,
                  const at::Tensor& truth);

// Peak signal-to-noise ratio in dB for values in [0,1]; infinity when equal.
double Psnr(const at::Tensor& a, const at::Tensor& b);
// Structural similarity (Wang et al. 2004), Gaussian 1.5 px, luma of [3,H,W] perceptual pictures.
double Ssim(const at::Tensor& a, const at::Tensor& b);

}  // namespace shotfix::temporal
