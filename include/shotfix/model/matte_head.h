// SPDX-License-Identifier: Apache-2.0
// The matte head in use: from a picture, a plate and a propagated prior to a matte.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <memory>

#include "shotfix/model/mini_model.h"
#include "shotfix/temporal/clean_plate.h"
#include "shotfix/temporal/propagate.h"

namespace shotfix::model {

inline constexpr int64_t kMatteInputChannels = 12;
inline constexpr int64_t kPriorMatteChannel = 10;
inline constexpr int64_t kPriorTrustChannel = 11;

// What the network sees, [kMatteInputChannels,h,w] float32: picture (3), plate (3), |picture - plate| x 4 where valid
// (3), plate valid (1), prior matte where trusted (1), prior trust (1). Missing plate or prior: zeros.
at::Tensor AssembleMatteInput(const at::Tensor& perceptual, const temporal::PlateView& plate,
                              const temporal::Prior& prior);

// Inference only; deterministic on one device. One thread at a time.
class MatteHead {
 public:
  // Throws kData when the head's shape and weights do not fit together.
  MatteHead(const Head& head, c10::Device device);
  ~MatteHead();
  MatteHead(MatteHead&&) noexcept;

  // The analysis size that the head was trained at (long side, px).
  int long_side_px() const;
  // False when it was trained on single painted frames: then it never saw a propagated matte and must not get one.
  bool uses_prior() const;
  // [1,h,w] float32 in [0,1] on the input's device. bf16 on CUDA, float32 on the CPU.
  at::Tensor Infer(const at::Tensor& input) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace shotfix::model
