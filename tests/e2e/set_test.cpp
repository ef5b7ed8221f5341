// SPDX-License-Identifier: Apache-2.0
// A ball in a painted room that the camera moves through: the set is lit by its planes.
#include <fstream>
#include "support/test.h"

#include "shotfix/image/convert.h"
#include "shotfix/image/resample.h"
#include "shotfix/media/decoder.h"
#include "shotfix/media/still.h"
#include "support/ball.h"
#include "support/room.h"
#include "support/shell.h"
#include "support/temp_dir.h"

namespace shotfix {
namespace {

using Catch::Matchers::Contains;
using testing::MustSucceed;
using testing::ShellResult;

constexpr int64_t kFrames = 11;
const light::SceneLight kLamp{{{light::DirectionOf({-40, 40}), {0.8, 0.8, 0.8}, 8}}, {0.1, 0.1, 0.1}};

// The ball's picture in the middle of one that is twice as large.
at::Tensor Widened(const at::Tensor& picture) {
  const int64_t x = testing::kBallWidth / 2, y = testing::kBallHeight / 2;
  return at::constant_pad_nd(picture, {x, x, y, y});
}

class RoomProject {
 public:
  RoomProject() {
    testing::RoomOptions options;
    options.height = 2 * testing::kBallHeight;
    options.width = 2 * testing::kBallWidth;
    options.frames = kFrames;
    room_ = testing::PaintRoom(options, kLamp);
    const testing::Ball ball = testing::MakeBall();
    const at::Tensor lit = Widened(testing::BallUnder(ball, kLamp));
    const at::Tensor mask = Widened(ball.mask);
    std::vector<at::Tensor> pictures;
    for (const at::Tensor& set : room_.shot.pictures) {
      const at::Tensor behind = image::LinearFromPerceptual(set) * (1 - mask);
      pictures.push_back(image::PerceptualFromLinear(lit + behind));
    }
    testing::WriteClip(pictures, File("shot.mkv"), "-c:v ffv1 -g 1 -pix_fmt yuv444p10le");
    std::ofstream(File("tiny.toml")) << "[matte]\nbase_channels = 8\nlevels = 3\nlong_side_px = 320\nsteps = 60\nbatch "
                                        "= 4\ncrop_px = 64\nheld_out_every = 10\n";
    MustSucceed(testing::Shotfix("init '" + File("p") + "'"));
    MustSucceed(Run("ingest --no-locator --person Ada '" + File("shot.mkv") + "'"));
    MustSucceed(Run("consent add --person Ada --operations training,relight --document binder"));
    media::WriteMattePng(File("m.png"), mask);
    for (const int frame : {1, 5, 9})
      MustSucceed(Run("hint shot --frame " + std::to_string(frame) + " --matte '" + File("m.png") + "'"));
    MustSucceed(Run("train --recipe '" + File("tiny.toml") + "'"));
  }
  ShellResult Run(const std::string& arguments) const {
    return testing::Shotfix("--project '" + File("p") + "' " + arguments);
  }
  ShellResult Relight(const std::string& out, const std::string& arguments) const {
    return Run("relight shot -o '" + File(out) + "' --overwrite --light-from=-40,40 " + arguments);
  }
  std::string File(const std::string& name) const { return folder_ / name; }
  // Mean stops that the middle frame has changed by on the plane whose normal has a part of 1 along `axis`.
  double ChangeOn(const std::string& out, int64_t axis) const {
    const auto middle = [&](const std::string& path) {
      media::Decoder decoder(media::Probe(path));
      decoder.Seek(kFrames / 2);
      return decoder.Next()->rgb.mean(0, true).clamp_min(1e-3);
    };
    const at::Tensor stops = (middle(File(out)) / middle(File("shot.mkv"))).log2();
    const at::Tensor away = image::Dilate(Widened(testing::MakeBall().mask), 6) < 0.5;
    const at::Tensor& normals = room_.normals[static_cast<size_t>(kFrames / 2)];
    return stops.masked_select(away.logical_and(normals.narrow(0, axis, 1).abs() > 0.99)).mean().item<double>();
  }

 private:
  testing::TempDir folder_;
  testing::Room room_;
};

TEST_CASE("a key moved to the side of a wall takes its light from that wall alone, whole and in pieces the same") {
  const RoomProject project;
  const std::string moved = "--on set --key 60,20";
  const ShellResult whole = project.Relight("whole.mkv", moved);
  MustSucceed(whole);
  CHECK_THAT(whole.output, Contains("the set is known as"));
  // The side wall looks to the left; the wall behind is seen by both keys alike.
  CHECK(project.ChangeOn("whole.mkv", 0) < -1.5);
  CHECK(std::abs(project.ChangeOn("whole.mkv", 2)) < 1);
  std::string pieces;
  for (const char* part : {"0:4", "4:11"}) {
    MustSucceed(project.Relight("part.mkv", moved + " --frames " + part));
    pieces += testing::FrameHashes(project.File("part.mkv"));
  }
  CHECK(pieces == testing::FrameHashes(project.File("whole.mkv")));
}

}  // namespace
}  // namespace shotfix
