// SPDX-License-Identifier: Apache-2.0
// Real footage, where it is at hand: it decodes, is catalogued, and the camera is judged right.
#include <filesystem>
#include "support/test.h"

#include "shotfix/media/decoder.h"
#include "shotfix/media/shot_reader.h"
#include "shotfix/temporal/camera_track.h"
#include "shotfix/temporal/flow.h"

namespace shotfix {
namespace {

std::filesystem::path Clips() {
  const char* named = std::getenv("SHOTFIX_CLIPS");
  return named != nullptr ? named : std::filesystem::path(SHOTFIX_SOURCE_DIR) / ".." / "shared" / "clips";
}

media::ClipInfo Open(const std::string& name) {
  media::ProbeOptions options;
  options.in_space = image::ParseColourSpace("bt709");
  return media::Probe(Clips() / name, options);
}

bool Absent() {
  if (std::filesystem::is_directory(Clips())) return false;
  WARN("SKIPPED: no real clips beside the repository (SHOTFIX_CLIPS names their folder)");
  return true;
}

}  // namespace

TEST_CASE("real clips decode from the first frame to the last", "[e2e]") {
  if (Absent()) return;
  for (const char* name : {"talk_demo1/clip.mp4", "static_dog/clip.mp4", "green_face_d0/clip.mp4", "gaze_d14/clip.mp4",
                           "camera_shelf/clip.mp4", "davis_bmx_trees/clip.mp4"}) {
    INFO(name);
    const media::ClipInfo info = Open(name);
    media::Decoder decoder(info);
    int64_t frames = 0;
    while (decoder.NextSamples()) ++frames;
    CHECK(frames == info.frame_count());
  }
  CHECK(Open("static_dog/clip.mp4").rate == Rational{30000, 1001});
}

TEST_CASE("a real tripod is static, a real handheld camera is not", "[e2e]") {
  if (Absent()) return;
  const auto nobody = [](int64_t) { return at::Tensor(); };
  for (const auto& [name, is_static] : {std::pair{"static_dog/clip.mp4", true}, {"davis_bmx_trees/clip.mp4", false}}) {
    INFO(name);
    const media::ClipInfo info = Open(name);
    const auto reader = media::OpenShotReader(info, {0, 30}, 640);
    CHECK(temporal::TrackCamera(*reader, nobody, [](int64_t) {}).is_static == is_static);
  }
}

TEST_CASE("flow on a real pair with truth is under half a pixel", "[e2e]") {
  if (Absent()) return;
  const auto read = [&](const char* name) {
    return media::OpenShotReader(Open(std::string("flow_rubberwhale/") + name), {0, 1}, 4096)->Analysis(0);
  };
  const at::Tensor a = read("frame10.png");
  const at::Tensor b = read("frame11.png");
  const auto flow = temporal::MakeDisFlow();
  const at::Tensor found = flow->Estimate(a, b);
  media::ProbeOptions options;
  options.in_space = image::ParseColourSpace("linear");
  media::Decoder decoder(media::Probe(Clips() / "flow_rubberwhale/flow10_kitti16.png", options));
  const auto truth = decoder.NextSamples();
  const auto plane = [&](size_t index) {
    const image::Plane& p = truth->source->planes[index];
    at::Tensor t = at::empty({p.height, p.width});
    for (size_t k = 0; k < p.codes.size(); ++k) t.mutable_data_ptr<float>()[k] = static_cast<float>(p.codes[k]);
    return t;
  };
  const at::Tensor u = (plane(0) - 32768) / 64;
  const at::Tensor v = (plane(1) - 32768) / 64;
  const at::Tensor valid = (plane(2) > 0).to(at::kFloat);
  const at::Tensor error = ((found[0] - u).square() + (found[1] - v).square()).sqrt();
  const double mean = (error * valid).sum().item<double>() / valid.sum().item<double>();
  INFO("average end-point error " << mean);
  CHECK(mean < 0.5);
}

}  // namespace shotfix
