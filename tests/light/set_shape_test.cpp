// SPDX-License-Identifier: Apache-2.0
#include "passes/relight/set_shape.h"

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
  CHECK_THAT(shape.Explain(), Contains("wall that faces the lens") && Contains("px"));
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
}

}  // namespace
}  // namespace shotfix::passes::relight
