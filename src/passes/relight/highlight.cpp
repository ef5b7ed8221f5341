// SPDX-License-Identifier: Apache-2.0
#include "passes/relight/highlight.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "shotfix/image/resample.h"
#include "shotfix/light/environment.h"

namespace shotfix::passes::relight {
namespace {

constexpr double kLeast = 1e-4;
constexpr double kFewestPx = 100;  // of a head, to tell its skin from
constexpr double kWidth = 10;      // exponent of the lobe: half of it within 21 degrees, the error of a guessed shape

at::Tensor Ramp(const at::Tensor& values, double from, double to) {
  return ((values - from) / std::max(1e-9, to - from)).clamp(0, 1);
}

double MedianWhere(const at::Tensor& values, const at::Tensor& inside) {
  const at::Tensor chosen = values.masked_select(inside > 0.5);
  return chosen.numel() > 0 ? chosen.median().item<double>() : 0.0;
}

// The albedo that most of the head has, [3,1,1].
at::Tensor SkinOf(const at::Tensor& albedo, const at::Tensor& head) {
  light::Rgb skin{};
  for (size_t c = 0; c < 3; ++c)
    skin[c] = std::max(kLeast, MedianWhere(albedo.narrow(0, static_cast<int64_t>(c), 1), head));
  return light::AsColumn(skin);
}

// Least squares, the sheen at least 0.
struct TwoLayers {
  at::Tensor skin;   // [1,h,w] in units of skin
  at::Tensor sheen;  // [1,h,w] in units of lamp
  at::Tensor apart;  // squared sine between both colours
};

TwoLayers Fit(const at::Tensor& seen, const at::Tensor& skin, const at::Tensor& lamp) {
  const auto dot = [](const at::Tensor& a, const at::Tensor& b) { return (a * b).sum(0, true); };
  const at::Tensor skin2 = dot(skin, skin);
  const at::Tensor lamp2 = dot(lamp, lamp);
  const at::Tensor both = dot(skin, lamp);
  const at::Tensor apart = (skin2 * lamp2 - both.square()).clamp_min(1e-9);
  const at::Tensor with_skin = dot(seen, skin);
  const at::Tensor with_lamp = dot(seen, lamp);
  const at::Tensor sheen = ((skin2 * with_lamp - both * with_skin) / apart).clamp_min(0);
  return {at::where(sheen > 0, (with_skin * lamp2 - with_lamp * both) / apart, with_skin / skin2), sheen,
          apart / (skin2 * lamp2)};
}

// Lobes summed over the keys, [1,h,w].
at::Tensor LobeOf(const at::Tensor& normals, const light::SceneLight& light,
                  const std::vector<at::Tensor>& visibility) {
  at::Tensor sum = at::zeros_like(normals.narrow(0, 0, 1));
  for (size_t k = 0; k < light.keys.size(); ++k) {
    at::Tensor lobe = light::MirrorLobe(normals, light.keys[k].direction, kWidth);
    if (!visibility.empty()) lobe = lobe * visibility[k].amax(0, true);
    sum = sum + lobe * light::LuminanceOf(light.keys[k].rgb);
  }
  return sum;
}

}  // namespace

Highlights SeparateHighlights(const FrameSurface& surface, const at::Tensor& linear, const light::SceneLight& found,
                              int64_t reach_px) {
  constexpr double kPale = 0.05;  // sheen in what is seen
  constexpr double kPaler = 0.2;
  constexpr double kApart = 0.01;  // of skin and lamp: below, nothing tells them apart
  constexpr double kFarApart = 0.04;
  light::Rgb all{};
  for (size_t c = 0; c < 3; ++c) all[c] = found.keys.front().rgb[c] + found.ambient[c];
  const at::Tensor lamp = light::AsColumn(all) / light::LuminanceOf(all);
  const auto mean = [&](const at::Tensor& picture) {
    return image::BoxMean(image::BoxMean((picture * surface.known).contiguous(), reach_px), reach_px) /
           image::BoxMean(image::BoxMean(surface.known.contiguous(), reach_px), reach_px).clamp_min(kLeast);
  };
  Highlights result;
  result.head = surface.head.defined() ? surface.head * surface.known : at::zeros_like(surface.known);
  // Of the picture itself and not of the fit: half of a sky is bluer than its light as a whole.
  result.seen = mean(linear).clamp_min(kLeast);
  if (result.head.sum().item<double>() < kFewestPx) {
    result.skin = result.seen;
    result.sheen = result.share = result.bare = at::zeros_like(surface.known);
    result.albedo = surface.albedo;
    return result;
  }
  const at::Tensor own = SkinOf(surface.albedo, result.head);
  const at::Tensor skin = own * lamp / light::LuminanceOf(own * lamp);
  const TwoLayers layers = Fit(result.seen, skin, lamp);
  const at::Tensor level = light::LuminanceOf(result.seen);
  const auto above = [&](const at::Tensor& values, double from, double to) {
    const double median = MedianWhere(values, result.head);
    return Ramp(values, from * median, to * median);
  };
  const at::Tensor pale = Ramp(layers.sheen / level, kPale, kPaler);
  result.bare = above(level, 0.4, 1) * above(layers.skin, 0.45, 0.65) * result.head;
  result.share = mean(pale * above(level, 0.75, 1.15) * result.bare * Ramp(layers.apart, kApart, kFarApart));
  result.sheen = at::minimum(layers.sheen, (level - MedianWhere(level, result.head)).clamp_min(0)) * result.share;
  result.skin = (skin * (level - result.sheen)).clamp_min(kLeast);
  result.albedo = surface.albedo + (own - surface.albedo) * result.share;
  return result;
}

at::Tensor WithoutSheen(const Highlights& highlights, double share) {
  return 1 + (highlights.skin / highlights.seen - 1) * highlights.share * share;
}

// What is mirrored by a lobe stays as far as another lobe mirrors there too; what no lobe mirrors came from elsewhere.
at::Tensor SheenUnder(const Highlights& highlights, const FrameSurface& surface, const light::SceneLight& found,
                      const light::SceneLight& wanted, const std::vector<at::Tensor>& visibility) {
  constexpr double kPlaced = 0.5;     // a guessed shape puts half of it where it would not be
  constexpr double kElsewhere = 0.1;  // of the key where it mirrors straight
  const double area = std::max(1.0, highlights.head.sum().item<double>());
  const double mean = highlights.sheen.sum().item<double>() / area;
  const at::Tensor old = LobeOf(surface.normals, found, {});
  const at::Tensor now = LobeOf(surface.normals, wanted, visibility);
  const double lobe = (old * highlights.head).sum().item<double>() / area;
  light::Rgb colour = wanted.keys.empty() ? wanted.ambient : light::Rgb{};
  double brightest = 0;
  for (const light::Key& key : wanted.keys) {
    brightest = std::max(brightest, light::LuminanceOf(key.rgb));
    for (size_t c = 0; c < 3; ++c) colour[c] += key.rgb[c];
  }
  const double luminance = std::max(kLeast, light::LuminanceOf(colour));
  for (double& channel : colour) channel /= luminance;
  const double own = std::max(kLeast, light::LuminanceOf(found.keys.front().rgb));
  const double most = std::max(1.0, brightest / own);
  const double level = light::FrontalLuminance(wanted) / std::max(kLeast, light::FrontalLuminance(found));
  const at::Tensor stays = ((now + kElsewhere * own * level) / (old + kElsewhere * own)).clamp_max(most);
  const at::Tensor placed = (now - old).clamp_min(0) * (kPlaced * mean / std::max(kLeast, lobe));
  return at::maximum(highlights.sheen * stays, placed) * highlights.bare * light::AsColumn(colour);
}

}  // namespace shotfix::passes::relight
