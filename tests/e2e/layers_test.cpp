// SPDX-License-Identifier: Apache-2.0
// The edit's layers, put together by hand, are the result.
#include "support/test.h"

#include "shotfix/image/resample.h"
#include "shotfix/media/decoder.h"
#include "support/small_project.h"

namespace shotfix {
namespace {

using testing::Shell;
using testing::ShellResult;
using testing::SmallProject;

// One channel of one part as a picture, taken out by oiiotool.
at::Tensor Channel(const SmallProject& small, const std::string& file, const std::string& part,
                   const std::string& channel) {
  const std::string out = small.File("channel.exr");
  const ShellResult result = Shell("oiiotool -a '" + small.File(file) + "' --subimage " + part + " --ch Y=" + channel +
                                   " -d float -o '" + out + "'");
  INFO(result.output);
  REQUIRE(result.exit_code == 0);
  return media::Decoder(media::Probe(out)).Next()->rgb.narrow(0, 0, 1).clone();
}

at::Tensor Rgb(const SmallProject& small, const std::string& file, const std::string& part) {
  return at::cat({Channel(small, file, part, "R"), Channel(small, file, part, "G"), Channel(small, file, part, "B")});
}

}  // namespace

TEST_CASE("the layers of a background, composited by their own formula, give the picture", "[e2e]") {
  const SmallProject small;
  const ShellResult made =
      small.Run("background take --plate '" + small.File("plate.png") + "' -o '" + small.File("o.%04d.exr") +
                "' --layers '" + small.File("l.%04d.exr") + "' --frames 4:7");
  INFO(made.output);
  REQUIRE(made.exit_code == 0);
  media::Decoder source(media::Probe(small.File("take.mkv")));
  source.Seek(5);
  const at::Tensor before = source.Next()->rgb;
  const at::Tensor matte = Channel(small, "l.0005.exr", "shotfix.background.matte", "A");
  const at::Tensor fill = Rgb(small, "l.0005.exr", "shotfix.background.fill");
  const at::Tensor support = Channel(small, "l.0005.exr", "shotfix.background.support", "Y");
  const at::Tensor by_hand = before + support * (matte * before + (1 - matte) * fill - before);
  const at::Tensor result = media::Decoder(media::Probe(small.File("o.0005.exr"))).Next()->rgb;
  CHECK((by_hand - result).abs().max().item<double>() < 2e-3);  // halves
  CHECK((before - result).abs().max().item<double>() > 0.05);
  CHECK(std::filesystem::exists(small.File("o.%04d.exr.4-6.shotfix.json")));
}

TEST_CASE("layers may go into the picture's own files", "[e2e]") {
  const SmallProject small;
  const std::string same = small.File("o.%04d.exr");
  REQUIRE(small
              .Run("background take --plate '" + small.File("plate.png") + "' -o '" + same + "' --layers '" + same +
                   "' --frames 4:6")
              .exit_code == 0);
  const std::string header = Shell("oiiotool --info -v -a '" + small.File("o.0004.exr") + "'").output;
  INFO(header);
  for (const char* words : {"beauty", "shotfix.background.matte", "shotfix.background.fill",
                            "shotfix.background.support", "shotfix:passes: \"background\""})
    CHECK(header.find(words) != std::string::npos);
  // Another spelling of the same place is the same place.
  const std::string detour = small.File("none/../s.%04d.exr");
  const ShellResult spelled = small.Run("background take --plate '" + small.File("plate.png") + "' -o '" +
                                        small.File("s.%04d.exr") + "' --layers '" + detour + "' --frames 4:5");
  INFO(spelled.output);
  REQUIRE(spelled.exit_code == 0);
  CHECK(Shell("oiiotool --info -v -a '" + small.File("s.0004.exr") + "'").output.find("beauty") != std::string::npos);
  CHECK(small
            .Run("background take --plate '" + small.File("plate.png") + "' -o '" + small.File("x.mkv") +
                 "' --layers '" + small.File("x.tif") + "'")
            .exit_code == 64);
}

}  // namespace shotfix
