// SPDX-License-Identifier: Apache-2.0
#include "passes/relight/colours.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "passes/relight/confidence.h"
#include "passes/relight/gain.h"
#include "passes/relight/smooth.h"
#include "shotfix/core/error.h"
#include "shotfix/image/resample.h"

namespace shotfix::passes::relight {
namespace {

// Where the surface faces as a whole, [3,h,w]. A light of order 1 is told by that; drawn over noses it would be
// mottled.
at::Tensor BroadNormals(const FrameSurface& surface) {
  constexpr double kOfSubject = 0.07;  // of the side of a square as large as the subject
  const double sigma = std::max(1.0, kOfSubject * std::sqrt(surface.known.sum().item<double>()));
  return image::GaussianBlur(surface.normals * surface.known, sigma) /
         image::GaussianBlur(surface.known, sigma).clamp_min(1e-3);
}

}  // namespace

FoundShotColours FindColours(const std::vector<Sample>& samples, const OwnShape& shape) {
  std::vector<light::ColouredFrame> faces, heads, all;
  for (const Sample& sample : samples) {
    const FrameSurface surface = shape.In(sample);
    const at::Tensor told = surface.known * (1 - Saturated(sample.linear));
    const at::Tensor normals = BroadNormals(surface);
    all.push_back({sample.linear, normals, told});
    if (!surface.head.defined()) continue;
    heads.push_back({sample.linear, normals, told * surface.head});
    faces.push_back({sample.linear, normals, told * InnerFace(surface)});
  }
  FoundShotColours found{std::nullopt, light::ColoursOf(all, light::LitSide(all))};
  if (heads.empty()) return found;
  try {
    found.head = light::ColoursOf(faces, light::LitSide(heads));
  } catch (const Error& problem) {
    if (problem.code() != ErrorCode::kData) throw;  // too little of the face is seen
  }
  return found;
}

light::ColourTransfer TransferBetween(const FoundShotColours& from, const FoundShotColours& to) {
  if (from.head && to.head) return {*from.head, *to.head};
  return {from.all, to.all};
}

at::Tensor GainOfTransfer(const FrameSurface& surface, const at::Tensor& linear, const light::ColourTransfer& transfer,
                          const RelightOptions& options) {
  constexpr double kCalmReach = 0.012;  // finer is the actor's own detail
  const at::Tensor calm =
      SmoothMean(linear * surface.known, kCalmReach) / SmoothMean(surface.known, kCalmReach).clamp_min(1e-3);
  const at::Tensor gain = transfer.Stops(calm, BroadNormals(surface)).clamp(-options.most_stops, options.most_stops);
  return (SpreadFrom(gain, surface.known) * options.strength).contiguous();
}

}  // namespace shotfix::passes::relight
