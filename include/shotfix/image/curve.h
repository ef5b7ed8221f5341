// SPDX-License-Identifier: Apache-2.0
// Transfer curves as tables, for pictures.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "shotfix/image/colour.h"

namespace shotfix::image {

// Note [Curve tables]: code to light is looked up over [-0.25, 1.25] in even steps of 2^-15; light to code over
// +-[2^-40, 2^16] in 256 steps an octave, found from the bits of the float, because logs and PQ are steepest at black.
// Both interpolate linearly and are within 4e-6 of the curve in code. Beyond the tables the last step goes on straight.
class Curve {
 public:
  enum class Direction { kLinearFromCode, kCodeFromLinear };
  // Baked once for the process. Any thread.
  static const Curve& Get(Transfer transfer, Direction direction);
  float operator()(float x) const;
  // A row of them in place.
  void Apply(float* values, int64_t count) const;
  // A tensor of any shape, float32, on any device; the same values as operator() on the CPU.
  at::Tensor Apply(const at::Tensor& picture) const;
  // What Apply does where the device is no CPU, as tensor operations; on the CPU it is the slow twin of the loop.
  at::Tensor ApplyByTensorOps(const at::Tensor& picture) const;
  bool identity() const { return table_.empty(); }

 private:
  Curve(Transfer transfer, Direction direction);
  float Position(float x) const;
  Direction direction_;
  std::vector<float> table_;  // empty for linear
};

}  // namespace shotfix::image
