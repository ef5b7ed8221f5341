// SPDX-License-Identifier: Apache-2.0
#include "shotfix/gaze/shot_gaze.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <set>

#include "gaze/align.h"
#include "gaze/calibration.h"
#include "gaze/face_track.h"
#include "gaze/iris.h"
#include "gaze/layers.h"
#include "gaze/lids.h"
#include "shotfix/core/error.h"

namespace shotfix::gaze {
namespace {

constexpr int64_t kMostSamples = 48;     // frames that pictures of the eye are gathered from
constexpr double kCropHalfWidth = 0.42;  // distances between the eyes
constexpr double kCropHalfHeight = 0.26;
constexpr double kLeastIris = 0.078;  // radius, distances between the eyes
constexpr double kMostIris = 0.125;
constexpr double kUsualIris = 0.094;
constexpr double kLeastOpen = 0.6;  // of the usual opening: below, the iris is not looked for
constexpr double kOpenForPictures = 0.75;

double MedianOf(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

cv::Mat MedianPicture(const std::vector<cv::Mat>& pictures) {
  cv::Mat median(pictures.front().size(), CV_32FC1);
  std::vector<float> values(pictures.size());
  for (int y = 0; y < median.rows; ++y) {
    for (int x = 0; x < median.cols; ++x) {
      for (size_t k = 0; k < pictures.size(); ++k) values[k] = pictures[k].at<float>(y, x);
      const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
      std::nth_element(values.begin(), middle, values.end());
      median.at<float>(y, x) = *middle;
    }
  }
  return median;
}

struct Sample {
  int64_t frame = 0;
  cv::Mat picture;  // until the crops are final
  PerEye<Affine> map;
  PerEye<cv::Mat> crop;
  PerEye<cv::Point2d> iris;
  PerEye<LidState> lids;
};

class Fitter {
 public:
  Fitter(image::ShotReader& shot, const FitInputs& inputs, const FitProgress& progress)
      : shot_(shot), inputs_(inputs), progress_(progress), frames_(shot.frames()) {}
  ShotGaze Run();

 private:
  void TakeSamples();
  void FindRadius();
  void FindTravel();
  void FindColoursAndLids(size_t eye);
  void HoldStill(size_t eye);
  Affine Steady(const cv::Mat& picture, const Affine& frame_from_crop, size_t eye) const;
  void GatherPictures(size_t eye);
  void FitFrames();
  EyeState FitEye(const cv::Mat& crop, size_t eye, const EyeState& before) const;
  void CarryOver(size_t eye);
  std::vector<EyeSample> OpenSamples(size_t eye) const;

  image::ShotReader& shot_;
  const FitInputs& inputs_;
  const FitProgress& progress_;
  FrameRange frames_;
  std::vector<FaceFrame> face_;
  CropSize size_;
  double between_px_ = 0;
  std::vector<Sample> samples_;
  PerEye<EyeColours> colours_;
  PerEye<LidShape> lids_;    // as colours part eye from skin: what openings are fitted with
  PerEye<LidShape> inside_;  // where the white begins: what is seen of the ball
  PerEye<double> usual_open_{1, 1};
  PerEye<cv::Mat> surroundings_;        // luma of the usual crop
  PerEye<cv::Mat> surroundings_count_;  // where it tells where the eye is
  PerEye<IrisPicture> pictures_;
  ShotGaze result_;
};

void Fitter::TakeSamples() {
  std::set<int64_t> wanted;
  const int64_t evenly = std::min(kMostSamples, frames_.size());
  for (int64_t k = 0; k < evenly; ++k) wanted.insert(frames_.begin + (2 * k + 1) * frames_.size() / (2 * evenly));
  for (const KnownGaze& known : inputs_.known) {
    if (!frames_.Contains(known.frame))
      Throw(ErrorCode::kUsage, "a gaze is said for frame {}, which this shot does not have", known.frame);
    wanted.insert(known.frame);
  }
  const auto count = static_cast<int64_t>(wanted.size());
  for (const int64_t frame : wanted) {
    Sample sample;
    sample.frame = frame;
    const cv::Mat picture = MatFromTensor(shot_.Analysis(sample.frame));
    const FaceFrame& face = face_[static_cast<size_t>(sample.frame - frames_.begin)];
    sample.picture = picture;
    sample.map = face.frame_from_crop;
    for (size_t eye = 0; eye < kEyes; ++eye) sample.crop[eye] = CropOf(picture, sample.map[eye], size_);
    samples_.push_back(std::move(sample));
    progress_("looking at the eyes", static_cast<int64_t>(samples_.size()), count);
  }
}

void Fitter::FindRadius() {
  constexpr double kReachX = 0.2;  // distances between the eyes
  constexpr double kReachY = 0.1;
  std::vector<IrisFinding> all;
  for (Sample& sample : samples_) {
    for (size_t eye = 0; eye < kEyes; ++eye) {
      const IrisSearch search{{0, 0},
                              kReachX * between_px_,
                              kReachY * between_px_,
                              kLeastIris * between_px_,
                              kMostIris * between_px_,
                              kUsualIris * between_px_};
      all.push_back(FindIris(LumaOf(sample.crop[eye]), search));
    }
  }
  // Blinks and half-open eyes have weak rims: the better half tells the radius.
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.contrast > b.contrast; });
  std::vector<double> radii;
  for (size_t k = 0; k < (all.size() + 1) / 2; ++k) radii.push_back(all[k].radius);
  const double radius = MedianOf(radii);
  for (EyeShape& shape : result_.shapes) shape.ball.radius_px = radius;
  for (Sample& sample : samples_) {
    for (size_t eye = 0; eye < kEyes; ++eye)
      sample.iris[eye] =
          FindIris(LumaOf(sample.crop[eye]), {{0, 0}, kReachX * between_px_, kReachY * between_px_, radius, radius})
              .centre;
  }
}

// How far irises travel, before anything is gathered from them: a disc that is taken for more turned than it is comes
// out too wide.
void Fitter::FindTravel() {
  const double radius = result_.shapes[0].ball.radius_px;
  std::vector<KnownPlace> places;
  for (const KnownGaze& known : inputs_.known) {
    const auto at =
        std::find_if(samples_.begin(), samples_.end(), [&](const Sample& s) { return s.frame == known.frame; });
    places.push_back({known.gaze - face_[static_cast<size_t>(known.frame - frames_.begin)].turn, at->iris});
  }
  const double travel = TravelFrom(places, radius).value_or(inputs_.travel.value_or(kMeanTravel) * radius);
  for (EyeShape& shape : result_.shapes) shape.ball.travel_px = travel;
}

// Sure eye: the iris and the white beside it. Sure skin: well above, below and beside.
void SeedByIris(cv::Point2d iris, double radius, cv::Mat& eye, cv::Mat& skin) {
  const int half_w = (eye.cols - 1) / 2;
  const int half_h = (eye.rows - 1) / 2;
  for (int y = 0; y < eye.rows; ++y) {
    for (int x = 0; x < eye.cols; ++x) {
      const double dx = (x - half_w - iris.x) / radius;
      const double dy = (y - half_h - iris.y) / radius;
      const bool disc = std::hypot(dx, dy) < 0.85 && dy > -0.4;
      const bool beside = std::abs(dx) < 1.6 && std::abs(dy - 0.1) < 0.3;
      eye.at<uchar>(y, x) = disc || beside ? 1 : 0;
      skin.at<uchar>(y, x) = std::abs(dy) > 1.4 || std::abs(dx) > 3.0 ? 1 : 0;
    }
  }
}

// All that is outside the lids found so far is skin too. What is inside teaches nothing: a curve that went wide would
// only grow.
void AddSkin(const LidShape& lids, CropSize size, const cv::Mat& eye, cv::Mat& skin) {
  constexpr double kOutsidePx = 1.5;
  const cv::Mat around = OpenMask(lids, {}, size, -kOutsidePx, 1);
  for (int y = 0; y < skin.rows; ++y) {
    for (int x = 0; x < skin.cols; ++x) {
      if (around.at<float>(y, x) < 0.5F && eye.at<uchar>(y, x) == 0) skin.at<uchar>(y, x) = 1;
    }
  }
}

void Fitter::FindColoursAndLids(size_t eye) {
  constexpr int kRounds = 3;
  const double radius = result_.shapes[eye].ball.radius_px;
  cv::Mat is_eye(size_.height(), size_.width(), CV_8UC1);
  cv::Mat is_skin(size_.height(), size_.width(), CV_8UC1);
  std::vector<double> xs;
  std::vector<double> ys;
  for (const Sample& sample : samples_) {
    xs.push_back(sample.iris[eye].x);
    ys.push_back(sample.iris[eye].y);
  }
  const cv::Mat usual = UsualEye(size_, {MedianOf(xs), MedianOf(ys)}, radius);
  for (int round = 0; round < kRounds; ++round) {
    EyeColours colours;
    for (const Sample& sample : samples_) {
      SeedByIris(sample.iris[eye], radius, is_eye, is_skin);
      if (round > 0) AddSkin(lids_[eye], size_, is_eye, is_skin);
      colours.Learn(sample.crop[eye], is_eye, is_skin);
    }
    colours.Finish();
    cv::Mat likely = cv::Mat::zeros(size_.height(), size_.width(), CV_32FC1);
    for (const Sample& sample : samples_)
      likely += colours.LikelyEye(sample.crop[eye]) / static_cast<double>(samples_.size());
    colours_[eye] = colours;
    lids_[eye] = FindLids(likely + usual);
  }
  WhiteEdges edges(lids_[eye], radius);
  for (Sample& sample : samples_) {
    sample.lids[eye] = FitLids(colours_[eye].LikelyEye(sample.crop[eye]), lids_[eye], radius);
    edges.Vote(LumaOf(sample.crop[eye]), sample.lids[eye], sample.iris[eye]);
  }
  inside_[eye] = edges.Inside();
  std::vector<double> openings;
  for (const Sample& sample : samples_) openings.push_back(sample.lids[eye].open);
  usual_open_[eye] = std::max(0.1, MedianOf(openings));
}

// Where the head's pose leaves a crop a pixel off, the eye's own corners say it.
Affine Fitter::Steady(const cv::Mat& picture, const Affine& frame_from_crop, size_t eye) const {
  constexpr double kMost = 0.35;  // iris radii
  const cv::Mat luma = LumaOf(CropOf(picture, frame_from_crop, size_));
  const double most_px = kMost * result_.shapes[eye].ball.radius_px;
  return frame_from_crop.After(ShiftBetween(surroundings_[eye], luma, surroundings_count_[eye], most_px));
}

void Fitter::HoldStill(size_t eye) {
  constexpr int kRounds = 2;  // the usual crop gets sharper
  surroundings_count_[eye] = StillSurroundings(lids_[eye], size_, result_.shapes[eye].ball.radius_px);
  for (int round = 0; round < kRounds; ++round) {
    std::vector<cv::Mat> lumas;
    for (const Sample& sample : samples_) lumas.push_back(LumaOf(sample.crop[eye]));
    surroundings_[eye] = MedianPicture(lumas);
    for (Sample& sample : samples_) {
      const Affine& map = face_[static_cast<size_t>(sample.frame - frames_.begin)].frame_from_crop[eye];
      const Affine steady = Steady(sample.picture, map, eye);
      const cv::Point2d before = sample.map[eye](sample.iris[eye]);
      sample.map[eye] = steady;
      sample.crop[eye] = CropOf(sample.picture, steady, size_);
      sample.iris[eye] = steady.Inverse()(before);
    }
  }
}

std::vector<EyeSample> Fitter::OpenSamples(size_t eye) const {
  std::vector<EyeSample> open;
  for (const Sample& sample : samples_) {
    if (sample.lids[eye].open < kOpenForPictures * usual_open_[eye]) continue;
    open.push_back({sample.crop[eye], OpenMask(inside_[eye], sample.lids[eye], size_, 1, 1), sample.iris[eye]});
  }
  return open;
}

void Fitter::GatherPictures(size_t eye) {
  constexpr int kRounds = 3;
  EyeBall& ball = result_.shapes[eye].ball;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<double> xs;
    std::vector<double> ys;
    for (const Sample& sample : samples_) {
      if (sample.lids[eye].open < kOpenForPictures * usual_open_[eye]) continue;
      xs.push_back(sample.iris[eye].x);
      ys.push_back(sample.iris[eye].y);
    }
    if (xs.empty()) Throw(ErrorCode::kData, "the eyes are hardly ever open in this shot; there is nothing to turn");
    ball.straight = {MedianOf(xs), MedianOf(ys)};  // until the angles are known
    pictures_[eye] = GatherIris(OpenSamples(eye), ball);
    const IrisRim rim = FitRim(pictures_[eye]);
    for (Sample& sample : samples_) sample.iris[eye] += rim.middle * ball.radius_px;
    ball.radius_px *= rim.radius;
    result_.shapes[eye].rim_softness = rim.softness;
    pictures_[eye] = GatherIris(OpenSamples(eye), ball);
    for (Sample& sample : samples_) {
      if (sample.lids[eye].open < kLeastOpen * usual_open_[eye]) continue;
      const cv::Mat open = OpenMask(inside_[eye], sample.lids[eye], size_, 0.5, 1);
      sample.iris[eye] =
          PlaceIris({sample.crop[eye], open, ball, pictures_[eye]}, sample.iris[eye], 0.5 * ball.radius_px).centre;
    }
  }
  const std::vector<EyeSample> open = OpenSamples(eye);
  pictures_[eye] = GatherIris(open, ball);
  result_.sclera[eye] = TensorFromMat(GatherSclera(open, ball));
}

// Whether what lies between the lids is a ball at all: lashes of a closed eye are as dark as an iris and keep lids
// apart.
double BallShare(const cv::Mat& likely_eye, const cv::Mat& between) {
  constexpr double kSurely = 1.0;  // mean log likelihood
  const double area = cv::sum(between)[0];
  if (area < 1) return 0;
  return std::clamp(likely_eye.dot(between) / area / kSurely, 0.0, 1.0);
}

EyeState Fitter::FitEye(const cv::Mat& crop, size_t eye, const EyeState& before) const {
  const EyeBall& ball = result_.shapes[eye].ball;
  EyeState state = before;
  const cv::Mat likely = colours_[eye].LikelyEye(crop);
  const LidState lids = FitLids(likely, lids_[eye], ball.radius_px);
  state.open = lids.open / usual_open_[eye] * BallShare(likely, OpenMask(inside_[eye], lids, size_, 0, 1));
  state.lower = lids.lower;
  state.sure = 0;
  if (state.open < kLeastOpen) return state;
  const cv::Mat open = OpenMask(inside_[eye], lids, size_, 0.5, 1);
  const IrisPlacing placing{crop, open, ball, pictures_[eye]};
  const IrisFinding rim =
      FindIris(LumaOf(crop), {ball.straight, 0.2 * between_px_, 0.08 * between_px_, ball.radius_px, ball.radius_px});
  PlacedIris best = PlaceIris(placing, rim.centre, 0.6 * ball.radius_px);
  const PlacedIris carried = PlaceIris(placing, before.iris, 0.6 * ball.radius_px);
  if (carried.misfit < best.misfit) best = carried;
  constexpr double kHardlySeen = 0.25;  // of the disc
  constexpr double kWholeSeen = 0.5;
  state.iris = best.centre;
  state.sure = std::clamp((best.seen - kHardlySeen) / (kWholeSeen - kHardlySeen), 0.0, 1.0) *
               std::clamp((0.14 - best.misfit) / 0.07, 0.0, 1.0);
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

void Fitter::FitFrames() {
  PerEye<EyeState> before;
  for (size_t eye = 0; eye < kEyes; ++eye) before[eye].iris = result_.shapes[eye].ball.straight;
  for (int64_t frame = frames_.begin; frame < frames_.end; ++frame) {
    const FaceFrame& face = face_[static_cast<size_t>(frame - frames_.begin)];
    const cv::Mat picture = MatFromTensor(shot_.Analysis(frame));
    FrameGaze& found = result_.frames.emplace_back();
    found.turn = face.turn;
    for (size_t eye = 0; eye < kEyes; ++eye) {
      const Affine map = Steady(picture, face.frame_from_crop[eye], eye);
      found.eyes[eye] = FitEye(CropOf(picture, map, size_), eye, before[eye]);
      found.eyes[eye].frame_from_crop = map;
      if (found.eyes[eye].sure > 0) before[eye] = found.eyes[eye];
    }
    progress_("following the gaze", frame - frames_.begin + 1, frames_.size());
  }
  for (size_t eye = 0; eye < kEyes; ++eye) CarryOver(eye);
}

ShotGaze Fitter::Run() {
  const PerEye<cv::Point2d>& eyes = inputs_.eyes.eyes;
  if (!frames_.Contains(inputs_.eyes.frame))
    Throw(ErrorCode::kUsage, "the eyes are said for frame {}, which this shot does not have", inputs_.eyes.frame);
  between_px_ = std::hypot(eyes[1].x - eyes[0].x, eyes[1].y - eyes[0].y);
  size_ = {static_cast<int>(std::lround(kCropHalfWidth * between_px_)),
           static_cast<int>(std::lround(kCropHalfHeight * between_px_))};
  face_ = TrackFace(shot_, inputs_.eyes, progress_);
  result_.first_frame = frames_.begin;
  result_.analysis_height = shot_.analysis_height();
  result_.analysis_width = shot_.analysis_width();
  result_.crop_half_width = size_.half_width;
  result_.crop_half_height = size_.half_height;
  TakeSamples();
  FindRadius();
  FindTravel();
  for (size_t eye = 0; eye < kEyes; ++eye) {
    FindColoursAndLids(eye);
    HoldStill(eye);
    FindColoursAndLids(eye);
  }
  for (Sample& sample : samples_) sample.picture.release();
  for (size_t eye = 0; eye < kEyes; ++eye) GatherPictures(eye);
  FitFrames();
  Calibrate(result_, inputs_, inside_);
  for (size_t eye = 0; eye < kEyes; ++eye) {
    EyeShape& shape = result_.shapes[eye];
    // From now on 1 is the usual opening.
    shape.upper = inside_[eye].upper();
    shape.lower = inside_[eye].lower();
    for (size_t k = 0; k < shape.upper.size(); ++k)
      shape.upper[k] = static_cast<float>(shape.lower[k] + usual_open_[eye] * (shape.upper[k] - shape.lower[k]));
    shape.upper_follows = LidFollows(result_, eye, {shape.upper, shape.lower});
    CompleteIris(pictures_[eye]);
    cv::Mat with_known;
    cv::merge(std::vector<cv::Mat>{pictures_[eye].rgb, pictures_[eye].known}, with_known);
    result_.iris[eye] = TensorFromMat(with_known);
  }
  return result_;
}

}  // namespace

ShotGaze FitShot(image::ShotReader& shot, const FitInputs& inputs, const FitProgress& progress) {
  return Fitter(shot, inputs, progress).Run();
}

Direction CameraGaze(const FrameGaze& frame, size_t eye) { return frame.turn + frame.eyes[eye].gaze; }

Direction UsualGaze(const ShotGaze& shot) {
  std::vector<double> yaws;
  std::vector<double> pitches;
  for (const FrameGaze& frame : shot.frames) {
    if (frame.eyes[0].sure < 0.5 || frame.eyes[1].sure < 0.5) continue;
    const Direction both = (CameraGaze(frame, 0) + CameraGaze(frame, 1)) * 0.5;
    yaws.push_back(both.yaw_deg);
    pitches.push_back(both.pitch_deg);
  }
  return {MedianOf(yaws), MedianOf(pitches)};
}

}  // namespace shotfix::gaze
