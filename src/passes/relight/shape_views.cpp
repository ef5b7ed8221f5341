// SPDX-License-Identifier: Apache-2.0
#include "passes/relight/shape_views.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "shotfix/image/resample.h"
#include "shotfix/light/registration.h"
#include "shotfix/light/relief.h"
#include "shotfix/temporal/flow.h"

namespace shotfix::passes::relight {
namespace {

constexpr double kFineReach = 0.004;     // of the long side: finer is the actor's own detail
constexpr double kLeastLikeness = 0.5;   // of a frame and the guess
constexpr double kDarkestAlbedo = 1e-3;  // of the light

at::Tensor Calm(const at::Tensor& picture, const at::Tensor& mask) {
  const double sigma = kFineReach * static_cast<double>(std::max(mask.size(1), mask.size(2)));
  return image::GaussianBlur(picture * mask, sigma) / image::GaussianBlur(mask, sigma).clamp_min(1e-3);
}

// Where the key stands for a head that has not turned, `seen` being one that has: the rotation of its normals that is
// nearest (Kabsch 1976), undone.
light::Vector TurnedBack(const light::Vector& key, const FrameSurface& seen) {
  const at::Tensor weight = (seen.head * seen.known > 0.99).to(at::kDouble).flatten(1);
  const at::Tensor before = seen.normals_before.to(at::kDouble).flatten(1) * weight;
  const at::Tensor now = seen.normals.to(at::kDouble).flatten(1);
  // Row by row: the sums of a matrix product hang on the number of threads.
  const at::Tensor moments = (before.unsqueeze(1) * now.unsqueeze(0)).sum(2);
  const auto [left, strengths, right] = at::linalg_svd(moments);
  const at::Tensor turned = left.mm(right).mv(at::tensor({key[0], key[1], key[2]}, at::kDouble));
  return {turned[0].item<double>(), turned[1].item<double>(), turned[2].item<double>()};
}

}  // namespace

std::vector<light::ShadingView> ViewsOf(const GuessedShape& guess, const std::vector<const Sample*>& others,
                                        const light::SceneLight& light) {
  const light::TakeSurface& known = guess.surface;
  light::Key lamp = light.keys.front();
  const double strength = light::LuminanceOf(lamp.rgb);
  const double ambient = light::LuminanceOf(light.ambient) / strength;
  const at::Tensor full = light::LuminanceOf(guess.albedo).clamp_min(kDarkestAlbedo) * strength;
  const auto shading = [&](const at::Tensor& linear) { return Calm(light::LuminanceOf(linear) / full, known.mask); };
  std::vector<light::ShadingView> views = {{shading(guess.sample.linear),
                                            known.mask * light::CastShadow(known.heights, known.mask, lamp),
                                            lamp.direction, ambient}};
  if (!known.head.defined()) return views;
  const std::unique_ptr<temporal::FlowEstimator> flow = temporal::MakeDisFlow();
  for (const Sample* other : others) {
    const FrameSurface seen = SurfaceCarried(known, guess.contrast, *other);
    if (seen.likeness < kLeastLikeness) continue;
    lamp.direction = TurnedBack(light.keys.front().direction, seen);
    const at::Tensor there = (other->matte > 0.5).to(at::kFloat);
    const light::Registration back =
        light::RegisterTake(*flow, guess.contrast, known.mask, light::LocalContrast(other->linear, there), there);
    const at::Tensor carried = image::SampleAtOffset(other->linear, back.take_from_frame, image::Filter::kBilinear);
    views.push_back({shading(carried), back.known * known.head * light::CastShadow(known.heights, known.mask, lamp),
                     lamp.direction, ambient});
  }
  return views;
}

light::NormalSpread SpreadOf(const light::TakeSurface& guess) {
  constexpr double kOutlineDeg = 20, kFaceDeg = 10;
  constexpr double kMaterials = 0.3, kFeatures = 1;
  const at::Tensor head = guess.head.defined() ? guess.head : at::zeros_like(guess.mask);
  return {head * (kFaceDeg - kOutlineDeg) + kOutlineDeg, head * (kFeatures - kMaterials) + kMaterials};
}

}  // namespace shotfix::passes::relight
