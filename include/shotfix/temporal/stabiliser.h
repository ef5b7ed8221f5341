// SPDX-License-Identifier: Apache-2.0
// The finite-window stabiliser: the one place where time is handled.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "shotfix/image/edit.h"
#include "shotfix/temporal/flow.h"

namespace shotfix::temporal {

// Note [Finite support]: a stabilised field depends on frames t-R..t+R and on nothing else. No recursion: a shot cut
// anywhere and rendered in pieces gives the same bits as the whole shot.
struct StabiliserOptions {
  int gain_radius = 4;           // frames on each side, 0 to 16; sigma is half of it
  int warp_radius = 2;           // frames, 0 to 16
  int alpha_radius = 4;          // frames, 0 to 16
  double colour_sigma = 0.06;    // perceptual units, > 0: a neighbour that looks different counts less
  double alpha_tolerance = 0.5;  // alpha, > 0: larger changes along the flow count less, from 0.9 on not at all

  void Validate() const;
  int Radius() const;  // frames that Stabilise needs on each side
};

// One frame of the window.
struct WindowEntry {
  image::Edit edit;
  at::Tensor guide;  // [3,h,w] float32 perceptual: what flow and colour weights look at
};

// The edit of entries[centre], each of its fields averaged along the flow over the window with weight
// gaussian(time) * trust * colour likeness. links[k] joins entries[k] and entries[k+1]. Fill and support follow the
// centre frame. Fields are aligned at their own size; flow is scaled to it.
image::Edit Stabilise(const std::vector<WindowEntry>& entries, size_t centre, const std::vector<FlowLink>& links,
                      const StabiliserOptions& options);

// The same for a plain field [C,H,W].
struct FieldWindow {
  std::vector<at::Tensor> fields;
  std::vector<at::Tensor> guides;
  const std::vector<FlowLink>* links = nullptr;
};
at::Tensor StabiliseField(const FieldWindow& window, size_t centre, int radius, double colour_sigma,
                          double field_tolerance);

}  // namespace shotfix::temporal
