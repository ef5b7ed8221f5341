// SPDX-License-Identifier: Apache-2.0
#include "train/light_views.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "shotfix/image/resample.h"
#include "shotfix/light/lights.h"
#include "shotfix/light/relief.h"
#include "shotfix/model/light_head.h"

namespace shotfix::train {
namespace {

using Rotation = std::array<std::array<double, 3>, 3>;  // rows; of vectors with x right, y up, z to the camera

constexpr double kRadians = std::numbers::pi / 180;
constexpr double kMostTurnDeg = 30;
constexpr double kMostNodDeg = 12;
constexpr double kMostTiltDeg = 10;
constexpr int64_t kWidePx = 256;
constexpr double kBehind = -1e4;  // height of what is not the subject

Rotation Times(const Rotation& a, const Rotation& b) {
  Rotation product{};
  for (size_t i = 0; i < 3; ++i)
    for (size_t j = 0; j < 3; ++j)
      for (size_t k = 0; k < 3; ++k) product[i][j] += a[i][k] * b[k][j];
  return product;
}

Rotation DrawTurn(Rng& rng) {
  const double turn = Uniform(rng, -kMostTurnDeg, kMostTurnDeg) * kRadians;
  const double nod = Uniform(rng, -kMostNodDeg, kMostNodDeg) * kRadians;
  const double tilt = Uniform(rng, -kMostTiltDeg, kMostTiltDeg) * kRadians;
  const Rotation upright{{{std::cos(turn), 0, std::sin(turn)}, {0, 1, 0}, {-std::sin(turn), 0, std::cos(turn)}}};
  const Rotation level{{{1, 0, 0}, {0, std::cos(nod), -std::sin(nod)}, {0, std::sin(nod), std::cos(nod)}}};
  const Rotation lens{{{std::cos(tilt), -std::sin(tilt), 0}, {std::sin(tilt), std::cos(tilt), 0}, {0, 0, 1}}};
  return Times(lens, Times(level, upright));
}

at::Tensor Turned(const Rotation& turn, const at::Tensor& vectors) {
  std::vector<at::Tensor> rows;
  for (const auto& row : turn) rows.push_back(vectors[0] * row[0] + vectors[1] * row[1] + vectors[2] * row[2]);
  return at::stack(rows);
}

// Where a ray from each pixel of the turned picture meets the relief, as an offset into the straight one.
struct Hits {
  at::Tensor offset;   // [2,g,g] px, x right and y down
  at::Tensor heights;  // [1,g,g] of the turned relief
  at::Tensor hit;      // [1,g,g]
  at::Tensor known;    // [1,g,g]: not on the curtain that hangs from an edge
};

// heights: kBehind beside the subject, around 0 on it. Marches from the camera inwards.
Hits March(const Rotation& turn, const at::Tensor& heights) {
  constexpr int kSteps = 40;
  const int64_t side = heights.size(1);
  const double middle = static_cast<double>(side - 1) / 2;
  const double reach = 0.75 * static_cast<double>(side);
  const at::Tensor x = (at::arange(side, at::kFloat) - middle).view({1, 1, side}).expand({1, side, side});
  const at::Tensor y = (middle - at::arange(side, at::kFloat)).view({1, side, 1}).expand({1, side, side});
  // Back into the straight picture: the transpose.
  const auto back = [&](size_t axis, const at::Tensor& z) {
    return x * turn[0][axis] + y * turn[1][axis] + z * turn[2][axis];
  };
  const auto offset_at = [&](const at::Tensor& z) { return at::cat({back(0, z) - x, y - back(1, z)}).contiguous(); };
  const auto gap_at = [&](const at::Tensor& z) {
    return image::SampleAtOffset(heights, offset_at(z), image::Filter::kBilinear) - back(2, z);
  };
  const double step = 2 * reach / kSteps;
  Hits hits;
  hits.hit = at::zeros_like(heights);
  at::Tensor place = at::zeros_like(heights);
  at::Tensor gap = at::zeros_like(heights);
  at::Tensor before = gap_at(at::full_like(heights, reach));
  for (int k = 1; k <= kSteps; ++k) {
    const at::Tensor z = at::full_like(heights, reach - k * step);
    const at::Tensor now = gap_at(z);
    const at::Tensor first = (now >= 0).logical_and(hits.hit < 0.5);
    const at::Tensor share = now / (now - before).clamp_min(1e-4);
    place = at::where(first, z + share.clamp(0, 1) * step, place);
    gap = at::where(first, (now - before).abs(), gap);
    hits.hit = at::where(first, at::ones_like(hits.hit), hits.hit);
    before = now;
  }
  constexpr double kSteep = 4;  // of steps: a surface that rises by more is none
  hits.known = hits.hit * (gap < kSteep * step).to(at::kFloat);
  hits.offset = offset_at(place);
  hits.heights = place * hits.hit;
  return hits;
}

light::SceneLight DrawLight(Rng& rng) {
  const auto key = [&](double level) {
    light::Key one;
    one.direction = light::DirectionOf({Uniform(rng, -105, 105), Uniform(rng, -25, 70)});
    one.radius_deg = Uniform(rng, 3, 30);
    const double warm = Uniform(rng, -0.5, 0.5);
    one.rgb = {level * std::exp2(warm / 2), level, level * std::exp2(-warm)};
    return one;
  };
  light::SceneLight light;
  light.keys.push_back(key(1));
  if (Uniform(rng, 0, 1) < 0.3) light.keys.push_back(key(Uniform(rng, 0.1, 0.7)));
  const double ambient = 0.04 * std::exp2(Uniform(rng, 0, 4));
  for (double& channel : light.ambient) channel = ambient * std::exp2(Uniform(rng, -0.15, 0.15));
  return light;
}

// Wider than what is shown, for what a turn brings in.
model::LightGrid DrawGrid(Rng& rng, const at::Tensor& mask) {
  constexpr double kZoomStops = 0.25;
  constexpr double kAside = 0.06;
  const model::LightGrid shown = Uniform(rng, 0, 1) < 0.5 ? model::GridAround(mask) : model::GridAroundHead(mask);
  const double side = static_cast<double>(shown.side) * std::exp2(Uniform(rng, -kZoomStops, kZoomStops));
  const auto middle = [&](int64_t begin) {
    return static_cast<double>(begin) + static_cast<double>(shown.side) / 2 + side * Uniform(rng, -kAside, kAside);
  };
  model::LightGrid wide;
  wide.side = std::llround(side * static_cast<double>(kWidePx) / static_cast<double>(model::kLightGridPx));
  wide.x = std::llround(middle(shown.x)) - wide.side / 2;
  wide.y = std::llround(middle(shown.y)) - wide.side / 2;
  return wide;
}

}  // namespace

LightView DrawView(Rng& rng, const LightLesson& lesson) {
  const model::LightGrid grid = DrawGrid(rng, lesson.mask);
  const double scale = static_cast<double>(kWidePx) / static_cast<double>(grid.side);
  const auto on_grid = [&](const at::Tensor& picture) { return model::ToGrid(grid, picture, kWidePx); };
  const Rotation turn = DrawTurn(rng);
  const at::Tensor mask = (on_grid(lesson.mask) > 0.5).to(at::kFloat);
  const at::Tensor heights = on_grid(lesson.heights) * scale;
  const double mean = (heights * mask).sum().item<double>() / std::max(1.0, mask.sum().item<double>());
  const Hits hits = March(turn, at::where(mask > 0.5, heights - mean, at::full_like(heights, kBehind)));
  const bool mirror = Uniform(rng, 0, 1) < 0.5;
  const auto framed = [&](const at::Tensor& picture) {
    constexpr int64_t kBorder = (kWidePx - model::kLightGridPx) / 2;
    const at::Tensor inner = picture.narrow(1, kBorder, model::kLightGridPx).narrow(2, kBorder, model::kLightGridPx);
    return (mirror ? inner.flip(2) : inner).contiguous();
  };
  const auto seen = [&](const at::Tensor& picture) {
    return framed(image::SampleAtOffset(picture, hits.offset, image::Filter::kBilinear) * hits.hit);
  };
  LightView view;
  const at::Tensor straight = image::SampleAtOffset(on_grid(lesson.normals), hits.offset, image::Filter::kBilinear);
  view.normals = light::OfLengthOne(framed(Turned(turn, straight) * hits.hit));
  if (mirror) view.normals = at::cat({-view.normals.narrow(0, 0, 1), view.normals.narrow(0, 1, 2)}).contiguous();
  view.albedo = seen(on_grid(lesson.albedo));
  view.heights = framed(hits.heights);
  view.mask = framed(hits.hit);
  view.known = framed(hits.known);
  view.outline = model::OutlineOnGrid(view.mask);
  for (const at::Tensor& picture : lesson.pictures) view.pictures.push_back(seen(on_grid(picture)));
  return view;
}

at::Tensor DrawPicture(Rng& rng, const LightView& view) {
  constexpr double kOwnShare = 0.3;
  constexpr double kNoise = 0.006;
  at::Tensor picture;
  if (!view.pictures.empty() && Uniform(rng, 0, 1) < kOwnShare) {
    picture = view.pictures[static_cast<size_t>(UniformInt(rng, 0, static_cast<int64_t>(view.pictures.size())))];
  } else {
    const light::SceneLight light = DrawLight(rng);
    std::vector<at::Tensor> shadows;
    for (const light::Key& key : light.keys) shadows.push_back(light::CastShadow(view.heights, view.mask, key));
    picture = view.albedo * light::Shade(view.normals, light, shadows);
    const double sheen = Uniform(rng, 0, 0.12);
    const double width = Uniform(rng, 8, 40);
    for (size_t k = 0; k < light.keys.size(); ++k)
      picture = picture + light::MirrorLobe(view.normals, light.keys[k].direction, width) *
                              light::AsColumn(light.keys[k].rgb) * shadows[k] * sheen;
  }
  // As a camera sees it: the brightest clips sometimes.
  const double level = Uniform(rng, 0.3, 1.3) / std::max(1e-4, picture.quantile(0.98).item<double>());
  picture = (picture * level).clamp(0, 1);
  return ((picture + GaussianNoise(rng, picture, kNoise) * (0.2 + picture)).clamp_min(0) * view.mask).contiguous();
}

}  // namespace shotfix::train
