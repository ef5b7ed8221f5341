// SPDX-License-Identifier: Apache-2.0
// How much of a matte is the propagated one and how much the network's: learned from the painted frames of the shot.
#pragma once

#include <array>

#include "shotfix/temporal/propagate.h"

namespace shotfix::model {

// The propagated matte's share at trust 0, 0.2, 0.4, 0.6, 0.8 and 1, linear in between. On a shot that flow follows
// well it is large, on one with fast limbs nearly zero: neither source of a matte wins everywhere. The head has seen
// the painted frames that this is measured on, though not with their own paint as the prior: it leans to the network.
struct PriorShare {
  static constexpr int kKnots = 6;
  // Trust to the fourth: what is taken where nothing was measured.
  std::array<double, kKnots> at_knot = {0, 0.0016, 0.0256, 0.1296, 0.4096, 1};

  // [1,h,w] in [0,1].
  at::Tensor Of(const at::Tensor& trust) const;
  // matte and prior.matte [1,h,w]; the mean of both by share. At full trust, a painted frame, the paint itself.
  at::Tensor Blend(const at::Tensor& matte, const temporal::Prior& prior) const;
};

// Least squares at each knot, over all painted frames: the share s that brings matte + s (prior - matte) nearest to the
// paint, held to [0,1], with the usual share as a few pixels of evidence.
class PriorShareFit {
 public:
  // `matte` is the network's on a painted frame, with `prior` from the other painted frames. All [1,h,w].
  void Add(const at::Tensor& matte, const temporal::Prior& prior, const at::Tensor& painted);
  PriorShare Solve() const;

 private:
  std::array<double, PriorShare::kKnots> projected_{};  // sum of (painted - matte)(prior - matte)
  std::array<double, PriorShare::kKnots> squared_{};    // sum of (prior - matte)^2
};

}  // namespace shotfix::model
