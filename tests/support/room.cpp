// SPDX-License-Identifier: Apache-2.0
#include "support/room.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

#include "shotfix/image/convert.h"
#include "shotfix/image/resample.h"

namespace shotfix::testing {
namespace {

constexpr double kFocal = 1.1;  // widths
constexpr double kBackWall = 4, kFloor = 0.55, kSideWall = 1.0;

// Paint of a plane whose places are (u, v), [1,h,w]: two sizes of random cells, blended between their corners.
at::Tensor Paint(const at::Tensor& u, const at::Tensor& v, double seed) {
  const auto cells = [&](const at::Tensor& x, const at::Tensor& y) {
    const at::Tensor wild = (x * 12.9898 + y * 78.233 + seed * 37.719).sin() * 43758.5453;
    return wild - wild.floor();
  };
  const auto smooth = [&](double size) {
    const at::Tensor x = u / size, y = v / size;
    const at::Tensor left = x.floor(), top = y.floor();
    const at::Tensor a = (x - left), b = (y - top);
    return (cells(left, top) * (1 - a) + cells(left + 1, top) * a) * (1 - b) +
           (cells(left, top + 1) * (1 - a) + cells(left + 1, top + 1) * a) * b;
  };
  return 0.15 + 0.3 * smooth(0.23) + 0.35 * smooth(0.07);
}

struct Seen {
  at::Tensor paint;    // [1,h,w]
  at::Tensor normals;  // [3,h,w]
};

// x right, y down, z away from the camera of the middle frame.
Seen RoomFrom(const RoomOptions& options, double shift, double pan_rad) {
  const double focal = kFocal * static_cast<double>(options.width);
  const at::Tensor y = ((at::arange(options.height, at::kDouble) - (options.height - 1) / 2.0) / focal)
                           .view({1, options.height, 1})
                           .expand({1, options.height, options.width});
  const at::Tensor x = ((at::arange(options.width, at::kDouble) - (options.width - 1) / 2.0) / focal)
                           .view({1, 1, options.width})
                           .expand({1, options.height, options.width});
  const at::Tensor ray_x = x * std::cos(pan_rad) + std::sin(pan_rad);
  const at::Tensor ray_z = std::cos(pan_rad) - x * std::sin(pan_rad);
  const at::Tensor far = at::full_like(x, 1e9);
  const at::Tensor to_back = kBackWall / ray_z;
  const at::Tensor to_floor = at::where(y > 1e-6, kFloor / y.clamp_min(1e-6), far);
  const at::Tensor to_side = at::where(ray_x > 1e-6, (kSideWall - shift) / ray_x.clamp_min(1e-6), far);
  const at::Tensor way = at::minimum(to_back, at::minimum(to_floor, to_side));
  const at::Tensor at_x = shift + ray_x * way, at_y = y * way, at_z = ray_z * way;
  const at::Tensor is_back = (way == to_back).to(at::kDouble), is_floor = (way == to_floor).to(at::kDouble);
  const at::Tensor is_side = 1 - is_back - is_floor;
  Seen seen;
  seen.paint = Paint(at_x, at_y, 1) * is_back + Paint(at_x, at_z, 2) * is_floor + Paint(at_z, at_y, 3) * is_side;
  seen.normals = at::cat({-is_side, is_floor, is_back}).to(at::kFloat);
  return seen;
}

}  // namespace

Room PaintRoom(const RoomOptions& options, const light::SceneLight& light) {
  constexpr int64_t kFiner = 3;  // painted so much larger, and shrunk: without jagged edges that would swim
  RoomOptions fine = options;
  fine.height *= kFiner;
  fine.width *= kFiner;
  Room room;
  for (int64_t frame = 0; frame < options.frames; ++frame) {
    const double time = (static_cast<double>(frame) - static_cast<double>(options.frames / 2)) /
                        static_cast<double>(std::max<int64_t>(1, options.frames - 1));
    const double pan_rad = options.pan_deg * time * std::numbers::pi / 180;
    const Seen seen = RoomFrom(fine, options.travel * time, pan_rad);
    at::Tensor linear = seen.paint.to(at::kFloat) * light::Shade(seen.normals, light, {});
    linear = image::Resize(linear, options.height, options.width);
    at::Tensor actor = at::zeros({1, options.height, options.width});
    if (options.actor) {
      const at::Tensor y = at::arange(options.height, at::kFloat).view({1, -1, 1}) - 0.6 * options.height;
      const at::Tensor x = at::arange(options.width, at::kFloat).view({1, 1, -1}) - (0.5 + 0.3 * time) * options.width;
      actor = ((x.square() + y.square()).sqrt() < 0.22 * options.height).to(at::kFloat);
      linear = linear * (1 - actor) + actor * (0.3 + 0.1 * (x * 0.5).sin() * (y * 0.5).sin());
    }
    room.shot.pictures.push_back(image::PerceptualFromLinear(linear.contiguous()));
    room.shot.mattes.push_back(actor);
    room.normals.push_back(RoomFrom(options, options.travel * time, pan_rad).normals);
  }
  return room;
}

}  // namespace shotfix::testing
