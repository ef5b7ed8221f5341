// SPDX-License-Identifier: Apache-2.0
#include "shotfix/gaze/shot_gaze.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>

#include "gaze/calibration.h"
#include "gaze/face_track.h"
#include "gaze/layers.h"
#include "gaze/learn_eyes.h"
#include "shotfix/core/error.h"

namespace shotfix::gaze {
namespace {

constexpr double kLost = 0.5;  // sure

class Fitter {
 public:
  Fitter(image::ShotReader& shot, const FitInputs& inputs, const FitProgress& progress)
      : shot_(shot), inputs_(inputs), progress_(progress), frames_(shot.frames()) {}
  ShotGaze Run();

 private:
  void FitFrames();
  EyeState FitEye(const cv::Mat& crop, size_t eye, const std::vector<cv::Point2d>& near) const;
  EyeState PlaceIn(const cv::Mat& crop, size_t eye, const LidState& lids, const std::vector<cv::Point2d>& starts) const;
  bool ShowsBall(const cv::Mat& crop, size_t eye, const LidState& edges, cv::Point2d iris) const;
  cv::Point2d AsTheOther(const EyeState& other, size_t eye) const;
  void CarryOver(size_t eye);
  void Describe(size_t eye);

  image::ShotReader& shot_;
  const FitInputs& inputs_;
  const FitProgress& progress_;
  FrameRange frames_;
  std::vector<FaceFrame> face_;
  ShotEyes eyes_;
  ShotGaze result_;
};

// Whether what lies between the lids is a ball at all: lashes of a closed eye are as dark as an iris and keep lids
// apart.
double BallShare(const cv::Mat& likely_eye, const cv::Mat& between) {
  constexpr double kSurely = 0.4;  // mean log likelihood; whites in the shade are no more
  const double area = cv::sum(between)[0];
  if (area < 1) return 0;
  return std::clamp(likely_eye.dot(between) / area / kSurely, 0.0, 1.0);
}

// The iris with the lids as `lids` says; `sure` tells how well it is seen there.
EyeState Fitter::PlaceIn(const cv::Mat& crop, size_t eye, const LidState& lids,
                         const std::vector<cv::Point2d>& starts) const {
  constexpr double kHardlySeen = 0.25;  // of the disc
  constexpr double kWholeSeen = 0.5;
  const EyeKnowledge& knows = eyes_.eyes[eye];
  const double reach = 0.6 * knows.ball.radius_px;
  const cv::Mat open = OpenMask(knows.inside, lids, eyes_.size, 0.5, 1);
  const IrisPlacing placing{crop, open, knows.ball, knows.picture};
  PlacedIris best = PlaceIris(placing, starts.front(), reach);
  for (size_t k = 1; k < starts.size(); ++k) {
    const PlacedIris other = PlaceIris(placing, starts[k], reach);
    if (other.score < best.score) best = other;
  }
  EyeState state;
  state.iris = best.centre;
  state.open = lids.open / knows.usual_open;
  state.lower = lids.lower;
  state.sure = std::clamp((best.seen - kHardlySeen) / (kWholeSeen - kHardlySeen), 0.0, 1.0) *
               std::clamp((0.14 - best.misfit) / 0.07, 0.0, 1.0);
  return state;
}

// Whether a ball with its iris about there is what is seen between half-closed lids: lashes of a closed eye, as dark as
// an iris, keep them apart too. `edges` are the lids with their lashes, so that these are looked at as well.
bool Fitter::ShowsBall(const cv::Mat& crop, size_t eye, const LidState& edges, cv::Point2d iris) const {
  constexpr double kMostDifference = 0.2;  // of what iris and white differ by: a dim eye differs less from its lashes
  const EyeKnowledge& knows = eyes_.eyes[eye];
  const cv::Mat open = OpenMask(knows.inside, edges, eyes_.size, 0, 1);
  return PlaceIris({crop, open, knows.ball, knows.picture}, iris, 0.3 * knows.ball.radius_px).difference <
         kMostDifference * ContrastOf(knows.picture);
}

// `near`: where the iris may be by what else is known.
EyeState Fitter::FitEye(const cv::Mat& crop, size_t eye, const std::vector<cv::Point2d>& near) const {
  const EyeKnowledge& knows = eyes_.eyes[eye];
  const double radius = knows.ball.radius_px;
  const cv::Mat likely = knows.colours.LikelyEye(crop);
  const LidState edges = FitLids({likely, LumaOf(crop)}, knows.lids, radius);
  const LidState lids = InsideLashes(edges, knows.lids, knows.inside);
  const double ball = BallShare(likely, OpenMask(knows.inside, edges, eyes_.size, 0, 1));
  std::vector<cv::Point2d> starts = near;
  starts.push_back(
      FindIris(LumaOf(crop), {knows.ball.straight, 0.2 * eyes_.between_px, 0.08 * eyes_.between_px, radius, radius})
          .centre);
  EyeState state;
  state.iris = near.front();
  state.open = lids.open / knows.usual_open;
  state.lower = lids.lower;
  state.sure = 0;
  if (state.open * ball >= kLeastOpen) {
    state = PlaceIn(crop, eye, lids, starts);
  } else if (!ShowsBall(crop, eye, edges, near.front())) {
    state.open = 0;
  }
  return state;
}

// A blink hides the iris and moves the skin around it: both go over from where they were before to where they are
// after.
void Fitter::CarryOver(size_t eye) {
  constexpr double kSeen = 0.3;
  std::vector<FrameGaze>& frames = result_.frames;
  const auto count = static_cast<int64_t>(frames.size());
  const auto iris = [&](int64_t k) -> EyeState& { return frames[static_cast<size_t>(k)].eyes[eye]; };
  const auto map = [&](int64_t k) -> const Affine& { return face_[static_cast<size_t>(k)].frame_from_crop[eye]; };
  const auto shift = [&](int64_t k) { return map(k).Inverse()(iris(k).frame_from_crop(cv::Point2d(0, 0))); };
  for (int64_t k = 0; k < count; ++k) {
    if (iris(k).sure >= kSeen) continue;
    int64_t before = k;
    int64_t after = k;
    while (before >= 0 && iris(before).sure < kSeen) --before;
    while (after < count && iris(after).sure < kSeen) ++after;
    if (before < 0 && after >= count)
      Throw(
          ErrorCode::kData,
          "no iris was found in this shot; say where the eyes are with \"shotfix hint CLIP --frame N --eyes X,Y,X,Y\"");
    if (before < 0) before = after;
    if (after >= count) after = before;
    const double share = after > before ? static_cast<double>(k - before) / static_cast<double>(after - before) : 0;
    iris(k).iris = iris(before).iris * (1 - share) + iris(after).iris * share;
    iris(k).frame_from_crop = map(k).After(shift(before) * (1 - share) + shift(after) * share);
  }
}

cv::Point2d Fitter::AsTheOther(const EyeState& other, size_t eye) const {
  return eyes_.eyes[eye].ball.straight + other.iris - eyes_.eyes[1 - eye].ball.straight;
}

void Fitter::FitFrames() {
  PerEye<EyeState> before;
  for (size_t eye = 0; eye < kEyes; ++eye) before[eye].iris = eyes_.eyes[eye].ball.straight;
  for (int64_t frame = frames_.begin; frame < frames_.end; ++frame) {
    const FaceFrame& face = face_[static_cast<size_t>(frame - frames_.begin)];
    const cv::Mat picture = MatFromTensor(shot_.Analysis(frame));
    FrameGaze& found = result_.frames.emplace_back();
    found.turn = face.turn;
    found.seen = face.seen;
    if (!face.seen) {
      for (size_t eye = 0; eye < kEyes; ++eye) {
        found.eyes[eye] = before[eye];
        found.eyes[eye].sure = 0;
        found.eyes[eye].frame_from_crop = face.frame_from_crop[eye];
      }
      continue;
    }
    PerEye<cv::Mat> crops;
    for (size_t eye = 0; eye < kEyes; ++eye) {
      const Affine map = Steady(eyes_.eyes[eye], eyes_.size, picture, face.frame_from_crop[eye]);
      crops[eye] = CropOf(picture, map, eyes_.size);
      found.eyes[eye] = FitEye(crops[eye], eye, {before[eye].iris});
      found.eyes[eye].frame_from_crop = map;
    }
    // Eyes go together: one that was lost is where the other says.
    for (size_t eye = 0; eye < kEyes; ++eye) {
      const EyeState& other = found.eyes[1 - eye];
      if (found.eyes[eye].sure >= kLost || other.sure < kLost) continue;
      const EyeState again = FitEye(crops[eye], eye, {AsTheOther(other, eye), before[eye].iris});
      if (again.sure <= found.eyes[eye].sure) continue;
      const Affine map = found.eyes[eye].frame_from_crop;
      found.eyes[eye] = again;
      found.eyes[eye].frame_from_crop = map;
    }
    for (size_t eye = 0; eye < kEyes; ++eye) {
      if (found.eyes[eye].sure > 0) before[eye] = found.eyes[eye];
    }
    progress_("following the gaze", frame - frames_.begin + 1, frames_.size());
  }
  for (size_t eye = 0; eye < kEyes; ++eye) CarryOver(eye);
}

// What was learned of an eye, as those want it who draw: from now on 1 is the usual opening.
void Fitter::Describe(size_t eye) {
  EyeKnowledge& knows = eyes_.eyes[eye];
  EyeShape& shape = result_.shapes[eye];
  shape.rim_softness = knows.rim_softness;
  shape.upper = knows.inside.upper();
  shape.lower = knows.inside.lower();
  for (size_t k = 0; k < shape.upper.size(); ++k)
    shape.upper[k] = static_cast<float>(shape.lower[k] + knows.usual_open * (shape.upper[k] - shape.lower[k]));
  shape.upper_follows = LidFollows(result_, eye, {shape.upper, shape.lower});
  CompleteIris(knows.picture);
  cv::Mat with_known;
  cv::merge(std::vector<cv::Mat>{knows.picture.rgb, knows.picture.known}, with_known);
  result_.iris[eye] = TensorFromMat(with_known);
  result_.sclera[eye] = TensorFromMat(knows.sclera);
  result_.lashes[eye] = TensorFromMat(knows.lashes);
}

ShotGaze Fitter::Run() {
  if (!frames_.Contains(inputs_.eyes.frame))
    Throw(ErrorCode::kUsage, "the eyes are said for frame {}, which this shot does not have", inputs_.eyes.frame);
  face_ = TrackFace(shot_, inputs_.eyes, inputs_.learn_search, progress_);
  eyes_ = LearnEyes(shot_, inputs_, face_, progress_);
  result_.first_frame = frames_.begin;
  result_.analysis_height = shot_.analysis_height();
  result_.analysis_width = shot_.analysis_width();
  result_.crop_half_width = eyes_.size.half_width;
  result_.crop_half_height = eyes_.size.half_height;
  for (size_t eye = 0; eye < kEyes; ++eye) result_.shapes[eye].ball = eyes_.eyes[eye].ball;
  FitFrames();
  Calibrate(result_, inputs_, {eyes_.eyes[0].inside, eyes_.eyes[1].inside});
  for (size_t eye = 0; eye < kEyes; ++eye) Describe(eye);
  return result_;
}

}  // namespace

ShotGaze FitShot(image::ShotReader& shot, const FitInputs& inputs, const FitProgress& progress) {
  return Fitter(shot, inputs, progress).Run();
}

Direction CameraGaze(const FrameGaze& frame, size_t eye) { return frame.turn + frame.eyes[eye].gaze; }

std::optional<Direction> UsualGaze(const ShotGaze& shot) {
  std::vector<double> yaws;
  std::vector<double> pitches;
  for (const FrameGaze& frame : shot.frames) {
    if (frame.eyes[0].sure < 0.5 || frame.eyes[1].sure < 0.5) continue;
    const Direction both = (CameraGaze(frame, 0) + CameraGaze(frame, 1)) * 0.5;
    yaws.push_back(both.yaw_deg);
    pitches.push_back(both.pitch_deg);
  }
  if (yaws.empty()) return std::nullopt;
  return Direction{MedianOf(yaws), MedianOf(pitches)};
}

}  // namespace shotfix::gaze
