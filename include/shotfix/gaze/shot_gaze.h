// SPDX-License-Identifier: Apache-2.0
// The eyes of one actor in one shot, found, followed and fitted: iris, lids, gaze, blinks.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>
#include <vector>

#include "shotfix/gaze/geometry.h"
#include "shotfix/image/shot.h"

namespace shotfix::gaze {

// Both irises' centres in one frame, px of the analysis picture: from an editor, or from a locator's boxes.
struct EyeHint {
  int64_t frame = 0;
  PerEye<cv::Point2d> eyes;  // picture left first
};

// A frame of which somebody knows where the actor looks, seen from the camera (0,0 is the lens).
struct KnownGaze {
  int64_t frame = 0;
  Direction gaze;
};

// What does not change in a shot. Lengths in px of the crop, x to picture right along the line of the eyes, y down,
// origin on the eye of the hint.
struct EyeShape {
  EyeBall ball;
  // Of the open eye: y of a lid's edge for each column of the crop; NaN outside the corners.
  std::vector<float> upper;
  std::vector<float> lower;
  double rim_softness = 0.15;  // iris radii: how wide the way from iris to white is
  double upper_follows = 0;  // how far the upper lid goes along with the iris, share of the iris' own travel up or down
};

struct EyeState {
  Affine frame_from_crop;  // px of the analysis picture
  cv::Point2d iris;        // crop px
  double open = 1;         // of the upper lid: 0 closed, 1 as in `upper`; may be over 1
  double lower = 0;        // crop px by which the lower lid is below `lower`
  double sure = 0;         // 0: not seen (a blink), the iris is carried over; 1: seen well
  Direction gaze;          // of the head, whose zero is the head's own in the frame of the hint
};

struct FrameGaze {
  Direction turn;    // of the head since the frame of the hint
  bool seen = true;  // the head: else its eyes are carried over, and nothing is to be done to them
  PerEye<EyeState> eyes;
};

// Where the zero and the scale of the angles come from.
enum class Calibration { kEstimated, kZeroKnown, kWhole };

struct ShotGaze {
  int64_t first_frame = 0;
  int64_t analysis_height = 0;
  int64_t analysis_width = 0;
  int crop_half_width = 0;
  int crop_half_height = 0;
  Calibration calibration = Calibration::kEstimated;
  bool travel_measured = false;  // from this shot's own known gazes
  PerEye<EyeShape> shapes;
  std::vector<FrameGaze> frames;
  // What the ball and the iris look like, for drawing them elsewhere.
  PerEye<at::Tensor> sclera;  // [3,h,w] float32 perceptual, crop px: the eye's white without its iris
  PerEye<at::Tensor> lashes;  // [3,rows,w] float32: what the upper lid leaves of the white's light, as LashAt reads it
  PerEye<at::Tensor> iris;    // [4,n,n] float32 perceptual and known share, kIrisReach radii around the centre

  const FrameGaze& At(int64_t frame) const { return frames.at(static_cast<size_t>(frame - first_frame)); }
};
inline constexpr double kIrisReach = 1.35;  // of the iris picture, in iris radii

using FitProgress = std::function<void(const char* stage, int64_t done, int64_t total)>;

// Finds both eyes in a picture [3,h,w] to which nobody was followed; nothing where they are not to be seen.
using EyeSearch = std::function<std::optional<PerEye<cv::Point2d>>(const at::Tensor& picture)>;
// A frame in which they are known, px of the analysis picture.
struct KnownEyes {
  at::Tensor picture;
  PerEye<cv::Point2d> eyes;
};
// Learns a search from the frames of a shot that were followed so far. Asked only where an actor was lost.
using LearnSearch = std::function<EyeSearch(const std::vector<KnownEyes>&)>;

struct FitInputs {
  EyeHint eyes;
  std::vector<KnownGaze> known;  // one gives the zero, two or more that differ give the scale too
  std::optional<double> travel;  // in iris radii, of this actor from another shot
  LearnSearch learn_search;      // empty: an actor who was lost stays lost
};
// Reads the whole shot. Throws kData when the eyes cannot be followed, kUsage when a hint names a frame outside the
// shot.
ShotGaze FitShot(image::ShotReader& shot, const FitInputs& inputs, const FitProgress& progress);

// The gaze seen from the camera.
Direction CameraGaze(const FrameGaze& frame, size_t eye);
// The median over the frames in which both eyes are seen, mean of both eyes, from the camera; nothing without any.
std::optional<Direction> UsualGaze(const ShotGaze& shot);

}  // namespace shotfix::gaze
