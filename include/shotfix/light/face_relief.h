// SPDX-License-Identifier: Apache-2.0
// The relief of a mean face, laid where a face's eyes are and turned as its head is. All on the CPU, float32.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>

namespace shotfix::light {

// Where a face is, px of the picture, x right, y down.
struct FacePlace {
  std::array<double, 2> left_eye{};  // at picture left
  std::array<double, 2> right_eye{};
  double yaw_deg = 0;  // how far it is turned, + towards picture right, -35 to 35
};

// How far a head is turned, from where its eyes are in its outline: they lie before the middle of the head, and move
// out of the middle of the outline as it turns. mask: [1,h,w], over one half where the subject is. 0 where what is
// around the eyes is not as wide as a head. Within 4 degrees on the sample production; hair that hangs on one side
// adds to it.
double YawFromOutline(const FacePlace& face, const at::Tensor& mask);

// Note [Mean face]: an ellipsoid with brows, sockets, eyeballs, nose, lips and chin as smooth bumps, measured in
// distances between the eyes and turned with the head. It is nobody's face: proportions set by hand, drawn
// towards the normals of a rendered head of no living person (9.7 degrees on its skin) and rounded. On a real face it
// is some 20 degrees off, which is enough to say where nose, brows and lips turn from a light, and not how far.
struct FaceRelief {
  at::Tensor normals;  // [3,h,w] of length 1, axes of the camera
  at::Tensor holds;    // [1,h,w] in [0,1]: 1 on the face, 0 beyond its sides, hair line and chin
};
// Throws kData when both eyes are in one place.
FaceRelief MeanFaceAt(const FacePlace& place, int64_t height, int64_t width);
// The same without its bumps: the ellipsoid alone, for comparing.
FaceRelief MeanHeadAt(const FacePlace& place, int64_t height, int64_t width);

}  // namespace shotfix::light
