// SPDX-License-Identifier: Apache-2.0
// Eyeline: turns an actor's eyes, lids with them, to where the scene needs them.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shotfix/compliance/consent.h"
#include "shotfix/core/frame_range.h"
#include "shotfix/gaze/shot_gaze.h"
#include "shotfix/model/mini_model.h"
#include "shotfix/passes/edit_pass.h"

namespace shotfix::passes {

// What the degrees of a target are measured from.
enum class GazeSpace { kHead, kCamera };
std::string ToString(GazeSpace space);
GazeSpace ParseGazeSpace(const std::string& name);  // "head" or "camera"; throws kUsage

// A point in the picture to look at; with a frame it is one of several keys, between which it moves evenly.
struct LookAt {
  cv::Point2d place;  // px of the clip
  std::optional<int64_t> frame;
};
LookAt ParseLookAt(const std::string& text);  // "X,Y[@FRAME]"; throws kUsage

// A direction at a frame; between two it turns evenly.
struct GazeKey {
  int64_t frame = 0;
  gaze::Direction gaze;
};

// Exactly one of `to`, `by`, `camera`, `look_at`, `keys` and `at` is the target.
struct EyelineOptions {
  std::optional<gaze::Direction> to;    // a fixed gaze
  std::optional<gaze::Direction> by;    // beside the actor's own
  bool camera = false;                  // each eye into the lens
  std::vector<LookAt> look_at;          // a point in the picture, `depth` of the way from the actor to the lens
  std::vector<GazeKey> keys;            // a gaze that moves
  std::optional<gaze::Direction> at;    // the other side's gaze from its camera; it is mirrored about the axis
  GazeSpace space = GazeSpace::kHead;   // of `to` and `keys`
  double depth = 0.5;                   // 0 to 0.95, for look_at
  double view_deg = 40;                 // horizontal angle of view, 1 to 150, for look_at
  gaze::PerEye<gaze::Direction> extra;  // added to each eye, picture left first
  std::optional<FrameRange> during;     // where the eyes are turned; nothing: everywhere
  int ease_frames = 6;                  // in and out of `during`, inside it, 0 to 100
  double strength = 1;                  // share of the turn, 0 to 1
  double lids = 1;                      // share of what the lids follow, 0 to 2
  bool force = false;                   // also where a turn is refused

  void Validate() const;  // throws kUsage
};

struct EyelineInputs {
  gaze::FitInputs fit;              // px of the analysis picture
  std::optional<model::Head> head;  // the actor's gaze head; nothing: the model of ball and lids alone
};

// What a gaze head learns from: one eye of frame `from`, drawn with the gaze that it has in frame `to`. Tensors are
// float32 on the CPU at the head's grid, see model/gaze_head.h.
struct EyePair {
  int64_t from = 0;
  int64_t to = 0;
  at::Tensor input;
  at::Tensor mask;    // [1,h,w] in [0,1]: where a head may act
  at::Tensor weight;  // [1,h,w]: irises count four times
  at::Tensor target;  // [3,h,w] encoded: the eye in frame `to`, laid over frame `from`
};
// Pairs of frames of a shot in which the head is turned alike (5 degrees) and the lids are as open, and the gaze
// differs by 2 to 45 degrees; at most `most`, evenly over all there are. Frames in `left_out` are not looked at.
std::vector<EyePair> GatherEyePairs(const gaze::ShotGaze& gaze, image::ShotReader& shot,
                                    const std::set<int64_t>& left_out, size_t most, const gaze::FitProgress& progress);

// What the edit does to one frame, for reports. Gazes are the mean of both eyes, from the camera.
struct EyelineFrame {
  int64_t frame = 0;
  gaze::Direction head;  // its turn since the frame of the hint
  bool seen = true;      // the head; else nothing is turned
  gaze::Direction before;
  gaze::Direction asked;
  double weight = 0;                      // 0 where nothing is turned: a blink, outside `during`
  double open = 1;                        // of the lids, 1 as usual
  double sure = 1;                        // of the eye that is seen less
  gaze::PerEye<gaze::Direction> eyes;     // before, of the head, each eye
  gaze::PerEye<cv::Point2d> straight;     // px of the clip: where an iris is that looks straight out of the head
  gaze::PerEye<cv::Point2d> iris_before;  // px of the clip
  gaze::PerEye<cv::Point2d> iris_asked;
  double turn_deg = 0;  // that is made, the larger of both eyes
  bool each_its_own =
      false;  // each eye goes to a place of its own (the lens, a point): their difference is the target's
};
// One entry per frame of the shot.
std::vector<EyelineFrame> PlanEyeline(const EyelineOptions& options, const gaze::ShotGaze& shot, double clip_scale);
// What an editor should look at, a line each with its frames: wide turns, small irises, hidden or half closed eyes,
// fast moves. Throws kData when a turn is refused (irises under 10 px across, more than 25 degrees) and `force` is not
// set.
std::vector<std::string> CheckEyeline(const EyelineOptions& options, const gaze::ShotGaze& shot,
                                      const std::vector<EyelineFrame>& frames, double clip_scale);
// The eyes that an analysis found.
gaze::ShotGaze FoundGaze(const image::Solution& solution);

std::unique_ptr<EditPass> MakeEyelinePass(const EyelineOptions& options, EyelineInputs inputs,
                                          const compliance::ConsentGrant& grant);

}  // namespace shotfix::passes
