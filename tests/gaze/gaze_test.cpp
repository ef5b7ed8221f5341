// SPDX-License-Identifier: Apache-2.0
#include "support/test.h"

#include "gaze/calibration.h"
#include "shotfix/core/error.h"
#include "shotfix/gaze/eye_parts.h"
#include "shotfix/gaze/meter.h"
#include "shotfix/gaze/shot_gaze.h"
#include "support/face.h"

namespace shotfix {
namespace {

using gaze::Direction;
using testing::FaceIris;
using testing::UsualFace;

gaze::FitInputs InputsFor(const std::vector<testing::FaceFrameSpec>& frames, int64_t frame) {
  gaze::FitInputs inputs;
  inputs.eyes.frame = frame;
  // As somebody points: two px off.
  for (size_t eye = 0; eye < gaze::kEyes; ++eye)
    inputs.eyes.eyes[eye] = FaceIris(frames[static_cast<size_t>(frame)], eye) + cv::Point2d(2, -1);
  return inputs;
}

gaze::ShotGaze Fit(const testing::SyntheticShot& shot, const gaze::FitInputs& inputs) {
  testing::SyntheticReader reader(shot);
  return gaze::FitShot(reader, inputs, [](const char*, int64_t, int64_t) {});
}

TEST_CASE("a gaze and the place of its iris go over into each other") {
  const gaze::EyeBall ball{{3, -2}, 20, 11};
  for (const Direction& gaze : {Direction{0, 0}, Direction{17, -9}, Direction{-24, 12}}) {
    const Direction back = gaze::GazeAt(ball, gaze::IrisAt(ball, gaze));
    CHECK(back.yaw_deg == Approx(gaze.yaw_deg).margin(1e-9));
    CHECK(back.pitch_deg == Approx(gaze.pitch_deg).margin(1e-9));
  }
  CHECK(gaze::IrisAt(ball, {10, 0}).x > 3);   // + is picture right
  CHECK(gaze::IrisAt(ball, {0, 10}).y < -2);  // + is up
  CHECK(gaze::DegreesBetween({10, 0}, {-5, 0}) == Approx(15));
}

TEST_CASE("gazes are read as YAW,PITCH and as nothing else") {
  CHECK(gaze::ParseDirection("-12.5,3").yaw_deg == -12.5);
  for (const char* text : {"", "12", "12,", "12,3,4", "12,95", "a,b", "nan,0"})
    CHECK_THROWS_AS(gaze::ParseDirection(text), Error);
}

TEST_CASE("a map and its inverse undo each other, and a map scales with its picture") {
  const gaze::Affine map{0.9, 0.2, 31, -0.15, 1.1, 12};
  const cv::Point2d there = map.Inverse()(map(cv::Point2d(7, -5)));
  CHECK(there.x == Approx(7));
  CHECK(there.y == Approx(-5));
  // Twice as large: the pixel centred on 10 covers 20 and 21.
  CHECK(gaze::Affine{}.ScaledBy(2)(cv::Point2d(10, 10)).x == Approx(20.5));
}

TEST_CASE("the disc of a turned iris is squeezed along the turn") {
  const gaze::EyeBall ball{{0, 0}, 20, 10};
  const gaze::IrisDisc disc(ball, gaze::IrisAt(ball, {30, 0}));
  CHECK(disc.squeeze == Approx(std::cos(0.5236)).margin(1e-4));
  const cv::Point2d rim = disc.CropFrom({1, 0});
  CHECK(rim.x - disc.centre.x == Approx(10 * disc.squeeze));
  const cv::Point2d back = disc(disc.CropFrom({0.3, -0.6}));
  CHECK(back.x == Approx(0.3));
  CHECK(back.y == Approx(-0.6));
}

TEST_CASE("the meter finds a drawn iris to a third of a pixel") {
  const auto frames = UsualFace();
  const testing::SyntheticShot shot = testing::MakeFaceShot(frames);
  for (const size_t k : {size_t{1}, size_t{5}, size_t{9}}) {
    for (size_t eye = 0; eye < gaze::kEyes; ++eye) {
      const cv::Point2d truth = FaceIris(frames[k], eye);
      const auto found = gaze::MeasureIris(shot.pictures[k], truth + cv::Point2d(3, -2), FaceBall(frames[k], eye));
      REQUIRE(found);
      CHECK(found->x == Approx(truth.x).margin(0.33));
      CHECK(found->y == Approx(truth.y).margin(0.6));  // lids hide the rim above and below
    }
  }
  CHECK_FALSE(gaze::MeasureIris(at::full({3, 60, 60}, 0.5), {30, 30}, {{30, 30}, 19, 10}));
}

TEST_CASE("the meter finds an iris of which a corner leaves a part") {
  testing::FaceFrameSpec aside;
  aside.gaze = {40, 0};  // 12 px to the side; the eye ends 14 px further
  const testing::SyntheticShot shot = testing::MakeFaceShot({aside});
  const cv::Point2d truth = FaceIris(aside, 1);
  const auto found = gaze::MeasureIris(shot.pictures[0], truth + cv::Point2d(-2, 2), FaceBall(aside, 1));
  REQUIRE(found);
  CHECK(found->x == Approx(truth.x).margin(0.5));
}

TEST_CASE("the eyeball's size follows from irises that look far aside") {
  const auto frames = testing::LookingAround(24);
  const testing::SyntheticShot shot = testing::MakeFaceShot(frames);
  const gaze::ShotGaze found = Fit(shot, InputsFor(frames, 9));
  CHECK(found.calibration == gaze::Calibration::kEstimated);
  CHECK(found.shapes[0].ball.travel_px == Approx(testing::kFaceTravelPx).epsilon(0.12));
}

// A shot of made-up irises on a ball of 19 px, whose head turns further than it was followed.
gaze::ShotGaze Followed(Direction gain) {
  const gaze::EyeBall ball{{0, 0}, 19, 10};
  gaze::ShotGaze shot;
  for (int k = 0; k < 12; ++k) {
    gaze::FrameGaze frame;
    const Direction turn{4.0 * std::sin(0.7 * k), 5.0 * std::cos(0.5 * k)};
    const Direction of_head{12.0 * std::sin(1.9 * k), 6.0 * std::cos(1.3 * k)};
    frame.turn = {turn.yaw_deg / gain.yaw_deg, turn.pitch_deg / gain.pitch_deg};
    for (gaze::EyeState& eye : frame.eyes) {
      eye.iris = gaze::IrisAt(ball, of_head);
      eye.sure = 1;
      eye.gaze = of_head + turn;  // what a script supervisor would note
    }
    shot.frames.push_back(frame);
  }
  for (gaze::EyeShape& shape : shot.shapes) shape.ball = ball;
  return shot;
}

TEST_CASE("known gazes tell how far the head really turned") {
  const gaze::ShotGaze truth = Followed({1, 1});
  gaze::ShotGaze shot = Followed({1.2, 1.7});
  gaze::FitInputs inputs;
  for (const int64_t k : {0, 3, 5, 8}) inputs.known.push_back({k, shot.frames[static_cast<size_t>(k)].eyes[0].gaze});
  gaze::Calibrate(shot, inputs, {});
  CHECK(shot.calibration == gaze::Calibration::kWhole);
  CHECK(shot.shapes[0].ball.travel_px == Approx(19).epsilon(0.03));
  for (size_t k = 0; k < shot.frames.size(); ++k)
    CHECK(gaze::DegreesBetween(shot.frames[k].turn, truth.frames[k].turn) < 0.6);
}

TEST_CASE("a head that leaves is unseen, and followed again where it is found") {
  auto frames = testing::LookingAround(12);  // slowly, the first gazes are near each other
  for (size_t k = 0; k < frames.size(); ++k) {
    frames[k].away = k >= 5 && k < 8;
    if (k >= 8) frames[k].shift = 22;
  }
  const testing::SyntheticShot shot = testing::MakeFaceShot(frames);
  gaze::FitInputs inputs = InputsFor(frames, 2);
  size_t taught = 0;
  inputs.learn_search = [&](const std::vector<gaze::KnownEyes>& known) -> gaze::EyeSearch {
    taught = known.size();
    return [&frames, looks = size_t{5}](const at::Tensor&) mutable -> std::optional<gaze::PerEye<cv::Point2d>> {
      const testing::FaceFrameSpec& frame = frames[looks++];
      if (frame.away) return std::nullopt;
      return gaze::PerEye<cv::Point2d>{FaceBall(frame, 0).straight + cv::Point2d(3, 2), FaceBall(frame, 1).straight};
    };
  };
  const gaze::ShotGaze found = Fit(shot, inputs);
  CHECK(taught == 3);  // the frame of the hint and the two after it
  for (size_t k = 0; k < frames.size(); ++k) {
    INFO("frame " << k);
    CHECK(found.frames[k].seen == !frames[k].away);
    if (frames[k].away) continue;
    const gaze::EyeState& state = found.frames[k].eyes[0];
    CHECK(state.frame_from_crop(state.iris).x == Approx(FaceIris(frames[k], 0).x).margin(1));
  }
  inputs.learn_search = {};
  CHECK_FALSE(Fit(shot, inputs).frames[10].seen);
}

TEST_CASE("a shot's irises, blink and head are found from two points on one frame") {
  const auto frames = UsualFace();
  const testing::SyntheticShot shot = testing::MakeFaceShot(frames);
  const gaze::ShotGaze found = Fit(shot, InputsFor(frames, 9));
  REQUIRE(found.frames.size() == frames.size());
  CHECK(found.shapes[0].ball.radius_px == Approx(testing::kFaceIrisPx).epsilon(0.1));
  for (size_t k = 0; k < frames.size(); ++k) {
    for (size_t eye = 0; eye < gaze::kEyes; ++eye) {
      const gaze::EyeState& state = found.frames[k].eyes[eye];
      INFO("frame " << k << " eye " << eye << " open " << state.open << " sure " << state.sure);
      if (frames[k].open == 0) {
        CHECK(state.open < 0.3);
        CHECK(state.sure == 0);
        continue;
      }
      const cv::Point2d truth = FaceIris(frames[k], eye);
      const cv::Point2d iris = state.frame_from_crop(state.iris);
      CHECK(state.open > 0.8);
      CHECK(iris.x == Approx(truth.x).margin(0.6));
      CHECK(iris.y == Approx(truth.y).margin(1.2));
    }
    CHECK(std::abs(found.frames[k].turn.yaw_deg) < 1);  // it only drifts
  }
}

TEST_CASE("two known gazes give the zero and the size of the eyeball") {
  const auto frames = UsualFace();
  const testing::SyntheticShot shot = testing::MakeFaceShot(frames);
  gaze::FitInputs inputs = InputsFor(frames, 9);
  inputs.known = {{2, frames[2].gaze}, {5, frames[5].gaze}};
  const gaze::ShotGaze found = Fit(shot, inputs);
  CHECK(found.calibration == gaze::Calibration::kWhole);
  CHECK(found.shapes[0].ball.travel_px == Approx(testing::kFaceTravelPx).epsilon(0.08));
  const Direction third = (gaze::CameraGaze(found.frames[10], 0) + gaze::CameraGaze(found.frames[10], 1)) * 0.5;
  CHECK(third.yaw_deg == Approx(0).margin(1.5));
  CHECK(third.pitch_deg == Approx(2).margin(2.5));
}

TEST_CASE("the same shot gives the same eyes") {
  const auto frames = UsualFace();
  const testing::SyntheticShot shot = testing::MakeFaceShot(frames);
  const gaze::ShotGaze a = Fit(shot, InputsFor(frames, 9));
  const gaze::ShotGaze b = Fit(shot, InputsFor(frames, 9));
  for (size_t k = 0; k < frames.size(); ++k) CHECK(a.frames[k].eyes[0].iris == b.frames[k].eyes[0].iris);
  CHECK(a.iris[1].equal(b.iris[1]));
  CHECK(a.sclera[0].equal(b.sclera[0]));
}

TEST_CASE("pixels that are no numbers lead to no index") {
  const auto frames = UsualFace();
  testing::SyntheticShot shot = testing::MakeFaceShot(frames);
  for (at::Tensor& picture : shot.pictures) picture.narrow(1, 84, 6).narrow(2, 95, 8).fill_(std::nan(""));
  const gaze::ShotGaze found = Fit(shot, InputsFor(frames, 9));
  for (const gaze::FrameGaze& frame : found.frames) {
    for (const gaze::EyeState& eye : frame.eyes) CHECK(std::isfinite(eye.iris.x + eye.iris.y + eye.gaze.yaw_deg));
  }
}

TEST_CASE("a face of one tone says that it cannot be followed") {
  testing::SyntheticShot shot;
  for (int k = 0; k < 3; ++k) shot.pictures.push_back(at::full({3, 120, 160}, 0.5));
  gaze::FitInputs inputs;
  inputs.eyes = {1, {cv::Point2d(50, 60), cv::Point2d(110, 60)}};
  CHECK_THROWS_AS(Fit(shot, inputs), Error);
}

TEST_CASE("hints outside the shot are refused") {
  const auto frames = UsualFace();
  const testing::SyntheticShot shot = testing::MakeFaceShot(frames);
  gaze::FitInputs inputs = InputsFor(frames, 9);
  inputs.known = {{40, {}}};
  CHECK_THROWS_AS(Fit(shot, inputs), Error);
  inputs = InputsFor(frames, 9);
  inputs.eyes.frame = 99;
  CHECK_THROWS_AS(Fit(shot, inputs), Error);
}

}  // namespace
}  // namespace shotfix
