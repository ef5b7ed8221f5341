// SPDX-License-Identifier: Apache-2.0
#include "gaze/learn_eyes.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <set>

#include "gaze/align.h"
#include "gaze/calibration.h"
#include "gaze/eye_seeds.h"
#include "gaze/eyeball.h"
#include "gaze/layers.h"
#include "shotfix/core/error.h"

namespace shotfix::gaze {
namespace {

constexpr int64_t kMostSamples = 48;     // frames that are looked at
constexpr double kCropHalfWidth = 0.42;  // distances between the eyes
constexpr double kCropHalfHeight = 0.26;
constexpr double kLeastIris = 0.078;  // radius, distances between the eyes
constexpr double kMostIris = 0.125;
constexpr double kUsualIris = 0.094;
constexpr double kOpenForPictures = 0.75;

struct Sample {
  int64_t frame = 0;
  cv::Mat picture;   // the part around the eyes, until the crops are final
  cv::Point origin;  // of that part in the frame
  PerEye<Affine> map;
  PerEye<cv::Mat> crop;
  PerEye<cv::Point2d> iris;
  PerEye<LidState> lids;
};

class Learner {
 public:
  Learner(image::ShotReader& shot, const FitInputs& inputs, const std::vector<FaceFrame>& face,
          const FitProgress& progress)
      : shot_(shot), inputs_(inputs), face_(face), progress_(progress), frames_(shot.frames()) {}
  ShotEyes Run();

 private:
  void TakeSamples();
  void CutAround(const cv::Mat& picture, Sample& sample) const;
  void FindRadius();
  void FindTravel();
  void FindColoursAndLids(size_t eye);
  void LowerToIris(size_t eye);
  // From lids with their lashes, one state of each sample, to those inside of them.
  void GoInside(size_t eye, const std::vector<LidState>& outer);
  void HoldStill(size_t eye);
  double FitTravel() const;
  void GatherPictures(size_t eye, int rounds);
  std::vector<EyeSample> OpenSamples(size_t eye) const;
  bool IsOpen(const Sample& sample, size_t eye, double share) const {
    return sample.lids[eye].open >= share * knows_.eyes[eye].usual_open;
  }

  image::ShotReader& shot_;
  const FitInputs& inputs_;
  const std::vector<FaceFrame>& face_;
  const FitProgress& progress_;
  FrameRange frames_;
  std::vector<Sample> samples_;
  bool travel_known_ = false;  // from gazes or another shot
  ShotEyes knows_;
};

void Learner::TakeSamples() {
  std::set<int64_t> wanted;
  const int64_t evenly = std::min(kMostSamples, frames_.size());
  for (int64_t k = 0; k < evenly; ++k) wanted.insert(frames_.begin + (2 * k + 1) * frames_.size() / (2 * evenly));
  for (const KnownGaze& known : inputs_.known) {
    if (!frames_.Contains(known.frame))
      Throw(ErrorCode::kUsage, "a gaze is said for frame {}, which this shot does not have", known.frame);
    wanted.insert(known.frame);
  }
  wanted.insert(inputs_.eyes.frame);  // which is seen for certain
  const auto count = static_cast<int64_t>(wanted.size());
  for (const int64_t frame : wanted) {
    if (!face_[static_cast<size_t>(frame - frames_.begin)].seen) continue;
    Sample sample;
    sample.frame = frame;
    const cv::Mat picture = MatFromTensor(shot_.Analysis(sample.frame));
    const FaceFrame& face = face_[static_cast<size_t>(sample.frame - frames_.begin)];
    sample.map = face.frame_from_crop;
    CutAround(picture, sample);
    for (size_t eye = 0; eye < kEyes; ++eye) sample.crop[eye] = CropOf(picture, sample.map[eye], knows_.size);
    samples_.push_back(std::move(sample));
    progress_("looking at the eyes", static_cast<int64_t>(samples_.size()), count);
  }
}

// Whole frames of many samples would fill the memory.
void Learner::CutAround(const cv::Mat& picture, Sample& sample) const {
  constexpr int kMargin = 24;  // px: what a crop may still move by
  cv::Rect part;
  for (const Affine& map : sample.map) {
    const double reach = map.Scale() * std::hypot(knows_.size.half_width, knows_.size.half_height) + kMargin;
    const cv::Point2d middle = map(cv::Point2d(0, 0));
    const cv::Rect around(static_cast<int>(middle.x - reach), static_cast<int>(middle.y - reach),
                          static_cast<int>(2 * reach), static_cast<int>(2 * reach));
    part = part.empty() ? around : part | around;
  }
  part &= cv::Rect(0, 0, picture.cols, picture.rows);
  if (part.empty()) part = cv::Rect(0, 0, 1, 1);  // the eyes are outside the picture on this frame
  sample.picture = picture(part).clone();
  sample.origin = part.tl();
}

void Learner::FindRadius() {
  constexpr double kReachX = 0.2;  // distances between the eyes
  constexpr double kReachY = 0.1;
  std::vector<IrisFinding> all;
  for (Sample& sample : samples_) {
    for (size_t eye = 0; eye < kEyes; ++eye) {
      const IrisSearch search{{0, 0},
                              kReachX * knows_.between_px,
                              kReachY * knows_.between_px,
                              kLeastIris * knows_.between_px,
                              kMostIris * knows_.between_px,
                              kUsualIris * knows_.between_px};
      all.push_back(FindIris(LumaOf(sample.crop[eye]), search));
    }
  }
  // Blinks and half-open eyes have weak rims: the better half tells the radius.
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.contrast > b.contrast; });
  std::vector<double> radii;
  for (size_t k = 0; k < (all.size() + 1) / 2; ++k) radii.push_back(all[k].radius);
  const double radius = MedianOf(radii);
  for (EyeKnowledge& eye : knows_.eyes) eye.ball.radius_px = radius;
  for (Sample& sample : samples_) {
    for (size_t eye = 0; eye < kEyes; ++eye)
      sample.iris[eye] = FindIris(LumaOf(sample.crop[eye]),
                                  {{0, 0}, kReachX * knows_.between_px, kReachY * knows_.between_px, radius, radius})
                             .centre;
  }
}

// How far irises travel, before anything is gathered from them: a disc that is taken for more turned than it is comes
// out too wide.
void Learner::FindTravel() {
  const double radius = knows_.eyes[0].ball.radius_px;
  std::vector<KnownPlace> places;
  for (const KnownGaze& known : inputs_.known) {
    const auto at =
        std::find_if(samples_.begin(), samples_.end(), [&](const Sample& s) { return s.frame == known.frame; });
    if (at == samples_.end()) continue;  // nobody was to be seen
    places.push_back({known.gaze - face_[static_cast<size_t>(known.frame - frames_.begin)].turn, at->iris});
  }
  const std::optional<double> measured = TravelFrom(places, radius);
  travel_known_ = measured || inputs_.travel;
  const double travel = measured.value_or(inputs_.travel.value_or(kMeanTravel) * radius);
  for (EyeKnowledge& eye : knows_.eyes) eye.ball.travel_px = travel;
}

void Learner::FindColoursAndLids(size_t eye) {
  constexpr int kRounds = 3;
  const double radius = knows_.eyes[eye].ball.radius_px;
  cv::Mat is_eye(knows_.size.height(), knows_.size.width(), CV_8UC1);
  cv::Mat is_skin(knows_.size.height(), knows_.size.width(), CV_8UC1);
  std::vector<double> xs;
  std::vector<double> ys;
  for (const Sample& sample : samples_) {
    xs.push_back(sample.iris[eye].x);
    ys.push_back(sample.iris[eye].y);
  }
  const cv::Point2d usual_iris(MedianOf(xs), MedianOf(ys));
  const cv::Mat usual = UsualEye(knows_.size, usual_iris, radius);
  for (int round = 0; round < kRounds; ++round) {
    EyeColours colours;
    for (const Sample& sample : samples_) {
      SeedByIris(sample.iris[eye], usual_iris, radius, is_eye, is_skin);
      if (round > 0) AddSkin(knows_.eyes[eye].lids, knows_.size, is_eye, is_skin);
      colours.Learn(sample.crop[eye], is_eye, is_skin);
    }
    colours.Finish();
    // An iris passes over what is eye; skin is skin in most frames.
    constexpr double kShare = 0.75;
    std::vector<cv::Mat> all;
    for (const Sample& sample : samples_) all.push_back(colours.LikelyEye(sample.crop[eye]));
    const cv::Mat likely = QuantilePicture(all, kShare);
    knows_.eyes[eye].colours = colours;
    knows_.eyes[eye].lids = FindLids(likely + usual);
  }
  WhiteEdges edges(knows_.eyes[eye].lids, radius);
  for (Sample& sample : samples_) {
    const cv::Mat luma = LumaOf(sample.crop[eye]);
    const cv::Mat likely = knows_.eyes[eye].colours.LikelyEye(sample.crop[eye]);
    sample.lids[eye] = FitLids({likely, luma}, knows_.eyes[eye].lids, radius);
    edges.Vote(luma, sample.lids[eye], sample.iris[eye]);
  }
  knows_.eyes[eye].inside = edges.Inside();
  std::vector<LidState> outer;
  for (const Sample& sample : samples_) outer.push_back(sample.lids[eye]);
  GoInside(eye, outer);
  LowerToIris(eye);
  GoInside(eye, outer);
}

void Learner::GoInside(size_t eye, const std::vector<LidState>& outer) {
  std::vector<double> openings;
  for (size_t k = 0; k < samples_.size(); ++k) {
    samples_[k].lids[eye] = InsideLashes(outer[k], knows_.eyes[eye].lids, knows_.eyes[eye].inside);
    openings.push_back(samples_[k].lids[eye].open);
  }
  knows_.eyes[eye].usual_open = std::max(0.1, MedianOf(openings));
}

// Note [Under the iris]: whites tell where a lower lid begins beside the iris; under it nothing white is seen. Where
// the iris itself goes on below that edge, so does the eye: else an iris that leaves would leave its lower rim on the
// lid.
void Learner::LowerToIris(size_t eye) {
  constexpr double kHalfWidth = 0.55;  // iris radii
  constexpr double kRim = 0.95;
  constexpr double kMost = 0.45;
  constexpr float kLikely = 0.5F;  // log likelihood
  constexpr size_t kFewest = 3;
  EyeKnowledge& knows = knows_.eyes[eye];
  const double radius = knows.ball.radius_px;
  std::vector<double> reaches;
  for (const Sample& sample : samples_) {
    if (!IsOpen(sample, eye, kOpenForPictures)) continue;
    const cv::Mat likely = knows.colours.LikelyEye(sample.crop[eye]);
    double reach = 0;
    bool iris = true;
    size_t places = kFewest;
    while (iris && places >= kFewest && reach < kMost * radius) {
      float sum = 0;
      places = 0;
      for (double u = sample.iris[eye].x - kHalfWidth * radius; u <= sample.iris[eye].x + kHalfWidth * radius; ++u) {
        const double v = knows.inside.Lower(sample.lids[eye], u) + reach + 0.5;
        if (!(std::hypot(u - sample.iris[eye].x, v - sample.iris[eye].y) < kRim * radius)) continue;
        sum += ValueAt(likely, u + knows_.size.half_width, v + knows_.size.half_height);
        ++places;
      }
      iris = places >= kFewest && sum > kLikely * static_cast<float>(places);
      if (iris) reach += 0.5;
    }
    if (reach > 0 || places >= kFewest) reaches.push_back(reach);  // else the iris ends above the lid
  }
  if (reaches.size() < kFewest) return;
  const double down = MedianOf(reaches);
  std::vector<float> lower = knows.inside.lower();
  for (size_t k = 0; k < lower.size(); ++k)
    lower[k] += static_cast<float>(down * knows.inside.Bulge(static_cast<double>(k) - knows_.size.half_width));
  knows.inside = {knows.inside.upper(), std::move(lower)};
}

void Learner::HoldStill(size_t eye) {
  constexpr int kRounds = 2;  // the usual crop gets sharper
  knows_.eyes[eye].still = StillSurroundings(knows_.eyes[eye].lids, knows_.size, knows_.eyes[eye].ball.radius_px);
  for (int round = 0; round < kRounds; ++round) {
    std::vector<cv::Mat> lumas;
    for (const Sample& sample : samples_) lumas.push_back(LumaOf(sample.crop[eye]));
    knows_.eyes[eye].surroundings = QuantilePicture(lumas, 0.5);
    for (Sample& sample : samples_) {
      const Affine& map = face_[static_cast<size_t>(sample.frame - frames_.begin)].frame_from_crop[eye];
      const cv::Point2d origin(sample.origin);
      const Affine in_part = Steady(knows_.eyes[eye], knows_.size, sample.picture, map.Shifted(-origin));
      const Affine steady = in_part.Shifted(origin);
      const cv::Point2d before = sample.map[eye](sample.iris[eye]);
      sample.map[eye] = steady;
      sample.crop[eye] = CropOf(sample.picture, in_part, knows_.size);
      sample.iris[eye] = steady.Inverse()(before);
    }
  }
}

std::vector<EyeSample> Learner::OpenSamples(size_t eye) const {
  std::vector<EyeSample> open;
  for (const Sample& sample : samples_) {
    if (!IsOpen(sample, eye, kOpenForPictures)) continue;
    open.push_back({sample.crop[eye], OpenMask(knows_.eyes[eye].inside, sample.lids[eye], knows_.size, 1, 1),
                    sample.iris[eye], sample.lids[eye]});
  }
  return open;
}

void Learner::GatherPictures(size_t eye, int rounds) {
  EyeBall& ball = knows_.eyes[eye].ball;
  for (int round = 0; round < rounds; ++round) {
    std::vector<double> xs;
    std::vector<double> ys;
    for (const Sample& sample : samples_) {
      if (!IsOpen(sample, eye, kOpenForPictures)) continue;
      xs.push_back(sample.iris[eye].x);
      ys.push_back(sample.iris[eye].y);
    }
    if (xs.empty()) Throw(ErrorCode::kData, "the eyes are hardly ever open in this shot; there is nothing to turn");
    ball.straight = {MedianOf(xs), MedianOf(ys)};  // until the angles are known
    knows_.eyes[eye].picture = GatherIris(OpenSamples(eye), ball);
    const IrisRim rim = FitRim(knows_.eyes[eye].picture);
    for (Sample& sample : samples_) sample.iris[eye] += rim.middle * ball.radius_px;
    ball.radius_px *= rim.radius;
    knows_.eyes[eye].rim_softness = rim.softness;
    knows_.eyes[eye].picture = GatherIris(OpenSamples(eye), ball);
    for (Sample& sample : samples_) {
      if (!IsOpen(sample, eye, kLeastOpen)) continue;
      const cv::Mat open = OpenMask(knows_.eyes[eye].inside, sample.lids[eye], knows_.size, 0.5, 1);
      sample.iris[eye] =
          PlaceIris({sample.crop[eye], open, ball, knows_.eyes[eye].picture}, sample.iris[eye], 0.5 * ball.radius_px)
              .centre;
    }
  }
  const std::vector<EyeSample> open = OpenSamples(eye);
  knows_.eyes[eye].picture = GatherIris(open, ball);
  knows_.eyes[eye].sclera = GatherSclera(open, ball);
  knows_.eyes[eye].lashes = GatherLashes(open, ball, knows_.eyes[eye].inside, knows_.eyes[eye].sclera);
}

double Learner::FitTravel() const {
  PerEye<std::vector<IrisWidth>> seen;
  for (const Sample& sample : samples_) {
    for (size_t eye = 0; eye < kEyes; ++eye) {
      if (!IsOpen(sample, eye, kOpenForPictures)) continue;
      const EyeKnowledge& knows = knows_.eyes[eye];
      const cv::Mat open = OpenMask(knows.inside, sample.lids[eye], knows_.size, 0.5, 1);
      const auto width = WidthOf(LumaOf(sample.crop[eye]), open, sample.iris[eye], knows.ball.radius_px);
      if (width) seen[eye].push_back(*width);
    }
  }
  return TravelFromWidths(seen);
}

ShotEyes Learner::Run() {
  constexpr int kRounds = 3;
  const PerEye<cv::Point2d>& eyes = inputs_.eyes.eyes;
  knows_.between_px = std::hypot(eyes[1].x - eyes[0].x, eyes[1].y - eyes[0].y);
  knows_.size = {static_cast<int>(std::lround(kCropHalfWidth * knows_.between_px)),
                 static_cast<int>(std::lround(kCropHalfHeight * knows_.between_px))};
  TakeSamples();
  FindRadius();
  FindTravel();
  for (size_t eye = 0; eye < kEyes; ++eye) {
    FindColoursAndLids(eye);
    HoldStill(eye);
    FindColoursAndLids(eye);
  }
  for (Sample& sample : samples_) sample.picture.release();
  for (size_t eye = 0; eye < kEyes; ++eye) GatherPictures(eye, travel_known_ ? kRounds : 1);
  if (!travel_known_) {
    const double travel = FitTravel();
    for (EyeKnowledge& eye : knows_.eyes) eye.ball.travel_px = travel * eye.ball.radius_px;
    for (size_t eye = 0; eye < kEyes; ++eye) GatherPictures(eye, kRounds - 1);
  }
  return knows_;
}

}  // namespace

double MedianOf(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

Affine Steady(const EyeKnowledge& eye, CropSize size, const cv::Mat& picture, const Affine& frame_from_crop) {
  constexpr double kMost = 0.35;  // iris radii
  const cv::Mat luma = LumaOf(CropOf(picture, frame_from_crop, size));
  return frame_from_crop.After(ShiftBetween(eye.surroundings, luma, eye.still, kMost * eye.ball.radius_px));
}

ShotEyes LearnEyes(image::ShotReader& shot, const FitInputs& inputs, const std::vector<FaceFrame>& face,
                   const FitProgress& progress) {
  return Learner(shot, inputs, face, progress).Run();
}

}  // namespace shotfix::gaze
