// SPDX-License-Identifier: Apache-2.0
// Relights real photographs, taken with one lamp at known places, and compares them with the photographs taken there.
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bench/bench_main.h"
#include "bench/false_edges.h"
#include "passes/relight/gain.h"
#include "shotfix/light/face_relief.h"
#include "shotfix/light/photometric_stereo.h"
#include "shotfix/light/relief.h"
#include "shotfix/media/still.h"

namespace shotfix {
namespace {

struct Photo {
  std::string name;
  at::Tensor codes;  // [3,h,w] grey, linear
  light::Vector direction;
};

struct BenchOptions {
  std::string folder;
  std::string mask;
  std::string ambient;
  std::string from;
  std::vector<std::string> leave_out;
  double widest_deg = 180;       // between the two lamps
  std::string shape = "photos";  // or "head", "face": of a mean one where the eyes are, no other photograph's help
  std::vector<double> eyes;      // x,y,x,y px
};

// light_NN.png with "x y z" lines behind a count, or "NAME azimuth elevation x y z" lines.
std::vector<Photo> ReadPhotos(const BenchOptions& options) {
  std::vector<Photo> photos;
  std::ifstream lights(options.folder + "/lights.txt");
  int plain = 0;
  for (std::string line; std::getline(lights, line);) {
    std::istringstream words(line);
    Photo photo;
    double azimuth = 0, elevation = 0;
    if (line.empty() || line[0] == '#') continue;
    if (line.find(".png") != std::string::npos) {
      words >> photo.name >> azimuth >> elevation >> photo.direction[0] >> photo.direction[1] >> photo.direction[2];
    } else if (words >> photo.direction[0] >> photo.direction[1] >> photo.direction[2]) {
      char name[32];
      std::snprintf(name, sizeof name, "light_%02d.png", plain++);
      photo.name = name;
    } else {
      continue;
    }
    if (std::find(options.leave_out.begin(), options.leave_out.end(), photo.name) != options.leave_out.end()) continue;
    photo.codes = media::ReadMatte(options.folder + "/" + photo.name).expand({3, -1, -1}).contiguous();
    photos.push_back(photo);
  }
  if (options.ambient.empty()) return photos;
  const at::Tensor ambient = media::ReadMatte(options.folder + "/" + options.ambient);
  for (Photo& photo : photos) photo.codes = (photo.codes - ambient).clamp_min(0).contiguous();
  return photos;
}

light::Surface SolveFrom(const std::vector<Photo>& photos, const std::vector<size_t>& which) {
  std::vector<at::Tensor> pictures;
  std::vector<light::Vector> directions;
  for (const size_t k : which) {
    pictures.push_back(photos[k].codes);
    directions.push_back(photos[k].direction);
  }
  return light::SolveSurface(pictures, directions);
}

// The error that no change of exposure takes away, relative to the truth.
double ErrorAfterBestGain(const at::Tensor& picture, const at::Tensor& truth, const at::Tensor& mask) {
  const at::Tensor p = picture[0] * mask[0];
  const at::Tensor t = truth[0] * mask[0];
  const double gain = (p * t).sum().item<double>() / std::max(1e-12, p.square().sum().item<double>());
  return std::sqrt((p * gain - t).square().sum().item<double>() / t.square().sum().item<double>());
}

// One lamp's light on a shape that is guessed, quotient by quotient: a photograph alone says nothing of its albedo.
at::Tensor RelitByShape(const at::Tensor& normals, const Photo& from, const light::Vector& to, double error_deg) {
  const auto under = [&](const light::Vector& lamp) {
    const light::SceneLight light{{{lamp, {1, 1, 1}, 2}}, {0.05, 0.05, 0.05}};
    return light::Shade(normals, passes::relight::SeenByUnsure(light, error_deg), {});
  };
  return from.codes * under(to) / under(from.direction);
}

at::Tensor Relit(const light::Surface& surface, const Photo& from, const light::Vector& to, const at::Tensor& mask) {
  const light::SceneLight found{{light::Key{from.direction}}, {0.05, 0.05, 0.05}};  // as wide as a key is unsaid
  const light::SceneLight wanted{{light::Key{to}}, {0.05, 0.05, 0.05}};
  const passes::relight::FrameSurface seen{surface.normals, surface.albedo,
                                           light::IntegrateNormals(surface.normals, mask), mask};
  return from.codes * passes::relight::GainBetween(seen, from.codes, {found, wanted}, {}).exp2();
}

std::vector<size_t> AllBut(size_t count, const std::vector<size_t>& missing) {
  std::vector<size_t> rest;
  for (size_t k = 0; k < count; ++k) {
    if (std::find(missing.begin(), missing.end(), k) == missing.end()) rest.push_back(k);
  }
  return rest;
}

size_t Nearest(const std::vector<Photo>& photos, size_t to) {
  size_t best = to == 0 ? 1 : 0;
  for (size_t k = 0; k < photos.size(); ++k) {
    const double now = light::DegreesBetween(photos[k].direction, photos[to].direction);
    if (k != to && now < light::DegreesBetween(photos[best].direction, photos[to].direction)) best = k;
  }
  return best;
}

void RunShape(const BenchOptions& options, const std::vector<Photo>& photos) {
  const light::FacePlace place{{options.eyes.at(0), options.eyes.at(1)}, {options.eyes.at(2), options.eyes.at(3)}, 0};
  const at::Tensor& any = photos.front().codes;
  const bool face = options.shape == "face";
  const light::FaceRelief relief =
      face ? light::MeanFaceAt(place, any.size(1), any.size(2)) : light::MeanHeadAt(place, any.size(1), any.size(2));
  const double error =
      passes::relight::ErrorOf(face ? passes::GeometryTier::kFaceRelief : passes::GeometryTier::kOutline);
  const at::Tensor mask = at::ones_like(any.narrow(0, 0, 1));
  const auto from = std::find_if(photos.begin(), photos.end(), [&](const Photo& p) { return p.name == options.from; });
  double ratio = 0, edges = 0, hard_edges = 0;
  int pairs = 0;
  for (const Photo& to : photos) {
    if (&to == &*from || light::DegreesBetween(from->direction, to.direction) > options.widest_deg) continue;
    const at::Tensor relit = RelitByShape(relief.normals, *from, to.direction, error);
    ratio += ErrorAfterBestGain(relit, to.codes, mask) / ErrorAfterBestGain(from->codes, to.codes, mask);
    edges += FalseEdges(relit, to.codes, mask);
    hard_edges += FalseEdges(RelitByShape(relief.normals, *from, to.direction, 0), to.codes, mask);
    ++pairs;
  }
  const int count = std::max(1, pairs);
  const nlohmann::json json = {{"pairs", pairs},
                               {"under_no_change", 1 - ratio / count},
                               {"false_edges", edges / count},
                               {"hard_edges", hard_edges / count}};  // terminators as if the shape were sure
  std::printf("%s\n", json.dump().c_str());
}

void Run(const BenchOptions& options) {
  const std::vector<Photo> photos = ReadPhotos(options);
  if (options.shape != "photos") return RunShape(options, photos);
  const at::Tensor mask = options.mask.empty()
                              ? at::ones_like(photos.front().codes.narrow(0, 0, 1))
                              : (media::ReadMatte(options.folder + "/" + options.mask) > 0.5).to(at::kFloat);
  double ratio = 0, left_out = 0, edges = 0;
  int pairs = 0;
  for (size_t to = 0; to < photos.size(); ++to) {
    for (size_t from = 0; from < photos.size(); ++from) {
      if (from == to || (!options.from.empty() && photos[from].name != options.from)) continue;
      if (light::DegreesBetween(photos[from].direction, photos[to].direction) > options.widest_deg) continue;
      // The wanted photograph never helps to make itself.
      const light::Surface surface = SolveFrom(photos, AllBut(photos.size(), {to}));
      const at::Tensor relit = Relit(surface, photos[from], photos[to].direction, mask);
      ratio += ErrorAfterBestGain(relit, photos[to].codes, mask) /
               ErrorAfterBestGain(photos[from].codes, photos[to].codes, mask);
      edges += FalseEdges(relit, photos[to].codes, mask);
      ++pairs;
    }
    const size_t near = Nearest(photos, to);
    const light::Surface surface = SolveFrom(photos, AllBut(photos.size(), {to}));
    left_out += ErrorAfterBestGain(Relit(surface, photos[near], photos[to].direction, mask), photos[to].codes, mask) /
                ErrorAfterBestGain(photos[near].codes, photos[to].codes, mask) / static_cast<double>(photos.size());
  }
  const nlohmann::json json = {{"pairs", pairs},
                               {"under_best_gain", 1 - ratio / std::max(1, pairs)},
                               {"under_nearest_photo", 1 - left_out},
                               {"false_edges", edges / std::max(1, pairs)}};
  std::printf("%s\n", json.dump().c_str());
}

}  // namespace
}  // namespace shotfix

int main(int argc, char** argv) {
  shotfix::BenchOptions options;
  CLI::App app("Photographs under one lamp, relit to each other's");
  app.add_option("--folder", options.folder)->required();
  app.add_option("--mask", options.mask);
  app.add_option("--ambient", options.ambient, "Taken out of every photograph");
  app.add_option("--from", options.from, "The one photograph to relight; else each");
  app.add_option("--leave-out", options.leave_out, "Damaged photographs");
  app.add_option("--widest", options.widest_deg, "Degrees between two lamps")->capture_default_str();
  app.add_option("--shape", options.shape)->check(CLI::IsMember({"photos", "head", "face"}))->capture_default_str();
  app.add_option("--eyes", options.eyes, "X,Y,X,Y of a frontal face, px")->delimiter(',')->expected(4);
  return shotfix::RunBench(app, argc, argv, [&] { shotfix::Run(options); });
}
