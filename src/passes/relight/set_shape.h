// SPDX-License-Identifier: Apache-2.0
// The shape of the set behind the actor, where the camera moves through it: what --on set and --on all light.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "shotfix/image/shot.h"
#include "shotfix/image/solution.h"
#include "shotfix/light/set_planes.h"

namespace shotfix::passes::relight {

// Planes, which of them each pixel of one frame shows, and where the camera stands in all frames. Without planes the
// set counts as a wall that faces the lens, and `why` says what the shot lacks.
class SetShape {
 public:
  // `actor_in` gives [1,h,w] in [0,1] of a frame.
  using ActorIn = std::function<at::Tensor(int64_t frame)>;
  using OnFrame = std::function<void(int64_t done)>;
  static SetShape Find(image::ShotReader& shot, const ActorIn& actor_in, const OnFrame& on_frame);
  static SetShape Unknown(const std::string& why);

  bool known() const { return !planes_.empty(); }
  // [3,h,w], in the axes of the frame that the planes were found in.
  at::Tensor NormalsIn(int64_t frame, int64_t height, int64_t width) const;
  std::string Explain() const;  // one or two sentences

  void Pack(image::Solution& solution) const;
  static SetShape Unpack(const image::Solution& solution);  // throws std::exception

 private:
  std::vector<light::SetPlane> planes_;  // the last is what is far away
  temporal::Lens lens_;
  at::Tensor shares_;  // [P,h,w]
  std::map<int64_t, temporal::CameraPose> poses_;
  double parallax_px_ = 0;
  int64_t lost_ = 0;  // frames in which the set was not found: there the camera counts as standing where it last was
  std::string why_;
};

}  // namespace shotfix::passes::relight
