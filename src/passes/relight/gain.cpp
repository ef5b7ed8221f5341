// SPDX-License-Identifier: Apache-2.0
#include "passes/relight/gain.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "shotfix/image/resample.h"
#include "shotfix/light/relief.h"

namespace shotfix::passes::relight {
namespace {

constexpr double kMeasuredReach = 0.003;  // of the long side: how finely the light that is there is measured
constexpr double kSpreadReach = 0.02;     // of the long side: how far a gain reaches where nothing is known
constexpr double kDarkest = 0.01;         // of the key: less light than this is noise, and no gain may come of it
constexpr double kWholeChangeStops = 0.3;

at::Tensor SmoothMean(const at::Tensor& picture, double reach) {
  const double side = static_cast<double>(std::max(picture.size(1), picture.size(2)));
  const auto radius = std::max<int64_t>(1, std::llround(reach * side));
  return image::BoxMean(image::BoxMean(picture.contiguous(), radius), radius);
}

// What is known, carried over its border.
at::Tensor SpreadFrom(const at::Tensor& values, const at::Tensor& known) {
  const at::Tensor near = SmoothMean(values * known, kSpreadReach) / SmoothMean(known, kSpreadReach).clamp_min(1e-4);
  return values * known + near * (1 - known);
}

std::vector<at::Tensor> Shadows(const FrameSurface& surface, const light::SceneLight& light) {
  std::vector<at::Tensor> visibility;
  for (const light::Key& key : light.keys) visibility.push_back(light::CastShadow(surface.heights, surface.known, key));
  return visibility;
}

}  // namespace

// Note [Measured light]: the gain is the quotient of two lights. The wanted one must be computed; the one that is there
// need not, where the albedo is known: it is the picture over the albedo, both blurred so that the actor's own detail
// stays. Errors of shape then enter once and not twice, and the old shading leaves where it really is: without this the
// old terminator stays as a blotch. Where nothing is asked for, nothing may change: the measured light counts by how
// far the wanted light differs from the one that is there.
at::Tensor GainBetween(const FrameSurface& surface, const at::Tensor& linear, const LightChange& change,
                       const RelightOptions& options) {
  const std::vector<at::Tensor> none;
  const double floor = kDarkest * light::LuminanceOf(change.found.keys.front().rgb);
  const auto stops = [&](const at::Tensor& light) { return light.clamp_min(floor).log2(); };
  const auto under = [&](const light::SceneLight& light) {
    return stops(light::Shade(surface.normals, light, options.shadows ? Shadows(surface, light) : none));
  };
  const at::Tensor modelled = under(change.found);
  at::Tensor gain = under(change.wanted) - modelled;
  if (change.albedo_known) {
    const at::Tensor measured = stops(SmoothMean(linear * surface.known, kMeasuredReach) /
                                      SmoothMean(surface.albedo * surface.known, kMeasuredReach).clamp_min(1e-3));
    const double size = (gain.abs().mean(0, true) * surface.known).sum().item<double>() /
                        std::max(1.0, surface.known.sum().item<double>());
    gain = gain + (modelled - measured) * std::min(1.0, size / kWholeChangeStops);
  }
  gain = SpreadFrom(gain.clamp(-options.most_stops, options.most_stops), surface.known);
  return (gain * options.strength).contiguous();
}

}  // namespace shotfix::passes::relight
