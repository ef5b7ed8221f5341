// SPDX-License-Identifier: Apache-2.0
// Lights as an editor speaks of them, and what they do to a surface.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace shotfix::light {

// Axes of the camera: x to picture right, y up, z towards the lens.
using Vector = std::array<double, 3>;
// Scene-linear, in the clip's primaries.
using Rgb = std::array<double, 3>;

// Where a light stands, seen from the subject: azimuth 0 is at the lens, + at picture right, 180 behind; elevation +
// is above.
struct Angles {
  double azimuth_deg = 0;    // -180 to 180
  double elevation_deg = 0;  // -90 to 90
};
Vector DirectionOf(Angles angles);  // of length 1, towards the light
Angles AnglesOf(const Vector& direction);
double DegreesBetween(const Vector& a, const Vector& b);

// The colour of a black body of 1,667 to 25,000 K beside one of 6,500 K, BT.709 primaries, luminance 1 (Kim et al.
// 2002: cubic splines of the Planckian locus). Throws kUsage outside.
Rgb ColourOf(double kelvin);
at::Tensor AsColumn(const Rgb& rgb);  // [3,1,1] float, CPU
double LuminanceOf(const Rgb& rgb);
at::Tensor LuminanceOf(const at::Tensor& rgb);  // [1,h,w] of [3,h,w]

// A key that somebody asks for.
struct KeyRequest {
  Angles from;
  std::optional<Rgb> colour;  // of luminance 1; nothing: the shot's own key's
  double stops = 0;           // beside the shot's own key, -6 to 6
};
// "AZ,EL[,COLOUR[,STOPS]]" with COLOUR in kelvin or as R:G:B, scene-linear. Throws kUsage and says the form.
KeyRequest ParseKey(const std::string& text);
// "AZ,EL". Throws kUsage.
Angles ParseAngles(const std::string& text);

// A key as it falls on a surface of albedo 1.
struct Key {
  Vector direction{0, 0, 1};
  Rgb rgb{1, 1, 1};       // its reflected light where it falls straight on the surface
  double radius_deg = 8;  // of the source: how soft its shadows are, 0 to 60
};
// How ambient light differs from side to side: what a white surface reflects beside its mean, as factors of y, z, x,
// xy, yz, 3z^2-1, xz and x^2-y^2 of its normal. Orders 1 and 2 hold all but a hundredth of what surroundings without a
// hard lamp do to a matte surface (Ramamoorthi & Hanrahan 2001, "An efficient representation for irradiance environment
// maps").
using AmbientShape = std::array<Rgb, 8>;
struct SceneLight {
  std::vector<Key> keys;
  Rgb ambient{0, 0, 0};                            // its mean
  std::optional<AmbientShape> ambient_shape = {};  // nothing: from everywhere alike
};

// A light as JSON, for the catalogue. Throws kData when it is none.
std::string ToJson(const SceneLight& light);
SceneLight SceneLightFrom(const std::string& json);

// How nearly a source in `direction` is mirrored towards the lens, [1,h,w] in [0,1] of normals [3,h,w]: the cosine to
// the half vector to the power of `exponent` (Blinn 1977, "Models of light reflection").
at::Tensor MirrorLobe(const at::Tensor& normals, const Vector& direction, double exponent);
// Reflected light of a surface of albedo 1, [3,h,w], for normals [3,h,w]. Lambert's law; a source of radius s reaches s
// around the terminator: (c + sin s)^2 / (4 sin s) for |c| < sin s, c the cosine. Ambient light ends at 0 where its
// shape would go below. visibility: for each key [1,h,w], or [3,h,w] for each channel, in [0,1]; or empty.
at::Tensor Shade(const at::Tensor& normals, const SceneLight& light, const std::vector<at::Tensor>& visibility);

}  // namespace shotfix::light
