// SPDX-License-Identifier: Apache-2.0
// Measures a relit shot of the rendered production against its truth, beside the best colour grade of the source.
#include <ATen/ATen.h>

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "bench/bench_main.h"
#include "bench/clips.h"
#include "bench/false_edges.h"
#include "shotfix/image/convert.h"
#include "shotfix/image/resample.h"
#include "shotfix/light/lights.h"
#include "shotfix/light/relief.h"
#include "shotfix/media/still.h"

namespace shotfix {
namespace {

constexpr int64_t kSkin = 2;  // of the production's labels

struct BenchOptions {
  std::string result, source, truth, clean, clean_truth, alpha, labels, sheet;
  std::string from, to;  // keys: with both, the measure of false edges is shown on what a bare outline makes of them
  std::vector<int64_t> frames{0, 8, 16, 24};
};

// High-passed log luma: pores, cloth, lashes.
at::Tensor Detail(const at::Tensor& picture) {
  const at::Tensor level = picture.mean(0, true).clamp_min(0.002).log();
  return level - image::GaussianBlur(level, 2);
}

double Correlation(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor x = a - a.mean();
  const at::Tensor y = b - b.mean();
  return ((x * y).sum() / (x.square().sum() * y.square().sum()).sqrt()).item<double>();
}

// CIE Lab under D65 from scene-linear BT.709 rows.
at::Tensor Lab(const at::Tensor& rows) {
  const at::Tensor to_xyz =
      at::tensor({0.4124564, 0.3575761, 0.1804375, 0.2126729, 0.7151522, 0.0721750, 0.0193339, 0.1191920, 0.9503041},
                 at::kDouble)
          .view({3, 3});
  const at::Tensor white = at::tensor({0.95047, 1.0, 1.08883}, at::kDouble);
  const at::Tensor t = rows.clamp(0, 1).mm(to_xyz.t()) / white;
  const at::Tensor f = at::where(t > 0.008856, t.clamp_min(1e-9).pow(1.0 / 3), t * 7.787 + 16.0 / 116);
  return at::stack(
      {f.select(1, 1) * 116 - 16, (f.select(1, 0) - f.select(1, 1)) * 500, (f.select(1, 1) - f.select(1, 2)) * 200}, 1);
}

// CIEDE2000 (Sharma, Wu, Dalal 2005), of rows.
at::Tensor ColourDifference(const at::Tensor& first, const at::Tensor& second) {
  constexpr double kPi = 3.14159265358979;
  constexpr double kDegree = kPi / 180;
  const auto seventh = [](const at::Tensor& c) { return (c.pow(7) / (c.pow(7) + std::pow(25.0, 7))).sqrt(); };
  const at::Tensor x = Lab(first);
  const at::Tensor y = Lab(second);
  const auto chroma = [](const at::Tensor& a, const at::Tensor& b) { return (a * a + b * b).sqrt(); };
  const at::Tensor mean_c = (chroma(x.select(1, 1), x.select(1, 2)) + chroma(y.select(1, 1), y.select(1, 2))) / 2;
  const at::Tensor g = 1.5 - 0.5 * seventh(mean_c);
  const at::Tensor a1 = x.select(1, 1) * g;
  const at::Tensor a2 = y.select(1, 1) * g;
  const at::Tensor c1 = chroma(a1, x.select(1, 2));
  const at::Tensor c2 = chroma(a2, y.select(1, 2));
  const at::Tensor h1 = at::remainder(at::atan2(x.select(1, 2), a1), 2 * kPi);
  const at::Tensor h2 = at::remainder(at::atan2(y.select(1, 2), a2), 2 * kPi);
  const at::Tensor turn = at::remainder(h2 - h1 + kPi, 2 * kPi) - kPi;
  const at::Tensor dh = 2 * (c1 * c2).sqrt() * (turn / 2).sin();
  const at::Tensor h = h1 + turn / 2;
  const at::Tensor l = (x.select(1, 0) + y.select(1, 0)) / 2;
  const at::Tensor c = (c1 + c2) / 2;
  const at::Tensor t = 1 - 0.17 * (h - 30 * kDegree).cos() + 0.24 * (2 * h).cos() + 0.32 * (3 * h + 6 * kDegree).cos() -
                       0.20 * (4 * h - 63 * kDegree).cos();
  const at::Tensor sl = 1 + 0.015 * (l - 50).square() / (20 + (l - 50).square()).sqrt();
  const at::Tensor sc = 1 + 0.045 * c;
  const at::Tensor sh = 1 + 0.015 * c * t;
  const at::Tensor off = (at::remainder(h, 2 * kPi) / kDegree - 275) / 25;
  const at::Tensor rt = -2 * seventh(c) * (60 * kDegree * (-off.square()).exp()).sin();
  const at::Tensor dl = (y.select(1, 0) - x.select(1, 0)) / sl;
  const at::Tensor dc = (c2 - c1) / sc;
  const at::Tensor dhs = dh / sh;
  return (dl.square() + dc.square() + dhs.square() + rt * dc * dhs).clamp_min(0).sqrt();
}

struct Scores {
  double actor = 0, skin = 0, graded_actor = 0, graded_skin = 0, detail = 0, de2000 = 0, graded_de2000 = 0;
  double false_edges = 0, outline_edges = 0, source_edges = 0;
};

// The first prototype of all: the quotient of two lights on an inflated outline, hard, held at 2.5 stops. What it does
// to a face is the failure that a measure has to see.
at::Tensor RelitByOutline(const BenchOptions& options, const at::Tensor& source, const at::Tensor& mask) {
  constexpr double kMostStops = 2.5;
  const at::Tensor normals = light::NormalsOf(light::InflateOutline(mask), mask);
  const auto under = [&](const std::string& key) {
    const light::KeyRequest asked = light::ParseKey(key);
    return light::Shade(normals, {{{light::DirectionOf(asked.from), {1, 1, 1}, 8}}, {0.1, 0.1, 0.1}}, {}).log2();
  };
  const at::Tensor gain = (under(options.to) - under(options.from)).clamp(-kMostStops, kMostStops);
  return source * (gain * mask).exp2();
}

Scores Score(const BenchOptions& options, size_t k, const std::vector<std::vector<at::Tensor>>& clips,
             const at::Tensor& alpha) {
  const at::Tensor& result = clips[0][k];
  const at::Tensor& source = clips[1][k];
  // Only the actor is relit: the plate keeps its light.
  const at::Tensor truth = clips[2][k] + (1 - alpha) * (clips[3][k] - clips[4][k]);
  char name[32];
  std::snprintf(name, sizeof name, "labels_%04d.png", static_cast<int>(options.frames[k]));
  const at::Tensor labels = (media::ReadMatte(options.labels + "/" + name) * 255).round();
  const at::Tensor actor = alpha > 0.5;
  const at::Tensor skin = actor.logical_and(labels == kSkin);
  Scores scores;
  const auto measure = [&](const at::Tensor& mask, double& own, double& graded) {
    const at::Tensor wanted = Rows(truth, mask);
    own = Psnr(Rows(result, mask), wanted);
    graded = Psnr(BestGrade(Rows(source, mask), wanted), wanted);
  };
  measure(actor, scores.actor, scores.graded_actor);
  measure(skin, scores.skin, scores.graded_skin);
  const at::Tensor wanted = Rows(truth, skin);
  scores.de2000 = ColourDifference(Rows(result, skin), wanted).median().item<double>();
  scores.graded_de2000 = ColourDifference(BestGrade(Rows(source, skin), wanted), wanted).median().item<double>();
  scores.detail = Correlation(Rows(Detail(result), skin), Rows(Detail(truth), skin));
  const at::Tensor whole = (alpha > 0.99).to(at::kFloat);
  scores.source_edges = FalseEdges(source, truth, whole);
  scores.false_edges = FalseEdges(result, truth, whole);
  if (!options.from.empty()) scores.outline_edges = FalseEdges(RelitByOutline(options, source, whole), truth, whole);
  if (!options.sheet.empty()) {
    const auto shown = [](const at::Tensor& picture) { return image::PerceptualFromLinear(picture.clamp(0, 1)); };
    media::WritePng(options.sheet + "." + std::to_string(options.frames[k]) + ".png",
                    at::cat({shown(source), shown(result), shown(truth)}, 2));
  }
  return scores;
}

void Run(const BenchOptions& options) {
  std::vector<std::vector<at::Tensor>> clips;
  for (const std::string* path :
       {&options.result, &options.source, &options.truth, &options.clean, &options.clean_truth})
    clips.push_back(ReadFrames(*path, options.frames));
  const std::vector<at::Tensor> alphas = ReadAlpha(options.alpha, options.frames);
  Scores mean;
  const auto count = static_cast<double>(options.frames.size());
  for (size_t k = 0; k < options.frames.size(); ++k) {
    const Scores one = Score(options, k, clips, alphas[k]);
    std::printf("frame %3d  actor %.2f (grade %.2f)  skin %.2f (grade %.2f)  detail %.3f\n",
                static_cast<int>(options.frames[k]), one.actor, one.graded_actor, one.skin, one.graded_skin,
                one.detail);
    mean.actor += one.actor / count;
    mean.skin += one.skin / count;
    mean.graded_actor += one.graded_actor / count;
    mean.graded_skin += one.graded_skin / count;
    mean.detail += one.detail / count;
    mean.de2000 += one.de2000 / count;
    mean.graded_de2000 += one.graded_de2000 / count;
    mean.false_edges += one.false_edges / count;
    mean.outline_edges += one.outline_edges / count;
    mean.source_edges += one.source_edges / count;
  }
  const nlohmann::json json = {{"actor_gain_db", mean.actor - mean.graded_actor},
                               {"skin_gain_db", mean.skin - mean.graded_skin},
                               {"actor_db", mean.actor},
                               {"skin_db", mean.skin},
                               {"de2000", mean.de2000},
                               {"graded_de2000", mean.graded_de2000},
                               {"detail", mean.detail},
                               {"false_edges", mean.false_edges},
                               {"outline_edges", mean.outline_edges},
                               {"source_edges", mean.source_edges}};
  std::printf("%s\n", json.dump().c_str());
}

}  // namespace
}  // namespace shotfix

int main(int argc, char** argv) {
  shotfix::BenchOptions options;
  CLI::App app("Relit shot against its truth, and the best grade against it");
  app.add_option("--result", options.result)->required();
  app.add_option("--source", options.source)->required();
  app.add_option("--truth", options.truth)->required();
  app.add_option("--clean", options.clean)->required();
  app.add_option("--clean-truth", options.clean_truth)->required();
  app.add_option("--alpha", options.alpha)->required();
  app.add_option("--labels", options.labels, "Folder of labels_NNNN.png")->required();
  app.add_option("--from", options.from, "AZ,EL: the source's key; with --to, false edges of a bare outline too");
  app.add_option("--to", options.to, "AZ,EL: the truth's key");
  app.add_option("--frames", options.frames)->delimiter(',');
  app.add_option("--sheet", options.sheet, "Writes source, result and truth side by side as SHEET.N.png");
  return shotfix::RunBench(app, argc, argv, [&] { shotfix::Run(options); });
}
