// SPDX-License-Identifier: Apache-2.0
// Measures the matte of one clip with known alpha: trains on a few painted frames, then compares every other frame.
#include <ATen/ATen.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "shotfix/core/error.h"
#include "shotfix/image/analysis.h"
#include "shotfix/image/device.h"
#include "shotfix/image/resample.h"
#include "shotfix/media/decoder.h"
#include "shotfix/media/shot_reader.h"
#include "shotfix/media/still.h"
#include "shotfix/model/shot_matte.h"
#include "shotfix/temporal/matte_shot.h"
#include "shotfix/temporal/measures.h"
#include "shotfix/temporal/stabiliser.h"
#include "shotfix/train/matte_trainer.h"
#include "support/memory_track.h"

namespace shotfix {
namespace {

struct BenchOptions {
  std::string clip;
  std::string alpha;
  std::string plate;
  std::string recipe = "fast";
  std::string device = "auto";
  std::string sheet;
  std::vector<int64_t> hints;
  std::optional<double> budget_s;
  int64_t seed = 1;
  int alpha_radius = temporal::StabiliserOptions{}.alpha_radius;
};

struct Scores {
  double mad = 0;
  double mse = 0;
  double dtssd = 0;
};

Scores Score(const std::vector<at::Tensor>& mattes, const std::vector<at::Tensor>& truth,
             const std::set<int64_t>& hints) {
  Scores sum;
  int count = 0;
  int pairs = 0;
  for (size_t k = 0; k < mattes.size(); ++k) {
    if (!hints.contains(static_cast<int64_t>(k))) {
      sum.mad += temporal::MatteMad(mattes[k], truth[k]);
      sum.mse += temporal::MatteMse(mattes[k], truth[k]);
      ++count;
    }
    if (k > 0) {
      sum.dtssd += temporal::MatteDtSsd(mattes[k - 1], mattes[k], truth[k - 1], truth[k]);
      ++pairs;
    }
  }
  return {sum.mad / count, sum.mse / count, sum.dtssd / pairs};
}

// The baseline: painted mattes warped from frame to frame, both ways, blended by how well flow's round trips close.
std::vector<at::Tensor> PlainFlow(image::ShotReader& shot, const temporal::PaintedMattes& painted) {
  const auto flow = temporal::MakeDisFlow();
  const int64_t count = shot.frames().size();
  std::vector<at::Tensor> sum(static_cast<size_t>(count));
  std::vector<at::Tensor> weights(sum.size());
  for (const bool forward : {true, false}) {
    at::Tensor matte;
    at::Tensor trust;
    for (int64_t step = 0; step < count; ++step) {
      const int64_t frame = forward ? step : count - 1 - step;
      const auto index = static_cast<size_t>(frame);
      if (matte.defined()) {
        const at::Tensor here = shot.Analysis(frame);
        const at::Tensor last = shot.Analysis(forward ? frame - 1 : frame + 1);
        const at::Tensor back = flow->Estimate(here, last);
        matte = image::SampleAtOffset(matte, back, image::Filter::kBilinear);
        trust = image::SampleAtOffset(trust, back, image::Filter::kBilinear) *
                temporal::RoundTripTrust(back, flow->Estimate(last, here)) * 0.985;
      }
      if (const auto paint = painted.find(frame); paint != painted.end()) {
        matte = paint->second;
        trust = at::ones_like(matte);
      }
      if (!matte.defined()) continue;
      const at::Tensor weight = trust.square() + 1e-4;
      sum[index] = sum[index].defined() ? sum[index] + matte * weight : matte * weight;
      weights[index] = weights[index].defined() ? weights[index] + weight : weight;
    }
  }
  for (size_t k = 0; k < sum.size(); ++k)
    sum[k] = painted.contains(int64_t(k)) ? painted.at(int64_t(k)) : sum[k] / weights[k];
  return sum;
}

class PrintProgress final : public Progress {
 public:
  void Update(std::string_view task, int64_t done, int64_t total, std::string_view note) override {
    if (done % 50 == 0 || done == total)
      std::fprintf(stderr, "%.*s %ld/%ld %.*s\n", int(task.size()), task.data(), long(done), long(total),
                   int(note.size()), note.data());
  }
};

std::vector<at::Tensor> ReadTruth(const std::string& path, int64_t count) {
  media::ProbeOptions options;
  options.in_space = image::ParseColourSpace("linear");
  media::ClipInfo info = media::Probe(path, options);
  info.space.transfer = image::Transfer::kLinear;
  info.space.range = image::Range::kFull;
  media::Decoder decoder(info);
  std::vector<at::Tensor> truth;
  for (int64_t k = 0; k < count; ++k) truth.push_back(decoder.Next()->rgb.narrow(0, 1, 1).clone());
  return truth;
}

void Print(const char* name, const Scores& scores) {
  std::printf("%-28s MAD %6.2f  MSE %6.2f  dtSSD %5.2f\n", name, scores.mad, scores.mse, scores.dtssd);
}

void WriteSheet(const std::string& path, const std::vector<at::Tensor>& pictures, const std::vector<at::Tensor>& truth,
                const std::vector<at::Tensor>& mattes) {
  std::vector<at::Tensor> rows;
  const auto grey = [](const at::Tensor& matte) { return matte.expand({3, -1, -1}); };
  for (size_t k = 4; k < mattes.size(); k += std::max<size_t>(1, mattes.size() / 4)) {
    const at::Tensor difference = (mattes[k] - truth[k]).abs() * 3;
    rows.push_back(at::cat({pictures[k], grey(truth[k]), grey(mattes[k]), grey(difference)}, 2));
  }
  media::WritePng(path, at::cat(rows, 1));
}

std::vector<at::Tensor> Steady(const std::vector<at::Tensor>& mattes, const std::vector<at::Tensor>& guides,
                               int radius) {
  const auto flow = temporal::MakeDisFlow();
  std::vector<temporal::FlowLink> links;
  for (size_t k = 0; k + 1 < guides.size(); ++k) links.push_back(temporal::LinkFrames(*flow, guides[k], guides[k + 1]));
  const temporal::FieldWindow window{mattes, guides, &links};
  const temporal::StabiliserOptions defaults;
  std::vector<at::Tensor> smooth;
  for (size_t k = 0; k < mattes.size(); ++k) {
    const at::Tensor steady =
        temporal::StabiliseField(window, k, radius, defaults.colour_sigma, defaults.alpha_tolerance);
    smooth.push_back(steady.clamp(0, 1));
  }
  return smooth;
}

int Run(const BenchOptions& options) {
  const train::Recipe recipe = train::LoadRecipe(options.recipe);
  const media::ClipInfo info = media::Probe(options.clip);
  const auto reader = media::OpenShotReader(info, info.frames, static_cast<int>(recipe.matte.long_side_px));
  const std::vector<at::Tensor> truth = ReadTruth(options.alpha, info.frame_count());
  const std::set<int64_t> hints(options.hints.begin(), options.hints.end());
  temporal::MatteShotInputs inputs;
  for (const int64_t hint : hints) inputs.painted[hint] = truth[static_cast<size_t>(hint)];
  if (!options.plate.empty()) {
    const image::Frame still = media::ReadStill(options.plate);
    inputs.supplied_plate = image::AnalysisPicture(still.rgb, {reader->analysis_height(), reader->analysis_width()});
  }
  testing::MemoryTrack track;
  const temporal::MatteShot shot =
      temporal::AnalyseMatteShot(*reader, inputs, track, [](const char*, int64_t, int64_t) {});
  std::printf("camera %s, plate known %.1f %%\n", shot.camera.is_static ? "static" : "moving",
              shot.plate.valid.mean().item<double>() * 100);
  std::vector<train::MatteExample> examples;
  const auto view = [&](int64_t frame) {
    return temporal::ViewPlate(shot.plate, shot.camera.reference_from_frame.at(frame), reader->analysis_height(),
                               reader->analysis_width());
  };
  for (const int64_t hint : hints) {
    examples.push_back({"frame " + std::to_string(hint), reader->Analysis(hint), truth[static_cast<size_t>(hint)],
                        view(hint), shot.left_out.at(hint)});
  }
  PrintProgress progress;
  train::TrainOptions train_options{image::SelectDevice(options.device), options.seed, options.budget_s, {}, false, {}};
  const train::MatteTrainingResult trained = train::TrainMatteHead(examples, recipe, train_options, progress);
  std::printf("trained %ld steps in %.1f s, held out MAD %.2f (%s)\n", long(trained.steps_done), trained.seconds,
              trained.head.held_out_mad, trained.held_out.c_str());
  const model::MatteHead head(trained.head, train_options.device);
  const model::PriorShare share =
      model::FitPriorShare(*reader, head, {shot.camera, shot.plate, track}, inputs.painted, shot.left_out);
  std::printf("propagated mattes' share by trust 0 to 1:");
  for (const double knot : share.at_knot) std::printf(" %.2f", knot);
  std::printf("\n");
  const temporal::CleanPlate plate =
      shot.plate_supplied ? shot.plate : model::RefinePlate(*reader, head, {shot.camera, shot.plate, track});
  std::printf("plate known after refining %.1f %%\n", plate.valid.mean().item<double>() * 100);
  std::vector<at::Tensor> mattes;
  std::vector<at::Tensor> priors;
  std::vector<at::Tensor> guides;
  for (int64_t frame = 0; frame < info.frame_count(); ++frame) {
    guides.push_back(reader->Analysis(frame));
    priors.push_back(temporal::ReadPrior(track, frame).matte);
    mattes.push_back(model::InferMatte(head, {shot.camera, plate, track, share}, frame, guides.back()));
  }
  const std::vector<at::Tensor> smooth = Steady(mattes, guides, options.alpha_radius);
  Print("flow propagation alone", Score(PlainFlow(*reader, inputs.painted), truth, hints));
  Print("propagated as the prior", Score(priors, truth, hints));
  Print("matte", Score(mattes, truth, hints));
  Print("matte, stabilised", Score(smooth, truth, hints));
  if (!options.sheet.empty()) WriteSheet(options.sheet, guides, truth, smooth);
  return 0;
}

}  // namespace
}  // namespace shotfix

int main(int argc, char** argv) {
  shotfix::BenchOptions options;
  CLI::App app("Matte quality and training time on a clip with known alpha");
  app.add_option("--clip", options.clip)->required();
  app.add_option("--alpha", options.alpha)->required();
  app.add_option("--plate", options.plate);
  app.add_option("--recipe", options.recipe);
  app.add_option("--device", options.device);
  app.add_option("--sheet", options.sheet);
  app.add_option("--hints", options.hints)->required()->delimiter(',');
  app.add_option("--budget", options.budget_s);
  app.add_option("--seed", options.seed);
  app.add_option("--alpha-radius", options.alpha_radius);
  CLI11_PARSE(app, argc, argv);
  try {
    return shotfix::Run(options);
  } catch (const shotfix::Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return static_cast<int>(error.code());
  }
}
