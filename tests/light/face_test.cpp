// SPDX-License-Identifier: Apache-2.0
// The mean face as it is laid and turned, a head that turns as one thing, and a light read from how a painted ball
// turns.
#include "support/test.h"

#include "shotfix/core/error.h"
#include "shotfix/image/resample.h"
#include "shotfix/light/face_relief.h"
#include "shotfix/light/light_from_motion.h"
#include "shotfix/light/registration.h"
#include "support/ball.h"

namespace shotfix::light {
namespace {

using testing::Ball;
using testing::BallUnder;
using testing::DegreesApart;
using testing::MakeBall;

constexpr int64_t kHeight = 160;
constexpr int64_t kWidth = 200;
constexpr double kApart = 40;  // of the eyes, px
constexpr double kMiddleX = 100, kMiddleY = 60;

FacePlace PlaceAt(double yaw_deg, double roll_deg = 0) {
  const double roll = roll_deg * 3.14159265358979 / 180;
  const double x = std::cos(roll) * kApart / 2;
  const double y = std::sin(roll) * kApart / 2;
  return {{kMiddleX - x, kMiddleY - y}, {kMiddleX + x, kMiddleY + y}, yaw_deg};
}

// The normal at a place in distances between the eyes.
Vector NormalAt(const FaceRelief& face, double u, double v) {
  const auto x = static_cast<int64_t>(std::lround(kMiddleX + u * kApart));
  const auto y = static_cast<int64_t>(std::lround(kMiddleY + v * kApart));
  const at::Tensor normal = face.normals.select(2, x).select(1, y);
  return {normal[0].item<double>(), normal[1].item<double>(), normal[2].item<double>()};
}

// A ball of a head's width whose middle is at x.
at::Tensor HeadMask(double middle_x) {
  const at::Tensor x = at::arange(kWidth).view({1, 1, kWidth}) - middle_x;
  const at::Tensor y = at::arange(kHeight).view({1, kHeight, 1}) - 70;
  return ((x * x + y * y) < 55 * 55).to(at::kFloat);
}

// Where the places of a turned ball were before, px from where they are.
struct Turn {
  at::Tensor before;  // [3,h,w] their normals then
  at::Tensor offset;  // [2,h,w]
  at::Tensor seen;    // [1,h,w] 1 where both frames see them well
};
Turn TurnOf(double turn_deg) {
  const Ball ball = MakeBall();
  const double turn = turn_deg * 3.14159265358979 / 180;
  const at::Tensor& n = ball.normals;
  const at::Tensor x = n[0] * std::cos(turn) - n[2] * std::sin(turn);
  const at::Tensor z = n[0] * std::sin(turn) + n[2] * std::cos(turn);
  return {at::stack({x, n[1], z}).contiguous(),
          at::stack({(x - n[0]) * testing::kBallRadiusPx, at::zeros_like(x)}).contiguous(),
          ball.mask * (z > 0.3).unsqueeze(0) * (n[2] > 0.3).unsqueeze(0)};
}

// The same places of the ball before and after a turn, as a frame of the turned ball sees them.
TurnedSurface TurnedBall(double turn_deg, const SceneLight& light) {
  const Ball after = MakeBall(testing::kBallWidth / 2.0, turn_deg);
  const Turn turn = TurnOf(turn_deg);
  return {image::SampleAtOffset(BallUnder(MakeBall(), light), turn.offset, image::Filter::kBilinear),
          BallUnder(after, light), turn.before, after.normals, turn.seen};
}

}  // namespace

TEST_CASE("a mean face is the same on both sides and shaped like one", "[light]") {
  const FaceRelief face = MeanFaceAt(PlaceAt(0), kHeight, kWidth);
  for (const double v : {-0.4, 0.3, 0.6, 1.2}) {
    const Vector left = NormalAt(face, -0.3, v);
    const Vector right = NormalAt(face, 0.3, v);
    CHECK(left[0] == Approx(-right[0]).margin(0.02));
    CHECK(left[1] == Approx(right[1]).margin(0.02));
  }
  CHECK(NormalAt(face, -0.12, 0.4)[0] < -0.3);  // the flank of the nose
  CHECK(NormalAt(face, 0, 0.85)[1] < -0.2);     // under its tip
  CHECK(NormalAt(face, 0.9, 0.4)[0] > 0.5);     // the cheek's side
  CHECK(face.holds.select(2, 100).select(1, 80).item<double>() == Approx(1));
  CHECK(face.holds.select(2, 5).select(1, 80).item<double>() == 0);
  // Without its features it is the ellipsoid, which has no nose.
  const FaceRelief head = MeanHeadAt(PlaceAt(0), kHeight, kWidth);
  CHECK(std::abs(NormalAt(head, -0.12, 0.4)[0]) < 0.2);
  CHECK_THROWS_AS(MeanFaceAt({{10, 10}, {10, 10}, 0}, kHeight, kWidth), Error);
}

TEST_CASE("a mean face turns with the head and rolls with its eyes", "[light]") {
  const Vector ahead = NormalAt(MeanFaceAt(PlaceAt(0), kHeight, kWidth), 0, -0.5);
  const Vector turned = NormalAt(MeanFaceAt(PlaceAt(25), kHeight, kWidth), 0, -0.5);
  CHECK(turned[0] > ahead[0] + 0.2);
  // Rolled by a right angle what looked up looks to picture right: the line of the eyes goes down the picture.
  const FaceRelief upright = MeanFaceAt(PlaceAt(0), kHeight, kWidth);
  const FaceRelief rolled = MeanFaceAt(PlaceAt(0, 90), kHeight, kWidth);
  const Vector brow = NormalAt(upright, 0, -0.6);
  const Vector same = NormalAt(rolled, 0.6, 0);
  CHECK(same[0] == Approx(brow[1]).margin(0.03));
  CHECK(same[1] == Approx(-brow[0]).margin(0.03));
}

TEST_CASE("how far a head is turned follows from its eyes in its outline", "[light]") {
  CHECK(YawFromOutline(PlaceAt(0), HeadMask(kMiddleX)) == Approx(0).margin(1));
  CHECK(YawFromOutline(PlaceAt(0), HeadMask(kMiddleX - 0.4 * kApart)) == Approx(14.5).margin(1));
  CHECK(YawFromOutline(PlaceAt(0), HeadMask(kMiddleX + 0.4 * kApart)) == Approx(-14.5).margin(1));
  // Turned by 28 degrees eyes that are kApart from each other come nearer: 1.55 sin 28 of what they were apart.
  CHECK(YawFromOutline(PlaceAt(0), HeadMask(kMiddleX - 1.55 * std::tan(28 * 3.14159 / 180) * kApart)) ==
        Approx(28).margin(1.5));
  CHECK(YawFromOutline(PlaceAt(0), at::ones({1, kHeight, kWidth})) == 0);  // a close-up: no outline
  CHECK(YawFromOutline(PlaceAt(0), at::zeros({1, kHeight, kWidth})) == 0);
}

TEST_CASE("a head turns as one thing, and one that left stands as it stood", "[light]") {
  const Ball ball = MakeBall();
  const Turn turn = TurnOf(15);
  TakeSurface known{ball.normals, ball.albedo, ball.heights, ball.mask, ball.mask};
  const Registration found{turn.offset, turn.seen, 1};
  CHECK(DegreesApart(turn.before, ball.normals, turn.seen) > 12);  // what is to be turned
  CHECK(DegreesApart(SeeSurface(known, found).normals, ball.normals, turn.seen) < 1);
  // Half as deep as it is, it must turn farther for the same move.
  known.heights = ball.heights / 2;
  CHECK(DegreesApart(SeeSurface(known, found).normals, ball.normals, turn.seen) > 5);
  known.head_deeper = 2;
  CHECK(DegreesApart(SeeSurface(known, found).normals, ball.normals, turn.seen) < 1);
  const SeenSurface gone = SeeSurface(known, {turn.offset, at::zeros_like(turn.seen), 0});
  CHECK(at::isfinite(gone.normals).all().item<bool>());
}

TEST_CASE("a turning ball tells where its light stands, one that holds still does not", "[light]") {
  for (const Angles from : {Angles{-40, 25}, Angles{60, 10}, Angles{10, 45}}) {
    const SceneLight light{{{DirectionOf(from), {0.9, 0.8, 0.6}, 8}}, {0.1, 0.1, 0.1}};
    const MotionLight found = FindLightFromMotion({TurnedBall(15, light), TurnedBall(-12, light)}, 4);
    INFO(from.azimuth_deg << "," << from.elevation_deg << " found within " << found.uncertainty_deg);
    CHECK(DegreesBetween(found.direction, DirectionOf(from)) < 6);
    CHECK(found.uncertainty_deg < 12);
    CHECK(found.turned_deg > 10);
  }
  const SceneLight light{{{DirectionOf({-40, 25}), {0.9, 0.8, 0.6}, 8}}, {0.1, 0.1, 0.1}};
  CHECK(FindLightFromMotion({TurnedBall(0.5, light)}, 4).turned_deg < 1);
  TurnedSurface hidden = TurnedBall(15, light);
  hidden.weight = at::zeros_like(hidden.weight);
  CHECK_THROWS_AS(FindLightFromMotion({hidden}, 4), Error);
}

}  // namespace shotfix::light
