// SPDX-License-Identifier: Apache-2.0
// Measures a relit shot of the rendered production against its truth, beside the best colour grade of the source.
#include <ATen/ATen.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "shotfix/image/convert.h"
#include "shotfix/image/resample.h"
#include "shotfix/media/decoder.h"
#include "shotfix/media/still.h"

namespace shotfix {
namespace {

constexpr int64_t kSkin = 2;  // of the production's labels

struct BenchOptions {
  std::string result, source, truth, clean, clean_truth, alpha, labels, sheet;
  std::vector<int64_t> frames{0, 8, 16, 24};
};

// Chosen frames of a clip, scene-linear [3,H,W].
std::vector<at::Tensor> ReadFrames(const std::string& path, const std::vector<int64_t>& frames) {
  media::ProbeOptions options;
  options.in_space = image::ParseColourSpace("srgb");
  const media::ClipInfo info = media::Probe(path, options);
  media::Decoder decoder(info);
  std::vector<at::Tensor> pictures;
  for (const int64_t frame : frames) {
    decoder.Seek(info.frames.begin + std::min(frame, info.frame_count() - 1));
    pictures.push_back(decoder.Next()->rgb);
  }
  return pictures;
}

std::vector<at::Tensor> ReadAlpha(const std::string& path, const std::vector<int64_t>& frames) {
  const media::ClipInfo info = media::Probe(path, {});
  media::Decoder decoder(info);
  std::vector<at::Tensor> alphas;
  for (const int64_t frame : frames) {
    decoder.Seek(frame);
    const image::PixelPlanes planes = *decoder.NextSamples()->source;
    const image::Plane& grey = planes.planes[0];
    at::Tensor alpha = at::empty({1, planes.layout.height, planes.layout.width});
    for (size_t k = 0; k < grey.codes.size(); ++k)
      alpha.mutable_data_ptr<float>()[k] = static_cast<float>(grey.codes[k]) / 255;
    alphas.push_back(alpha);
  }
  return alphas;
}

at::Tensor Rows(const at::Tensor& picture, const at::Tensor& mask) {
  const at::Tensor places = mask.reshape({-1}).nonzero().squeeze(1);
  return picture.reshape({picture.size(0), -1}).index_select(1, places).t().to(at::kDouble);
}

// PSNR in the sRGB curve, of rows.
double Psnr(const at::Tensor& a, const at::Tensor& b) {
  const auto shown = [](const at::Tensor& rows) { return image::PerceptualFromLinear(rows.clamp(0, 1).to(at::kFloat).contiguous()); };
  return -10 * std::log10((shown(a) - shown(b)).square().mean().item<double>());
}

// The 3x4 matrix in linear light that takes the source nearest to the truth.
at::Tensor BestGrade(const at::Tensor& source, const at::Tensor& truth) {
  const at::Tensor x = at::cat({source, at::ones({source.size(0), 1}, source.options())}, 1);
  return x.mm(at::linalg_solve(x.t().mm(x), x.t().mm(truth))).clamp(0, 1);
}

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

struct Scores {
  double actor = 0, skin = 0, graded_actor = 0, graded_skin = 0, detail = 0;
};

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
  scores.detail = Correlation(Rows(Detail(result), skin), Rows(Detail(truth), skin));
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
  }
  const nlohmann::json json = {{"actor_gain_db", mean.actor - mean.graded_actor},
                               {"skin_gain_db", mean.skin - mean.graded_skin},
                               {"actor_db", mean.actor},
                               {"skin_db", mean.skin},
                               {"detail", mean.detail}};
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
  app.add_option("--frames", options.frames)->delimiter(',');
  app.add_option("--sheet", options.sheet, "Writes source, result and truth side by side as SHEET.N.png");
  CLI11_PARSE(app, argc, argv);
  try {
    shotfix::Run(options);
    return 0;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "error: %s\n", problem.what());
    return 1;
  }
}
