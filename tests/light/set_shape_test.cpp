// SPDX-License-Identifier: Apache-2.0
#include "passes/relight/set_shape.h"

#include "shotfix/image/resample.h"
#include "shotfix/temporal/camera_track.h"
#include "support/ball.h"
#include "support/room.h"
#include "support/test.h"

namespace shotfix::passes::relight {
namespace {

using Catch::Matchers::Contains;

const light::SceneLight kLamp{{{light::DirectionOf({-40, 40}), {0.8, 0.8, 0.8}, 8}}, {0.3, 0.3, 0.3}};

SetShape FoundIn(const testing::Room& room) {
  testing::SyntheticReader reader(room.shot);
  return SetShape::Find(
      reader, [&](int64_t frame) { return room.shot.mattes.at(static_cast<size_t>(frame)); }, [](int64_t) {});
}

double ErrorIn(const SetShape& shape, const testing::Room& room, size_t frame) {
  const at::Tensor& truth = room.normals[frame];
  const at::Tensor found = shape.NormalsIn(static_cast<int64_t>(frame), truth.size(1), truth.size(2));
  return testing::DegreesApart(found, truth, 1 - room.shot.mattes[frame]);
}

TEST_CASE("a set's planes are known where the camera moves through it") {
  testing::RoomOptions options;
  options.actor = true;
  const testing::Room room = testing::PaintRoom(options, kLamp);
  const SetShape shape = FoundIn(room);
  INFO(shape.Explain());
  REQUIRE(shape.known());
  CHECK_THAT(shape.Explain(), Contains("3 planes"));
  for (const size_t frame : {size_t{0}, room.normals.size() / 2, room.normals.size() - 1}) {
    INFO("frame " << frame);
    CHECK(ErrorIn(shape, room, frame) < 2);
  }
}

TEST_CASE("a camera that only turns tells no planes, and it is said why") {
  testing::RoomOptions options;
  options.travel = 0;
  const SetShape shape = FoundIn(testing::PaintRoom(options, kLamp));
  CHECK_FALSE(shape.known());
  CHECK_THAT(shape.Explain(), Contains("wall that faces the lens") && Contains("shifts it by"));
}

TEST_CASE("a lens that zooms is not taken for a camera that moves") {
  testing::RoomOptions options;
  options.frames = 1;
  const testing::Room still = testing::PaintRoom(options, kLamp);
  const at::Tensor& picture = still.shot.pictures.front();
  testing::Room room;
  for (int64_t frame = 0; frame < 9; ++frame) {
    const double scale = 1 + 0.02 * static_cast<double>(frame - 4);
    const temporal::Homography zoom = {1 / scale, 0, 159.5 * (1 - 1 / scale), 0, 1 / scale, 89.5 * (1 - 1 / scale), 0,
                                       0,         1};
    const at::Tensor offset = temporal::OffsetOf(zoom, options.height, options.width);
    room.shot.pictures.push_back(image::SampleAtOffset(picture, offset, image::Filter::kBicubic).clamp(0, 1));
    room.shot.mattes.push_back(still.shot.mattes.front());
  }
  const SetShape shape = FoundIn(room);
  CHECK_FALSE(shape.known());
  CHECK_THAT(shape.Explain(), Contains("zooms"));
}

TEST_CASE("over a floor's horizon is what is far away") {
  const temporal::Lens lens{300, {159.5, 89.5}};
  const std::vector<light::SetPlane> planes = {{{0, 1, 0}, 1, 100}, light::FarAway()};
  const at::Tensor alike = at::full({3, 180, 320}, 0.5);
  const at::Tensor all = at::ones({1, 180, 320});
  const at::Tensor none = light::SharesOfPlanes(planes, lens, {alike, all * 0, {}}, {{alike, all, {}}});
  const at::Tensor normals = light::NormalsOfPlanes(planes, none);
  CHECK(normals[2][20].min().item<double>() > 0.99);
  CHECK(normals[1][160].min().item<double>() > 0.99);
  const at::Tensor down = light::SharesSeenFrom({cv::Matx33d::eye(), {0, 0.2, 0}}, planes, lens, none);
  CHECK(down.narrow(0, 1, 1).slice(1, 0, 80).min().item<double>() > 0.99);
}

TEST_CASE("a table hides the wall behind it, and gives it free as the camera moves") {
  const temporal::Lens lens{300, {159.5, 89.5}};
  // Two walls that face the lens, one of them twice as near; it covers the left half of the picture.
  const std::vector<light::SetPlane> planes = {{{0, 0, 0.5}, 1, 100}, {{0, 0, 1}, 1, 100}};
  const at::Tensor left = (at::arange(320).view({1, 1, 320}) < 160).to(at::kFloat).expand({1, 180, 320});
  const at::Tensor shares = at::cat({1 - left, left}).contiguous();
  const auto near_at = [&](double shift, int64_t column) {
    return light::SharesSeenFrom({cv::Matx33d::eye(), {shift, 0, 0}}, planes, lens, shares)[1][90][column]
        .item<double>();
  };
  // Of 0.1 the near one moves by 30 px, the far one by 15.
  CHECK(near_at(0.1, 183) > 0.99);
  CHECK(near_at(0.1, 195) < 0.01);
  CHECK(near_at(-0.1, 125) > 0.99);
  CHECK(near_at(-0.1, 138) < 0.01);  // neither was seen there: the wall comes out
  CHECK(near_at(-0.1, 150) < 0.01);
}

TEST_CASE("a stored set is the set that was found") {
  const testing::Room room = testing::PaintRoom({}, kLamp);
  const SetShape shape = FoundIn(room);
  REQUIRE(shape.known());
  image::Solution solution;
  solution.body = "{}";
  shape.Pack(solution);
  const SetShape again = SetShape::Unpack(solution);
  CHECK(again.Explain() == shape.Explain());
  CHECK(at::equal(again.NormalsIn(0, 90, 160), shape.NormalsIn(0, 90, 160)));
  solution.tensors["set_shares"] = at::ones({1, 4, 4});
  CHECK_THROWS(SetShape::Unpack(solution));
}

}  // namespace
}  // namespace shotfix::passes::relight
