// SPDX-License-Identifier: Apache-2.0
// The camera's motion as one homography a frame: nodal pans, tilts, zooms and far or flat sets.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <functional>
#include <map>

#include "shotfix/image/shot.h"

namespace shotfix::temporal {

using Homography = std::array<double, 9>;  // row-major, pixel centres at integers, px of the analysis size
inline constexpr Homography kIdentity = {1, 0, 0, 0, 1, 0, 0, 0, 1};

Homography Multiply(const Homography& a, const Homography& b);
Homography Invert(const Homography& h);
// The same map between pictures `scale` times as large.
Homography ScaleHomography(const Homography& h, double scale_x, double scale_y);
// Offsets [2,H,W]: source_from_target on the target's grid, as image::SampleAtOffset wants them.
at::Tensor OffsetOf(const Homography& source_from_target, int64_t height, int64_t width);

struct CameraTrack {
  std::map<int64_t, Homography> reference_from_frame;  // every frame of the shot
  bool is_static = true;         // most corners stay within 0.5 px over the whole shot; then all are identity
  double worst_residual_px = 0;  // median reprojection error of the worst link
  int lost_links = 0;            // neighbours that could not be joined; the motion is held there
};

// Chains neighbours by features (Shi-Tomasi, pyramidal Lucas-Kanade, RANSAC). `foreground` gives [1,h,w] in [0,1], 1
// where features must be ignored (may return an undefined tensor). Progress is the callback.
using ForegroundOf = std::function<at::Tensor(int64_t frame)>;
CameraTrack TrackCamera(image::ShotReader& shot, const ForegroundOf& foreground,
                        const std::function<void(int64_t)>& on_frame);

}  // namespace shotfix::temporal
