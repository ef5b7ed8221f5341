// SPDX-License-Identifier: Apache-2.0
// Pairs of an actor's own frames in which the gaze differs, each drawn by the model beside what really was there.
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <opencv2/core.hpp>

#include "passes/eyeline/learned.h"
#include "shotfix/gaze/eye_parts.h"
#include "shotfix/passes/eyeline.h"

namespace shotfix::passes {
namespace {

using gaze::kEyes;

struct FramePair {
  int64_t from = 0;
  int64_t to = 0;
};

bool Usable(const gaze::FrameGaze& frame) {
  constexpr double kSure = 0.5;
  constexpr double kOpen = 0.7;
  return std::all_of(frame.eyes.begin(), frame.eyes.end(),
                     [&](const gaze::EyeState& eye) { return eye.sure >= kSure && eye.open >= kOpen; });
}

bool MakePair(const gaze::FrameGaze& a, const gaze::FrameGaze& b) {
  constexpr double kHeadDeg = 5;
  constexpr double kLeastDeg = 2;
  constexpr double kMostDeg = 45;
  constexpr double kOpenApart = 0.2;
  if (gaze::DegreesBetween(a.turn, b.turn) > kHeadDeg) return false;
  for (size_t eye = 0; eye < kEyes; ++eye) {
    if (std::abs(a.eyes[eye].open - b.eyes[eye].open) > kOpenApart) return false;
  }
  const auto mean = [](const gaze::FrameGaze& frame) { return (frame.eyes[0].gaze + frame.eyes[1].gaze) * 0.5; };
  const double turn = gaze::DegreesBetween(mean(a), mean(b));
  return turn >= kLeastDeg && turn <= kMostDeg;
}

std::vector<FramePair> ChoosePairs(const gaze::ShotGaze& gaze, const std::set<int64_t>& left_out, size_t most) {
  constexpr int64_t kMostFrames = 240;  // of a long shot, evenly
  const auto count = static_cast<int64_t>(gaze.frames.size());
  const int64_t stride = (count + kMostFrames - 1) / kMostFrames;
  std::vector<int64_t> frames;
  for (int64_t k = 0; k < count; k += stride) {
    const int64_t frame = gaze.first_frame + k;
    if (!left_out.contains(frame) && Usable(gaze.At(frame))) frames.push_back(frame);
  }
  std::vector<FramePair> all;
  for (const int64_t a : frames) {
    for (const int64_t b : frames) {
      if (a != b && MakePair(gaze.At(a), gaze.At(b))) all.push_back({a, b});
    }
  }
  if (all.size() <= most) return all;
  std::vector<FramePair> chosen;
  for (size_t k = 0; k < most; ++k) chosen.push_back(all[k * all.size() / most]);
  return chosen;
}

// The part of a frame that an eye's crop covers, with room for what a lid brings in.
struct Part {
  cv::Mat picture;
  cv::Point origin;
};

class Gatherer {
 public:
  Gatherer(const gaze::ShotGaze& gaze, image::ShotReader& shot) : gaze_(gaze), shot_(shot) {
    for (size_t eye = 0; eye < kEyes; ++eye) pictures_[eye] = eyeline::PicturesOf(gaze, eye);
  }
  void Read(int64_t frame);
  EyePair Make(const FramePair& pair, size_t eye) const;

 private:
  const gaze::ShotGaze& gaze_;
  image::ShotReader& shot_;
  gaze::PerEye<eyeline::EyePictures> pictures_;
  std::map<int64_t, gaze::PerEye<Part>> parts_;
};

void Gatherer::Read(int64_t frame) {
  constexpr int kMargin = 3;  // px
  const cv::Mat picture = gaze::MatFromTensor(shot_.Analysis(frame));
  for (size_t eye = 0; eye < kEyes; ++eye) {
    const gaze::Affine& map = gaze_.At(frame).eyes[eye].frame_from_crop;
    const double reach = map.Scale() * std::hypot(gaze_.crop_half_width, gaze_.crop_half_height) + kMargin;
    const cv::Point2d middle = map(cv::Point2d(0, 0));
    cv::Rect part(static_cast<int>(middle.x - reach), static_cast<int>(middle.y - reach), static_cast<int>(2 * reach),
                  static_cast<int>(2 * reach));
    part &= cv::Rect(0, 0, picture.cols, picture.rows);
    if (part.empty()) part = cv::Rect(0, 0, 1, 1);
    parts_[frame][eye] = {picture(part).clone(), part.tl()};
  }
}

EyePair Gatherer::Make(const FramePair& pair, size_t eye) const {
  constexpr float kIrisWeight = 3;  // beside 1
  const Part& part = parts_.at(pair.from)[eye];
  const Part& other = parts_.at(pair.to)[eye];
  const gaze::EyeState& to = gaze_.At(pair.to).eyes[eye];
  const eyeline::EyeDrawing drawing{part.picture,  part.origin, gaze_, eye, gaze_.At(pair.from).eyes[eye],
                                    pictures_[eye]};
  const eyeline::HeadView view = eyeline::ViewForHead(drawing, to.iris, eyeline::DrawEye(drawing, to.iris, 1));
  EyePair made{pair.from, pair.to, view.input, view.mask, {}, {}};
  made.target = eyeline::OnGrid(drawing, other.picture, to.frame_from_crop.Shifted(-cv::Point2d(other.origin)));
  // Where the iris was and where it goes.
  const auto disc = [&](int64_t channel) {
    const at::Tensor way = view.input.narrow(0, channel, 2) * 3;
    return (way.square().sum(0, true) < 1.2).to(at::kFloat);
  };
  made.weight = view.mask * (1 + kIrisWeight * at::maximum(disc(6), disc(8)));
  return made;
}

}  // namespace

std::vector<EyePair> GatherEyePairs(const gaze::ShotGaze& gaze, image::ShotReader& shot,
                                    const std::set<int64_t>& left_out, size_t most, const gaze::FitProgress& progress) {
  const std::vector<FramePair> chosen = ChoosePairs(gaze, left_out, most / kEyes);
  std::set<int64_t> frames;
  for (const FramePair& pair : chosen) frames.insert({pair.from, pair.to});
  Gatherer gatherer(gaze, shot);
  for (const int64_t frame : frames) gatherer.Read(frame);
  std::vector<EyePair> pairs;
  for (const FramePair& pair : chosen) {
    for (size_t eye = 0; eye < kEyes; ++eye) pairs.push_back(gatherer.Make(pair, eye));
    progress("drawing pairs of gazes", static_cast<int64_t>(pairs.size()), static_cast<int64_t>(chosen.size() * kEyes));
  }
  return pairs;
}

}  // namespace shotfix::passes
