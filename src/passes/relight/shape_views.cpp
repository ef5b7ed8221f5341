// SPDX-License-Identifier: Apache-2.0
#include "passes/relight/shape_views.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
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

// A frame as it is laid over the guess.
struct LaidOver {
  at::Tensor linear;        // [3,h,w]
  at::Tensor known;         // [1,h,w] where it is seen
  light::SceneLight light;  // one key, as it stands for the guess
};

// So many times as bright is what is seen as the guess would be under that light, by the median. Nothing where the
// light reaches too little of it.
std::optional<double> StrengthBeside(const at::Tensor& shading, const at::Tensor& where, const at::Tensor& expected,
                                     double seen) {
  const at::Tensor off = (shading.clamp_min(1e-4) / expected.clamp_min(1e-4))
                             .log()
                             .masked_select((where > 0.5).logical_and(expected > 0.2));
  constexpr double kLeast = 0.1;  // of what is seen
  if (static_cast<double>(off.numel()) < std::max(1.0, kLeast * seen)) return std::nullopt;
  return std::exp(off.median().item<double>());
}

light::ShadingView ViewOf(const GuessedShape& guess, const LaidOver& frame) {
  const light::Key& lamp = frame.light.keys.front();
  const at::Tensor full = light::LuminanceOf(guess.albedo * light::AsColumn(lamp.rgb)).clamp_min(1e-4);
  light::ShadingView view;
  view.key = lamp.direction;
  view.ambient = light::LuminanceOf(frame.light.ambient) / light::LuminanceOf(lamp.rgb);
  view.shading = Calm(light::LuminanceOf(frame.linear) / full, frame.known);
  view.weight = frame.known * light::CastShadow(guess.surface.heights, guess.surface.mask, lamp) *
                (1 - Calm(Saturated(frame.linear), frame.known));
  return view;
}

light::ShadingView WithoutGlare(light::ShadingView view) {
  constexpr double kGlaring = 1.3;  // times all of the light: a highlight, or not that material
  view.weight = view.weight * (view.shading < kGlaring * (1 + view.ambient));
  return view;
}

// A view whose light is in units of another albedo: brought to this one's by the guess itself.
std::optional<light::ShadingView> BroughtTo(const GuessedShape& guess, const LaidOver& frame) {
  light::ShadingView view = ViewOf(guess, frame);
  const light::SceneLight one{{{view.key}}, {view.ambient, view.ambient, view.ambient}};
  const at::Tensor expected = light::Shade(guess.surface.normals, one, {}).slice(0, 0, 1);
  const std::optional<double> strength =
      StrengthBeside(view.shading, view.weight, expected, frame.known.sum().item<double>());
  if (!strength) return std::nullopt;
  view.shading = view.shading / *strength;
  return WithoutGlare(std::move(view));
}

light::SceneLight From(light::SceneLight light, const light::Vector& direction) {
  light.keys.front().direction = direction;
  return light;
}

// The guess as it was found in a frame, and that frame laid back over the guess: undefined where they are not alike.
struct Found {
  FrameSurface seen;
  at::Tensor linear, known;
};

Found FindIn(const Sample& frame, const GuessedShape& guess, const at::Tensor& contrast) {
  Found found;
  found.seen = SurfaceCarried(guess.surface, contrast, frame);
  if (found.seen.likeness < kLeastLikeness) return found;
  const std::unique_ptr<temporal::FlowEstimator> flow = temporal::MakeDisFlow();
  const at::Tensor there = (frame.matte > 0.5).to(at::kFloat);
  const light::Registration back =
      light::RegisterTake(*flow, contrast, guess.surface.mask, light::LocalContrast(frame.linear, there), there);
  found.linear = image::SampleAtOffset(frame.linear, back.take_from_frame, image::Filter::kBilinear);
  found.known = back.known;
  return found;
}

}  // namespace

std::vector<light::ShadingView> ViewsOf(const GuessedShape& guess, const std::vector<const Sample*>& others,
                                        const light::SceneLight& light) {
  SHOTFIX_CHECK(light.keys.size() == 1);
  const light::TakeSurface& surface = guess.surface;
  std::vector<light::ShadingView> views = {WithoutGlare(ViewOf(guess, {guess.sample.linear, surface.mask, light}))};
  if (!surface.head.defined()) return views;
  for (const Sample* other : others) {
    const Found found = FindIn(*other, guess, guess.contrast);
    const std::optional<light::Vector> direction = TurnedBack(light.keys.front().direction, found.seen);
    if (!found.linear.defined() || !direction) continue;
    views.push_back(WithoutGlare(ViewOf(guess, {found.linear, found.known * surface.head, From(light, *direction)})));
  }
  return views;
}

OtherViews ViewsIn(const OtherTake& take, const GuessedShape& guess, const light::SceneLight& light) {
  SHOTFIX_CHECK(take.light.keys.size() == 1);
  const light::TakeSurface& surface = guess.surface;
  // As the guess would look in that light: pictures under two lights are found in each other badly.
  constexpr double kDarkest = 0.1;
  const auto under = [&](const light::SceneLight& one) { return light::Shade(surface.normals, one, {}); };
  const at::Tensor relit = guess.sample.linear * under(take.light) / under(light).clamp_min(kDarkest);
  const at::Tensor contrast = light::LocalContrast(relit, surface.mask);
  OtherViews other;
  for (const OtherTake::Picture& picture : take.pictures) {
    const Found found = FindIn({0, picture.linear, picture.matte}, guess, contrast);
    other.likeness = std::max(other.likeness, found.seen.likeness);
    if (!found.linear.defined()) continue;
    const at::Tensor head = surface.head.defined() ? surface.head : at::zeros_like(surface.mask);
    const auto add = [&](const at::Tensor& part, const light::Vector& direction) {
      const LaidOver over{found.linear, found.known * part, From(take.light, direction)};
      if (std::optional<light::ShadingView> view = BroughtTo(guess, over)) other.views.push_back(*view);
    };
    const light::Vector& key = take.light.keys.front().direction;
    add(1 - head, key);
    if (!surface.head.defined()) continue;
    if (const std::optional<light::Vector> turned = TurnedBack(key, found.seen)) add(head, *turned);
  }
  return other;
}

light::NormalSpread SpreadOf(const light::TakeSurface& guess) {
  constexpr double kOutlineDeg = 20, kFaceDeg = 10;
  constexpr double kMaterials = 0.3, kFeatures = 1;
  const at::Tensor head = guess.head.defined() ? guess.head : at::zeros_like(guess.mask);
  return {head * (kFaceDeg - kOutlineDeg) + kOutlineDeg, head * (kFeatures - kMaterials) + kMaterials};
}

}  // namespace shotfix::passes::relight
