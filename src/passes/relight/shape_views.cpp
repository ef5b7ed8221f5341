// SPDX-License-Identifier: Apache-2.0
#include "passes/relight/shape_views.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

#include "passes/relight/gain.h"
#include "shotfix/core/error.h"
#include "shotfix/image/resample.h"
#include "shotfix/light/registration.h"
#include "shotfix/light/relief.h"
#include "shotfix/temporal/flow.h"

namespace shotfix::passes::relight {
namespace {

constexpr double kFineReach = 0.004;    // of the long side: finer is the actor's own detail
constexpr double kLeastLikeness = 0.5;  // of a frame and the guess
constexpr int64_t kFewestHeadPx = 200;  // that are seen again

at::Tensor Calm(const at::Tensor& picture, const at::Tensor& known) {
  const double sigma = kFineReach * static_cast<double>(std::max(known.size(1), known.size(2)));
  return image::GaussianBlur(picture * known, sigma) / image::GaussianBlur(known, sigma).clamp_min(1e-3);
}

// Where the key stands for a head that has not turned, `seen` being one that has: the rotation of its normals that is
// nearest (Kabsch 1976), undone. Nothing where too little of it is seen.
std::optional<light::Vector> TurnedBack(const light::Vector& key, const FrameSurface& seen) {
  const at::Tensor weight = (seen.head * seen.known > 0.99).to(at::kDouble).flatten(1);
  if (weight.sum().item<int64_t>() < kFewestHeadPx) return std::nullopt;
  const at::Tensor before = seen.normals_before.to(at::kDouble).flatten(1) * weight;
  const at::Tensor now = seen.normals.to(at::kDouble).flatten(1);
  // Row by row: the sums of a matrix product hang on the number of threads.
  const at::Tensor moments = (before.unsqueeze(1) * now.unsqueeze(0)).sum(2);
  auto [left, strengths, right] = at::linalg_svd(moments);
  // Of normals that hardly differ a mirror image would do as well.
  const double handed = (at::linalg_det(left) * at::linalg_det(right)).item<double>();
  left = left * at::tensor({1.0, 1.0, handed < 0 ? -1.0 : 1.0}, at::kDouble);
  const at::Tensor turned = left.mm(right).mv(at::tensor({key[0], key[1], key[2]}, at::kDouble));
  return light::Vector{turned[0].item<double>(), turned[1].item<double>(), turned[2].item<double>()};
}

// How one frame shows the guess, on its pixels. known: [1,h,w] where it is seen.
light::ShadingView ViewOf(const GuessedShape& guess, const light::SceneLight& light, const at::Tensor& linear,
                          const at::Tensor& known, const light::Vector& direction) {
  constexpr double kGlaring = 1.3;  // times all of the light: a highlight, or not that material
  light::Key lamp = light.keys.front();
  const at::Tensor full = light::LuminanceOf(guess.albedo * light::AsColumn(lamp.rgb)).clamp_min(1e-4);
  lamp.direction = direction;
  light::ShadingView view;
  view.key = direction;
  view.ambient = light::LuminanceOf(light.ambient) / light::LuminanceOf(lamp.rgb);
  view.shading = Calm(light::LuminanceOf(linear) / full, known);
  view.weight = known * light::CastShadow(guess.surface.heights, guess.surface.mask, lamp) *
                (1 - Calm(Saturated(linear), known)) * (view.shading < kGlaring * (1 + view.ambient));
  return view;
}

}  // namespace

std::vector<light::ShadingView> ViewsOf(const GuessedShape& guess, const std::vector<const Sample*>& others,
                                        const light::SceneLight& light) {
  SHOTFIX_CHECK(light.keys.size() == 1);
  const light::TakeSurface& surface = guess.surface;
  const light::Vector& key = light.keys.front().direction;
  std::vector<light::ShadingView> views = {ViewOf(guess, light, guess.sample.linear, surface.mask, key)};
  if (!surface.head.defined()) return views;
  const std::unique_ptr<temporal::FlowEstimator> flow = temporal::MakeDisFlow();
  for (const Sample* other : others) {
    const FrameSurface seen = SurfaceCarried(surface, guess.contrast, *other);
    const std::optional<light::Vector> direction = TurnedBack(key, seen);
    if (seen.likeness < kLeastLikeness || !direction) continue;
    const at::Tensor there = (other->matte > 0.5).to(at::kFloat);
    const light::Registration back =
        light::RegisterTake(*flow, guess.contrast, surface.mask, light::LocalContrast(other->linear, there), there);
    const at::Tensor carried = image::SampleAtOffset(other->linear, back.take_from_frame, image::Filter::kBilinear);
    views.push_back(ViewOf(guess, light, carried, back.known * surface.head, *direction));
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
