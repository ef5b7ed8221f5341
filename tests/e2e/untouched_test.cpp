// SPDX-License-Identifier: Apache-2.0
// A real edit in every lossless format: outside it no sample of any plane differs.
#include "support/test.h"

#include "shotfix/media/still.h"
#include "support/small_project.h"

namespace shotfix {

using testing::Ffmpeg;
using testing::Shell;
using testing::ShellResult;
using testing::SmallProject;

TEST_CASE("outside an edit the largest error is 0 in every plane, in FFV1, DPX, EXR and TIFF", "[e2e]") {
  const SmallProject small;
  struct Case {
    const char* source;
    const char* result;
    const char* encoding;
  };
  const std::string tags = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=iec61966-2-1";
  int held = 0;
  for (const Case& c : {Case{"a.mkv", "oa.mkv", "-c:v ffv1 -pix_fmt yuv420p"},
                        {"b.mkv", "ob.mkv", "-c:v ffv1 -pix_fmt yuv420p10le"},
                        {"c.mkv", "oc.mkv", "-c:v ffv1 -pix_fmt yuv422p12le"},
                        {"d.mkv", "od.mkv", "-c:v ffv1 -pix_fmt yuv444p16le"},
                        {"e.mkv", "oe.mkv", "-c:v ffv1 -pix_fmt yuv411p"},
                        {"f.mkv", "of.mkv", "-c:v ffv1 -pix_fmt yuv440p"},
                        {"g.mkv", "og.mkv", "-c:v ffv1 -pix_fmt gbrp12le"},
                        {"h.mkv", "oh.mkv", "-c:v ffv1 -pix_fmt yuva444p10le"},
                        {"i.%04d.dpx", "oi.%04d.dpx", "-pix_fmt gbrp10le"},
                        {"j.%04d.dpx", "oj.%04d.dpx", "-pix_fmt gbrp12le"},
                        {"k.%04d.tif", "ok.%04d.tif", "-pix_fmt rgb48le"},
                        {"l.%04d.exr", "ol.%04d.exr", "-pix_fmt gbrpf32le"}}) {
    INFO(c.source);
    const bool rgb = std::string(c.encoding).find("gb") != std::string::npos;
    Ffmpeg("-i '" + small.File("take.mkv") + "' -frames:v 6 -vf " + tags + ":range=" + (rgb ? "pc " : "tv ") +
           c.encoding + " '" + small.File(c.source) + "'");
    REQUIRE(small.Run("ingest --no-locator --in-space srgb --scene 1 '" + small.File(c.source) + "'").exit_code == 0);
    // Painted, so that the actor's inside is left alone: a check of what is outside needs an outside.
    const int64_t first = std::string(c.source).find('%') != std::string::npos ? 1 : 0;
    media::WriteMattePng(small.File("m.png"), small.shot().mattes[2]);
    REQUIRE(small
                .Run("hint '" + small.File(c.source) + "' --frame " + std::to_string(first + 2) + " --matte '" +
                     small.File("m.png") + "'")
                .exit_code == 0);
    const ShellResult made = small.Run("background '" + small.File(c.source) + "' --plate '" + small.File("plate.png") +
                                       "' -o '" + small.File(c.result) + "'");
    INFO(made.output);
    REQUIRE(made.exit_code == 0);
    const ShellResult verdict = small.Run("verify '" + small.File(c.result) + "' --source '" + small.File(c.source) +
                                          "' --in-space srgb --max-outside-error 0 --json 2>/dev/null");
    INFO(verdict.output);
    CHECK(verdict.exit_code == 0);
    const size_t begin = verdict.output.rfind("{\"alt") != std::string::npos ? verdict.output.rfind("{\"alt") : 0;
    const auto json = nlohmann::json::parse(verdict.output.substr(begin));
    CHECK(json["outside_max_error"] == 0.0);
    CHECK(json["altered_share"].get<double>() > 0.1);
    CHECK(json["altered_share"].get<double>() < 0.98);
    ++held;
  }
  CHECK(held == 12);
}

}  // namespace shotfix
