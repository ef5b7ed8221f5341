// SPDX-License-Identifier: Apache-2.0
// The gaze head in use: what an actor's own frames say that a drawn eye lacks.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <memory>
#include <string>

#include "shotfix/model/mini_model.h"

namespace shotfix::model {

// Note [Gaze head]: an eye is turned by a model of ball, iris and lids; a small network, after DeepWarp (Ganin et al.
// 2016), learns from pairs of frames of one actor what the model leaves: how this lid follows, where this white is in
// the shade. It never paints: it says by how much to shift what was drawn and how much light to add, smooth fields on a
// grid around the eye that are read at the frame's own size. Picture-right eyes are mirrored: one head serves both.
inline constexpr int64_t kGazeGridHeight = 64;
inline constexpr int64_t kGazeGridWidth = 96;
// Drawn eye (3), the frame's own (3), encoded less 0.5; for each place, in iris radii: the way from where the iris goes
// (2) and from where it was (2), depth inside the upper and the lower lid (2); the iris' move (2), the same everywhere.
inline constexpr int64_t kGazeInputChannels = 14;
// Shift in px of the grid (x, y): what is at p comes from p + shift; then light to add, encoded (3).
inline constexpr int64_t kGazeFieldChannels = 5;

// The head's name in a mini-model; one for each person.
std::string GazeHeadName(const std::string& person);

// Inference only; deterministic on one device. One thread at a time.
class GazeHead {
 public:
  // Throws kData when the head's shape and weights do not fit together.
  GazeHead(const Head& head, c10::Device device);
  ~GazeHead();
  GazeHead(GazeHead&&) noexcept;

  // [kGazeFieldChannels, grid] float32 on the CPU of [kGazeInputChannels, grid].
  at::Tensor Infer(const at::Tensor& input) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace shotfix::model
