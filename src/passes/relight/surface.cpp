// SPDX-License-Identifier: Apache-2.0
#include "passes/relight/surface.h"

#include <ATen/ATen.h>

#include "shotfix/image/resample.h"
#include "shotfix/light/relief.h"
#include "shotfix/temporal/flow.h"

namespace shotfix::passes::relight {
namespace {

constexpr int64_t kReliefShrink = 2;  // shadows need no more

}  // namespace

// Integrated at a smaller size.
at::Tensor HeightsOf(const at::Tensor& normals, const at::Tensor& mask) {
  const int64_t height = mask.size(1) / kReliefShrink;
  const int64_t width = mask.size(2) / kReliefShrink;
  const at::Tensor small = image::Resize(normals, height, width);
  const at::Tensor heights = light::IntegrateNormals(small, image::Resize(mask, height, width));
  return image::Resize(heights, mask.size(1), mask.size(2)) * static_cast<double>(kReliefShrink);
}

FrameSurface SurfaceCarried(const light::TakeSurface& known, const at::Tensor& contrast, const Sample& sample) {
  const std::unique_ptr<temporal::FlowEstimator> flow = temporal::MakeDisFlow();
  const at::Tensor mask = (sample.matte > 0.5).to(at::kFloat);
  const light::Registration registration =
      light::RegisterTake(*flow, light::LocalContrast(sample.linear, mask), mask, contrast, known.mask);
  const light::SeenSurface seen = light::SeeSurface(known, registration);
  FrameSurface surface;
  surface.normals = seen.normals;
  surface.normals_before = seen.normals_before;
  surface.albedo = seen.albedo;
  surface.head = seen.head;
  surface.known = registration.known;
  surface.likeness = registration.likeness;
  return surface;
}

FrameSurface SurfaceFromTake(const light::LightTake& take, const at::Tensor& contrast, const Sample& sample) {
  FrameSurface surface = SurfaceCarried(take.surface, contrast, sample);
  surface.heights = HeightsOf(surface.normals, surface.known);
  return surface;
}

FrameSurface SurfaceFromOutline(const at::Tensor& matte, const std::optional<light::FacePlace>& face) {
  FrameSurface surface;
  surface.known = (matte > 0.5).to(at::kFloat);
  const at::Tensor small = image::Resize(surface.known, matte.size(1) / kReliefShrink, matte.size(2) / kReliefShrink);
  surface.heights =
      image::Resize(light::InflateOutline(small), matte.size(1), matte.size(2)) * static_cast<double>(kReliefShrink);
  surface.normals = light::NormalsOf(surface.heights, surface.known);
  if (!face) return surface;
  const light::FaceRelief relief = light::MeanFaceAt(*face, matte.size(1), matte.size(2));
  surface.head = relief.holds * surface.known;
  surface.normals = light::OfLengthOne(surface.normals * (1 - surface.head) + relief.normals * surface.head);
  surface.heights = HeightsOf(surface.normals, surface.known);
  return surface;
}

FrameSurface SurfaceLearned(const model::LightHead& head, FrameSurface guess, const Sample& sample) {
  constexpr double kSureDeg = 25;  // as the head sees it
  constexpr double kLostDeg = 50;
  if (!(guess.known > 0.5).any().item<bool>()) return guess;
  const model::LearnedShape learned = head.Shape(sample.linear, guess.known);
  const at::Tensor sure = ((kLostDeg - learned.spread_deg) / (kLostDeg - kSureDeg)).clamp(0, 1) * guess.known;
  guess.normals = light::OfLengthOne(learned.normals * sure + guess.normals * (1 - sure));
  guess.heights = HeightsOf(guess.normals, guess.known);
  return guess;
}

light::ShadedPicture ShadedBy(const FrameSurface& surface, const at::Tensor& linear, light::Vector direction) {
  light::Key key;
  key.direction = direction;
  const at::Tensor visible = light::CastShadow(surface.heights, surface.known, key);
  return {linear, surface.known, light::Shade(surface.normals, {{key}, {0, 0, 0}}, {visible}).slice(0, 0, 1)};
}

at::Tensor ContrastUnder(const light::LightTake& take, const light::SceneLight& light) {
  const at::Tensor picture = take.surface.albedo * light::Shade(take.surface.normals, light, {});
  return light::LocalContrast(picture, take.surface.mask);
}

}  // namespace shotfix::passes::relight
