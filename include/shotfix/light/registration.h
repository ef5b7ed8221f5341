// SPDX-License-Identifier: Apache-2.0
// Where the surface of a light-reference take is in another picture of the same actor or set.
#pragma once

#include <ATen/core/Tensor.h>

#include "shotfix/temporal/flow.h"

namespace shotfix::light {

// What is known of a subject's surface in one picture: from a light-reference take, in which it held still while the
// light moved, or guessed.
struct TakeSurface {
  at::Tensor normals;  // [3,h,w]
  at::Tensor albedo;   // [3,h,w]
  at::Tensor heights;  // [1,h,w] px towards the camera
  at::Tensor mask;     // [1,h,w] 1 where the subject is
  // [1,h,w] in [0,1]: what turns as one thing, where that is known; else undefined. Its relief is so much deeper than
  // its heights say.
  at::Tensor head = {};
  double head_deeper = 1;
};

// Luma in units of its local contrast, [3,h,w] around 0.5, grey outside the mask: pictures under different lights
// become alike enough for optical flow. linear: [3,h,w] scene-linear; mask [1,h,w].
at::Tensor LocalContrast(const at::Tensor& linear, const at::Tensor& mask);

struct Registration {
  at::Tensor take_from_frame;  // [2,h,w] px: a pixel x of the frame is at x + offset(x) in the take
  at::Tensor known;            // [1,h,w] in [0,1]: the frame's subject and the take's meet there
  double likeness = 0;         // correlation of both local contrasts where known
};
// Both pictures as LocalContrast gives them, masks [1,h,w], one size.
Registration RegisterTake(temporal::FlowEstimator& flow, const at::Tensor& frame, const at::Tensor& frame_mask,
                          const at::Tensor& take, const at::Tensor& take_mask);

// The take's surface as the frame sees it.
struct SeenSurface {
  at::Tensor normals;         // [3,h,w] turned with the subject
  at::Tensor normals_before;  // [3,h,w] as they are in the take
  at::Tensor albedo;          // [3,h,w]
  at::Tensor head;            // [1,h,w], where the take has one
};
// Normals turn as the surface around them does: a scaled orthographic pose (POS, DeMenthon & Davis 1995) is fitted to
// heights and flow in a window around each pixel, drawn towards no turn where the window is flat; of a head to all of
// it, for it turns as one thing.
SeenSurface SeeSurface(const TakeSurface& take, const Registration& registration);

}  // namespace shotfix::light
