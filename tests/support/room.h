// SPDX-License-Identifier: Apache-2.0
// A painted room that a camera moves through: its planes, where they are seen and how they are lit can be written down.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "shotfix/light/lights.h"
#include "support/synthetic.h"

namespace shotfix::testing {

struct RoomOptions {
  int64_t height = 180;
  int64_t width = 320;
  int64_t frames = 13;
  double travel = 0.8;  // of the camera to the right over the shot; the back wall stands 4 away, the floor 0.55 below
  double pan_deg = 4;   // over the shot
  bool actor = false;   // a disc that walks through, in SyntheticShot::mattes
};
struct Room {
  SyntheticShot shot;
  std::vector<at::Tensor> normals;  // [3,h,w] of each frame, in the axes of the middle frame's camera
};
Room PaintRoom(const RoomOptions& options, const light::SceneLight& light);

}  // namespace shotfix::testing
