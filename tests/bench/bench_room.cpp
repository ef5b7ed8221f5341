// SPDX-License-Identifier: Apache-2.0
// A rendered actor in a painted room that the camera moves through: makes the shot and its truth under another key, and
// measures a relit one against it.
#include <ATen/ATen.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>

#include "bench/bench_main.h"
#include "bench/clips.h"
#include "shotfix/light/lights.h"
#include "shotfix/media/still.h"
#include "support/room.h"

namespace shotfix {
namespace {

struct BenchOptions {
  std::string make;                        // folder for room.NNNN.png and room_truth.NNNN.png
  std::string actor, clean, alpha;         // of the production
  std::string from, to;                    // AZ,EL,COLOUR[,STOPS]
  std::string result, source, truth;       // to measure
  std::vector<int64_t> frames{0, 15, 31};  // that are measured
};

constexpr int64_t kFrames = 32;
// Beside a key of luminance 1: what is left in the shade on the rendered actor, by the production's normals and albedo.
const light::Rgb kAmbient{0.103, 0.091, 0.091};

light::SceneLight LightFrom(const std::string& text) {
  const light::KeyRequest key = light::ParseKey(text);
  constexpr double kStrength = 1.1;
  light::Key lamp{light::DirectionOf(key.from), key.colour.value_or(light::Rgb{1, 1, 1}), 8};
  for (double& channel : lamp.rgb) channel *= kStrength * std::exp2(key.stops);
  return {{lamp}, {kStrength * kAmbient[0], kStrength * kAmbient[1], kStrength * kAmbient[2]}};
}

// The actor keeps the own light: only the set is measured.
void Make(const BenchOptions& options) {
  std::vector<int64_t> frames(kFrames);
  std::iota(frames.begin(), frames.end(), 0);
  const std::vector<at::Tensor> actor = ReadFrames(options.actor, frames);
  const std::vector<at::Tensor> clean = ReadFrames(options.clean, frames);
  const std::vector<at::Tensor> alpha = ReadAlpha(options.alpha, frames);
  testing::RoomOptions room;
  room.height = actor.front().size(1);
  room.width = actor.front().size(2);
  room.frames = kFrames;
  const auto write = [&](const std::string& light, const std::string& name) {
    const testing::Room painted = testing::PaintRoom(room, LightFrom(light));
    for (size_t k = 0; k < actor.size(); ++k) {
      const at::Tensor set = image::LinearFromPerceptual(painted.shot.pictures[k]);
      const at::Tensor layered = actor[k] + (set - clean[k]) * (1 - alpha[k]);
      char file[64];
      std::snprintf(file, sizeof file, "/%s.%04d.png", name.c_str(), static_cast<int>(k));
      media::WritePng(options.make + file, image::PerceptualFromLinear(layered.clamp(0, 1).contiguous()).clamp(0, 1));
    }
  };
  write(options.from, "room");
  write(options.to, "room_truth");
}

void Measure(const BenchOptions& options) {
  const std::vector<at::Tensor> result = ReadFrames(options.result, options.frames);
  const std::vector<at::Tensor> source = ReadFrames(options.source, options.frames);
  const std::vector<at::Tensor> truth = ReadFrames(options.truth, options.frames);
  const std::vector<at::Tensor> alpha = ReadAlpha(options.alpha, options.frames);
  double own = 0, graded = 0;
  for (size_t k = 0; k < result.size(); ++k) {
    const at::Tensor set = alpha[k] < 0.02;
    const at::Tensor wanted = Rows(truth[k], set);
    own += Psnr(Rows(result[k], set), wanted) / static_cast<double>(result.size());
    graded += Psnr(BestGrade(Rows(source[k], set), wanted), wanted) / static_cast<double>(result.size());
  }
  std::printf("%s\n", nlohmann::json{{"set_db", own}, {"set_gain_db", own - graded}}.dump().c_str());
}

}  // namespace
}  // namespace shotfix

int main(int argc, char** argv) {
  shotfix::BenchOptions options;
  CLI::App app("A set relit by its planes against its truth, and the best grade against it");
  app.add_option("--make", options.make, "Folder to write room.NNNN.png and room_truth.NNNN.png into");
  app.add_option("--actor", options.actor);
  app.add_option("--clean", options.clean);
  app.add_option("--alpha", options.alpha)->required();
  app.add_option("--from", options.from, "AZ,EL,COLOUR of the key that is there");
  app.add_option("--to", options.to, "AZ,EL,COLOUR[,STOPS] of the key that is wanted");
  app.add_option("--result", options.result);
  app.add_option("--source", options.source);
  app.add_option("--truth", options.truth);
  app.add_option("--frames", options.frames)->delimiter(',');
  return shotfix::RunBench(app, argc, argv, [&] {
    if (!options.make.empty()) shotfix::Make(options);
    if (!options.result.empty()) shotfix::Measure(options);
  });
}
