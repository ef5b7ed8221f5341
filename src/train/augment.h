// SPDX-License-Identifier: Apache-2.0
// Random changes of crops. Everything is a function of its inputs and the generator: same seed, same crops.
#pragma once

#include <ATen/ATen.h>

#include <random>

namespace shotfix::train {

using Rng = std::mt19937_64;

// [low, high); the same on every standard library, unlike std::uniform_real_distribution.
double Uniform(Rng& rng, double low, double high);
int64_t UniformInt(Rng& rng, int64_t low, int64_t high_exclusive);

// Exposure, colour balance and contrast of a perceptual picture; the same draw for several pictures keeps them alike.
struct ColourJitter {
  double gain[3] = {1, 1, 1};
  double lift = 0;
};
ColourJitter DrawJitter(Rng& rng, double strength);
at::Tensor Apply(const ColourJitter& jitter, const at::Tensor& picture);

at::Tensor GaussianNoise(Rng& rng, const at::Tensor& like, double sigma);
// Low-frequency noise in [0,1], [1,h,w].
at::Tensor SmoothField(Rng& rng, int64_t height, int64_t width, int64_t cells, const at::Tensor& like);
// A matte as flow propagation would deliver it: displaced, softened, partly wrong; with a trust map.
struct DegradedMatte {
  at::Tensor matte;
  at::Tensor trust;
};
DegradedMatte DegradeMatte(Rng& rng, const at::Tensor& matte);

// Samples [C,H,W] into [C,size,size] around a centre, rotated, scaled, mirrored; zeros outside. A last channel of ones
// that goes along tells where the picture ended.
struct Placement {
  double centre_x = 0;
  double centre_y = 0;
  double angle_rad = 0;
  double scale = 1;
  bool mirror = false;
};
at::Tensor Place(const at::Tensor& picture, const Placement& placement, int64_t size);

}  // namespace shotfix::train
