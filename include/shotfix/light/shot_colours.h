// SPDX-License-Identifier: Apache-2.0
// How bright and of what colour a subject stands in a shot, and how one shot's is brought to another's where nothing is
// known that both share. All on the CPU.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <string>
#include <vector>

#include "shotfix/light/lights.h"

namespace shotfix::light {

// Of scene-linear pictures, in stops (log2).
struct ShotColours {
  // Which side is lit, a light of order 1: level is as 1 + x * side[0] + y * side[1] of a normal's x (picture right)
  // and y (up); least squares, linear.
  std::array<double, 2> side{};
  Rgb mean{};                          // of what faces the lens
  std::array<double, 9> covariance{};  // the same, row by row; symmetric
};

// One frame of a subject.
struct ColouredFrame {
  at::Tensor linear;   // [3,h,w] scene-linear
  at::Tensor normals;  // [3,h,w]; a guess is enough for a side
  at::Tensor weight;   // [1,h,w] in [0,1]: where it counts
};
// Both of all frames together; they throw kData where hardly anything counts. The side is told best by all of a head,
// colours by its skin alone.
std::array<double, 2> LitSide(const std::vector<ColouredFrame>& frames);
ShotColours ColoursOf(const std::vector<ColouredFrame>& frames, const std::array<double, 2>& side);

// Note [Colour transfer]: the linear map that carries one normal distribution of colours into another and moves them
// least (Monge-Kantorovich; Pitie & Kokaram 2007, "The linear Monge-Kantorovitch linear colour mapping for
// example-based colour transfer"), in stops, where light multiplies; it widens or narrows contrast 1.4-fold at most.
// The light of order 1 that says which side is lit is taken out first, and mapped colours get the other shot's. A grade
// with a direction: it moves no terminator and casts no shadow. Where both shots are alike, nothing changes.
class ColourTransfer {
 public:
  ColourTransfer(const ShotColours& from, const ShotColours& to);
  // Stops per channel, [3,h,w]. linear: [3,h,w] scene-linear, without its fine detail, which would be graded too.
  at::Tensor Stops(const at::Tensor& linear, const at::Tensor& normals) const;

 private:
  ShotColours from_, to_;
  std::array<double, 9> map_{};
};

std::string ToJson(const ShotColours& colours);
ShotColours ShotColoursFrom(const std::string& json);  // throws std::exception

}  // namespace shotfix::light
