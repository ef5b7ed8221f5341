// SPDX-License-Identifier: Apache-2.0
// Measures the normals of a rendered light-reference take against their truth.
#include <ATen/ATen.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numbers>
#include <sstream>

#include "bench/bench_main.h"
#include "shotfix/light/take.h"
#include "shotfix/media/decoder.h"
#include "shotfix/media/shot_reader.h"
#include "shotfix/media/still.h"

namespace shotfix {
namespace {

struct BenchOptions {
  std::string take, lamps, mask, normals, labels;
};

// Stored as n * 0.5 + 0.5, axes of the camera; all 0 where there is none.
at::Tensor ReadNormals(const std::string& path) {
  media::ProbeOptions options;
  options.in_space = image::ParseColourSpace("srgb");
  const image::PixelPlanes planes = *media::Decoder(media::Probe(path, options)).NextSamples()->source;
  at::Tensor normals = at::empty({3, planes.layout.height, planes.layout.width});
  for (int64_t k = 0; k < 3; ++k) {
    const std::vector<uint16_t>& codes = planes.planes[static_cast<size_t>(k)].codes;
    const at::Tensor plane = normals[k];
    float* out = plane.mutable_data_ptr<float>();
    for (size_t i = 0; i < codes.size(); ++i) out[i] = static_cast<float>(codes[i]) / 65520 * 2 - 1;
  }
  return normals / normals.norm(2, {0}, true).clamp_min(1e-6);
}

std::map<int64_t, light::Vector> ReadLamps(const std::string& path) {
  std::map<int64_t, light::Vector> lamps;
  std::ifstream lines(path);
  for (std::string line; std::getline(lines, line);) {
    if (line.find_first_of("0123456789") == std::string::npos) continue;
    const size_t comma = line.find(',');
    lamps[std::stoll(line)] = light::DirectionOf(light::ParseAngles(line.substr(comma + 1)));
  }
  return lamps;
}

void Run(const BenchOptions& options) {
  const media::ClipInfo info = media::Probe(options.take, {});
  const std::unique_ptr<image::ShotReader> reader = media::OpenShotReader(info, info.frames, 640);
  const at::Tensor mask = (media::ReadMatte(options.mask) > 0.8).to(at::kFloat);
  const light::LightTake take = light::SolveTake(*reader, ReadLamps(options.lamps), mask);
  const at::Tensor truth = ReadNormals(options.normals);
  const at::Tensor labels = (media::ReadMatte(options.labels) * 255).round();
  const at::Tensor degrees = (take.surface.normals * truth).sum(0, true).clamp(-1, 1).acos() * (180 / std::numbers::pi);
  const auto mean = [&](int64_t label) {
    const at::Tensor where = ((labels == label).logical_and(mask > 0.5)).to(at::kFloat);
    return (degrees * where).sum().item<double>() / where.sum().item<double>();
  };
  std::printf("%s\n",
              nlohmann::json{{"skin_deg", mean(2)}, {"hair_deg", mean(3)}, {"garment_deg", mean(4)}}.dump().c_str());
}

}  // namespace
}  // namespace shotfix

int main(int argc, char** argv) {
  shotfix::BenchOptions options;
  CLI::App app("Normals of a light-reference take against their truth");
  app.add_option("--take", options.take)->required();
  app.add_option("--lamps", options.lamps)->required();
  app.add_option("--mask", options.mask)->required();
  app.add_option("--normals", options.normals)->required();
  app.add_option("--labels", options.labels)->required();
  return shotfix::RunBench(app, argc, argv, [&] { shotfix::Run(options); });
}
