// SPDX-License-Identifier: Apache-2.0
#include "passes/relight/surface.h"

#include <ATen/ATen.h>

#include "shotfix/image/resample.h"
#include "shotfix/light/relief.h"
#include "shotfix/temporal/flow.h"

namespace shotfix::passes::relight {
namespace {

constexpr int64_t kReliefShrink = 2;  // shadows need no more

// Heights at the size of `mask`, integrated at a smaller one.
at::Tensor HeightsOf(const at::Tensor& normals, const at::Tensor& mask) {
  const int64_t height = mask.size(1) / kReliefShrink;
  const int64_t width = mask.size(2) / kReliefShrink;
  const at::Tensor small = image::Resize(normals, height, width);
  const at::Tensor heights = light::IntegrateNormals(small, image::Resize(mask, height, width));
  return image::Resize(heights, mask.size(1), mask.size(2)) * static_cast<double>(kReliefShrink);
}

}  // namespace

FrameSurface SurfaceFromTake(const light::LightTake& take, const at::Tensor& contrast, const at::Tensor& linear,
                             const at::Tensor& matte) {
  const std::unique_ptr<temporal::FlowEstimator> flow = temporal::MakeDisFlow();
  const at::Tensor mask = (matte > 0.5).to(at::kFloat);
  const light::Registration registration =
      light::RegisterTake(*flow, light::LocalContrast(linear, mask), mask, contrast, take.surface.mask);
  const light::SeenSurface seen = light::SeeSurface(take.surface, registration);
  FrameSurface surface;
  surface.normals = seen.normals;
  surface.albedo = seen.albedo;
  surface.known = registration.known;
  surface.likeness = registration.likeness;
  surface.heights = HeightsOf(seen.normals, registration.known);
  return surface;
}

FrameSurface SurfaceFromOutline(const at::Tensor& matte) {
  FrameSurface surface;
  surface.known = (matte > 0.5).to(at::kFloat);
  surface.heights = light::InflateOutline(surface.known);
  surface.normals = light::NormalsOf(surface.heights, surface.known);
  return surface;
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
