// SPDX-License-Identifier: Apache-2.0
#include "shotfix/model/prior_share.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace shotfix::model {
namespace {

constexpr double kUsualEvidence = 2;  // in units of squared alpha: some twenty pixels that differ by a third

// Linear interpolation's weight of a knot, [1,h,w].
at::Tensor Hat(const at::Tensor& trust, int knot) {
  return (1 - (trust * (PriorShare::kKnots - 1) - knot).abs()).clamp_min(0);
}

}  // namespace

at::Tensor PriorShare::Of(const at::Tensor& trust) const {
  at::Tensor share = at::zeros_like(trust);
  for (int knot = 0; knot < kKnots; ++knot) share = share + Hat(trust, knot) * at_knot[static_cast<size_t>(knot)];
  return share;
}

at::Tensor PriorShare::Blend(const at::Tensor& matte, const temporal::Prior& prior) const {
  // Full trust is paint, which nobody overrules; what is carried is always trusted less.
  const at::Tensor share = at::where(prior.trust >= 1, at::ones_like(prior.trust), Of(prior.trust));
  return matte + share * (prior.matte - matte);
}

void PriorShareFit::Add(const at::Tensor& matte, const temporal::Prior& prior, const at::Tensor& painted) {
  const at::Tensor step = prior.matte - matte;
  for (int knot = 0; knot < PriorShare::kKnots; ++knot) {
    const at::Tensor weighted = Hat(prior.trust, knot) * step;
    projected_[static_cast<size_t>(knot)] += (weighted * (painted - matte)).sum(at::kDouble).item<double>();
    squared_[static_cast<size_t>(knot)] += (weighted * step).sum(at::kDouble).item<double>();
  }
}

PriorShare PriorShareFit::Solve() const {
  const PriorShare usual;
  PriorShare share;
  for (size_t knot = 0; knot < share.at_knot.size(); ++knot) {
    share.at_knot[knot] = std::clamp(
        (projected_[knot] + kUsualEvidence * usual.at_knot[knot]) / (squared_[knot] + kUsualEvidence), 0.0, 1.0);
  }
  return share;
}

}  // namespace shotfix::model
