// SPDX-License-Identifier: Apache-2.0
#include "shotfix/light/relief.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "shotfix/image/check.h"
#include "shotfix/image/resample.h"

namespace shotfix::light {
namespace {

constexpr double kSteepest = 5.0;
constexpr int kMostSteps = 600;

// The graph Laplacian of the masked pixels and their four neighbours, and conjugate gradients on it.
class MaskedPoisson {
 public:
  explicit MaskedPoisson(const at::Tensor& mask) : height_(mask.size(1)), width_(mask.size(2)) {
    const at::Tensor inside = (mask[0] > 0.5).to(at::kFloat).contiguous();
    const float* values = inside.const_data_ptr<float>();
    index_.assign(static_cast<size_t>(height_ * width_), -1);
    for (int64_t k = 0; k < height_ * width_; ++k) {
      if (values[k] == 0) continue;
      index_[static_cast<size_t>(k)] = static_cast<int64_t>(places_.size());
      places_.push_back(k);
    }
  }
  size_t size() const { return places_.size(); }
  int64_t place(size_t k) const { return places_[k]; }

  // Calls `edge(a, b, place, along_x)` for every pair of neighbours inside; b is right of a, or below.
  template <typename Edge>
  void ForEachEdge(const Edge& edge) const {
    for (size_t k = 0; k < places_.size(); ++k) {
      const int64_t place = places_[k];
      const bool last_column = place % width_ == width_ - 1;
      const int64_t right = last_column ? -1 : index_[static_cast<size_t>(place + 1)];
      const int64_t below = place + width_ < height_ * width_ ? index_[static_cast<size_t>(place + width_)] : -1;
      if (right >= 0) edge(k, static_cast<size_t>(right), place, true);
      if (below >= 0) edge(k, static_cast<size_t>(below), place, false);
    }
  }

  // How many of the four neighbours of each pixel are outside the mask. Where the picture ends nobody knows: a subject
  // that is cut off there goes on.
  std::vector<float> OpenSides() const {
    constexpr float kGoesOn = 1e-4F;  // for a subject without any edge
    std::vector<float> open(places_.size(), 4.0F + kGoesOn);
    for (size_t k = 0; k < places_.size(); ++k) {
      const int64_t x = places_[k] % width_;
      const int64_t y = places_[k] / width_;
      for (const bool border : {x == 0, x == width_ - 1, y == 0, y == height_ - 1}) open[k] -= border ? 1.0F : 0.0F;
    }
    ForEachEdge([&](size_t a, size_t b, int64_t, bool) {
      open[a] -= 1;
      open[b] -= 1;
    });
    return open;
  }

  // x with (L + diagonal) x = right.
  std::vector<float> Solve(const std::vector<float>& right, const std::vector<float>& diagonal) const {
    std::vector<float> x(size(), 0.0F), rest = right, step = right, image(size());
    double energy = Dot(rest, rest);
    const double enough = energy * 1e-8;
    for (int k = 0; k < kMostSteps && energy > enough; ++k) {
      Apply(step, diagonal, image);
      const auto length = static_cast<float>(energy / std::max(1e-30, Dot(step, image)));
      for (size_t i = 0; i < size(); ++i) x[i] += length * step[i];
      for (size_t i = 0; i < size(); ++i) rest[i] -= length * image[i];
      const double next = Dot(rest, rest);
      const auto turn = static_cast<float>(next / energy);
      for (size_t i = 0; i < size(); ++i) step[i] = rest[i] + turn * step[i];
      energy = next;
    }
    return x;
  }

  at::Tensor Picture(const std::vector<float>& values) const {
    at::Tensor picture = at::zeros({1, height_, width_});
    float* out = picture.mutable_data_ptr<float>();
    for (size_t k = 0; k < values.size(); ++k) out[places_[k]] = values[k];
    return picture;
  }

 private:
  static double Dot(const std::vector<float>& a, const std::vector<float>& b) {
    double sum = 0;
    for (size_t k = 0; k < a.size(); ++k) sum += static_cast<double>(a[k]) * static_cast<double>(b[k]);
    return sum;
  }
  void Apply(const std::vector<float>& x, const std::vector<float>& diagonal, std::vector<float>& out) const {
    for (size_t k = 0; k < x.size(); ++k) out[k] = diagonal[k] * x[k];
    ForEachEdge([&](size_t a, size_t b, int64_t, bool) {
      const float difference = x[b] - x[a];
      out[a] -= difference;
      out[b] += difference;
    });
  }

  int64_t height_;
  int64_t width_;
  std::vector<int64_t> index_;   // of each pixel among those inside, -1 outside
  std::vector<int64_t> places_;  // of each pixel inside, in the picture
};

}  // namespace

at::Tensor IntegrateNormals(const at::Tensor& normals, const at::Tensor& mask) {
  image::CheckTensor(normals, "normals", {3, mask.size(1), mask.size(2)});
  const MaskedPoisson poisson(mask);
  const at::Tensor towards = normals[2].clamp_min(1 / kSteepest);
  const at::Tensor slope_x = (-normals[0] / towards).clamp(-kSteepest, kSteepest).contiguous();
  const at::Tensor slope_y = (normals[1] / towards).clamp(-kSteepest, kSteepest).contiguous();  // rows go down
  const float* x = slope_x.const_data_ptr<float>();
  const float* y = slope_y.const_data_ptr<float>();
  const int64_t width = mask.size(2);
  std::vector<float> right(poisson.size(), 0.0F);
  poisson.ForEachEdge([&](size_t a, size_t b, int64_t place, bool along_x) {
    const float rise = along_x ? (x[place] + x[place + 1]) / 2 : (y[place] + y[place + width]) / 2;
    right[a] -= rise;
    right[b] += rise;
  });
  return poisson.Picture(poisson.Solve(right, std::vector<float>(poisson.size(), 1e-6F)));
}

at::Tensor InflateOutline(const at::Tensor& mask) {
  // Of a disc of radius r the solution of -Laplace(u) = 4 with u = 0 at the edge is r^2 - d^2: its root is the ball.
  const MaskedPoisson poisson(mask);
  return poisson.Picture(poisson.Solve(std::vector<float>(poisson.size(), 4.0F), poisson.OpenSides()))
      .clamp_min(0)
      .sqrt();
}

at::Tensor OfLengthOne(const at::Tensor& vectors) { return vectors / vectors.norm(2, {0}, true).clamp_min(1e-6); }

at::Tensor NormalsOf(const at::Tensor& heights, const at::Tensor& mask) {
  const at::Tensor padded = at::replication_pad2d(heights, {1, 1, 1, 1});
  const int64_t height = heights.size(1);
  const int64_t width = heights.size(2);
  const at::Tensor dx =
      (padded.slice(1, 1, height + 1).slice(2, 2, width + 2) - padded.slice(1, 1, height + 1).slice(2, 0, width)) / 2;
  const at::Tensor dy =
      (padded.slice(1, 2, height + 2).slice(2, 1, width + 1) - padded.slice(1, 0, height).slice(2, 1, width + 1)) / 2;
  const at::Tensor raw = at::cat({-dx, dy, at::ones_like(dx)});
  const at::Tensor flat = at::tensor({0.0F, 0.0F, 1.0F}).view({3, 1, 1}).expand_as(raw);
  return at::where(mask > 0.5, raw / raw.norm(2, {0}, true), flat).contiguous();
}

at::Tensor CastShadow(const at::Tensor& heights, const at::Tensor& mask, const Key& key) {
  constexpr int kSteps = 48;
  constexpr double kFirstPx = 1.5;
  constexpr double kDeepPx = -1e4;  // nothing outside the mask casts a shadow
  constexpr double kBiasPx = 0.8;
  constexpr int64_t kSmoothPx = 2;
  at::Tensor visible = at::ones_like(heights);
  const double across = std::hypot(key.direction[0], key.direction[1]);
  if (across < 1e-3) return visible;
  const at::Tensor inside = mask > 0.5;
  // Small relief shades by its slope already; marched over, its noise would only speckle.
  const at::Tensor cover = inside.to(at::kFloat);
  const at::Tensor smooth = image::BoxMean((heights * cover).contiguous(), kSmoothPx) /
                            image::BoxMean(cover.contiguous(), kSmoothPx).clamp_min(1e-3);
  const at::Tensor relief = at::where(inside, smooth, at::full_like(heights, kDeepPx));
  const double reach_px = 0.5 * static_cast<double>(std::max(heights.size(1), heights.size(2)));
  const double penumbra = 2 * std::tan(std::clamp(key.radius_deg, 0.5, 60.0) * std::numbers::pi / 180);
  const double growth = std::pow(reach_px / kFirstPx, 1.0 / (kSteps - 1));
  at::Tensor offset = at::empty({2, heights.size(1), heights.size(2)});
  for (double way = kFirstPx; way <= reach_px * 1.001; way *= growth) {
    offset[0].fill_(key.direction[0] / across * way);
    offset[1].fill_(-key.direction[1] / across * way);
    const at::Tensor there = image::SampleAtOffset(relief, offset, image::Filter::kBilinear);
    const at::Tensor ray = smooth + way * key.direction[2] / across;
    const at::Tensor over = (there - ray - kBiasPx) / (1 + way * penumbra);
    visible = at::minimum(visible, (0.5 - over).clamp(0, 1));
  }
  visible = at::where(inside, visible, at::ones_like(visible));
  return image::BoxMean(visible.contiguous(), kSmoothPx);
}

}  // namespace shotfix::light
