// SPDX-License-Identifier: Apache-2.0
#include "train/augment.h"

#include <cmath>

#include "shotfix/image/resample.h"

namespace shotfix::train {

double Uniform(Rng& rng, double low, double high) {
  return low + (high - low) * (static_cast<double>(rng() >> 11) * 0x1.0p-53);
}

int64_t UniformInt(Rng& rng, int64_t low, int64_t high_exclusive) {
  return std::min(high_exclusive - 1,
                  low + static_cast<int64_t>(Uniform(rng, 0, 1) * static_cast<double>(high_exclusive - low)));
}

ColourJitter DrawJitter(Rng& rng, double strength) {
  ColourJitter jitter;
  const double exposure = Uniform(rng, -strength, strength);
  for (double& gain : jitter.gain) gain = 1 + exposure + Uniform(rng, -0.3, 0.3) * strength;
  jitter.lift = Uniform(rng, -0.2, 0.2) * strength;
  return jitter;
}

at::Tensor Apply(const ColourJitter& jitter, const at::Tensor& picture) {
  const at::Tensor gain =
      at::tensor({jitter.gain[0], jitter.gain[1], jitter.gain[2]}, picture.options()).view({3, 1, 1});
  return picture * gain + jitter.lift;
}

at::Tensor GaussianNoise(Rng& rng, const at::Tensor& like, double sigma) {
  at::Generator generator = at::globalContext().defaultGenerator(at::kCPU).clone();
  generator.set_current_seed(rng());
  return (at::randn(like.sizes(), generator, at::TensorOptions(at::kFloat)) * sigma).to(like.device());
}

at::Tensor SmoothField(Rng& rng, int64_t height, int64_t width, int64_t cells, const at::Tensor& like) {
  at::Generator generator = at::globalContext().defaultGenerator(at::kCPU).clone();
  generator.set_current_seed(rng());
  const at::Tensor coarse = at::rand({1, cells, cells}, generator, at::TensorOptions(at::kFloat)).to(like.device());
  return image::Resize(coarse, height, width);
}

DegradedMatte DegradeMatte(Rng& rng, const at::Tensor& matte) {
  const int64_t height = matte.size(1);
  const int64_t width = matte.size(2);
  // From nearly exact to eight pixels off, each size as likely; trust says how far off, as round trips of flow would.
  const double amplitude = std::exp(Uniform(rng, std::log(0.15), std::log(8.0)));
  const int64_t cells = UniformInt(rng, 3, 9);
  const at::Tensor x = (SmoothField(rng, height, width, cells, matte) - 0.5) * (2 * amplitude);
  const at::Tensor y = (SmoothField(rng, height, width, cells, matte) - 0.5) * (2 * amplitude);
  at::Tensor moved = image::SampleAtOffset(matte, at::cat({x, y}), image::Filter::kBilinear);
  const double softness_px = Uniform(rng, 0, 1.5);
  if (softness_px > 0.5) moved = image::GaussianBlur(moved, softness_px);
  // Patches that flow lost: matte from elsewhere, and trust that says so more or less.
  const int64_t patch_cells = UniformInt(rng, 4, 10);
  const double patch_level = Uniform(rng, 0.65, 1.0);
  const at::Tensor field = SmoothField(rng, height, width, patch_cells, matte);
  const at::Tensor patches = (field - patch_level).clamp(0, 0.1) * 10;
  const double jump_px = Uniform(rng, -24, 24);
  const at::Tensor wrong = image::SampleAtOffset(matte, at::cat({x, y}) * 3 + jump_px, image::Filter::kBilinear);
  const double confessed = Uniform(rng, 0.5, 1);
  const double age = std::pow(0.985, Uniform(rng, 0, 40));
  const at::Tensor trust = at::exp((x.square() + y.square()) * -0.125) * (1 - patches * confessed) * age;
  return {moved * (1 - patches) + wrong * patches, trust.clamp(0, 1)};
}

at::Tensor Place(const at::Tensor& picture, const Placement& placement, int64_t size) {
  const double cosine = std::cos(placement.angle_rad) / placement.scale;
  const double sine = std::sin(placement.angle_rad) / placement.scale;
  const double flip = placement.mirror ? -1 : 1;
  const at::Tensor step = at::arange(size, picture.options()) - static_cast<double>(size - 1) / 2;
  const at::Tensor u = step.view({1, size}) * flip;
  const at::Tensor v = step.view({size, 1});
  const at::Tensor x = u * cosine - v * sine + placement.centre_x;
  const at::Tensor y = u * sine + v * cosine + placement.centre_y;
  const at::Tensor grid = at::stack({(x + 0.5) * (2.0 / static_cast<double>(picture.size(2))) - 1,
                                     (y + 0.5) * (2.0 / static_cast<double>(picture.size(1))) - 1},
                                    -1);
  constexpr int64_t kBilinear = 0;
  constexpr int64_t kZeros = 0;
  return at::grid_sampler_2d(picture.unsqueeze(0), grid.unsqueeze(0), kBilinear, kZeros, false).squeeze(0);
}

}  // namespace shotfix::train
