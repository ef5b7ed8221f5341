// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <random>
#include "support/test.h"

#include "model/double_size.h"
#include "shotfix/core/atomic_file.h"
#include "shotfix/core/error.h"
#include "shotfix/image/device.h"
#include "shotfix/model/gaze_head.h"
#include "shotfix/model/gaze_net.h"
#include "shotfix/model/matte_head.h"
#include "shotfix/model/matte_net.h"
#include "shotfix/model/mini_model.h"
#include "shotfix/model/prior_share.h"
#include "shotfix/model/safetensors.h"
#include "support/temp_dir.h"

namespace shotfix::model {
namespace {

Head SmallHead() {
  torch::manual_seed(1);
  MatteNet net(MatteNetOptions{8, 3});
  Head head;
  head.weights = ExportWeights(*net);
  head.shape = {{"base_channels", 8}, {"levels", 3}, {"long_side_px", 64}, {"uses_prior", 1}};
  head.recipe = "test";
  head.footage.push_back({"take", "00ff", {3, 9}, {0, 12}});
  head.curve.push_back({10, 0.5, 12.5});
  return head;
}

}  // namespace

TEST_CASE("a gaze head begins as hardly any change, and says what is wrong with a damaged one", "[model]") {
  torch::manual_seed(1);
  GazeNet net(GazeNetOptions{8});
  Head head;
  head.weights = ExportWeights(*net);
  head.shape = {{"channels", 8}};
  const GazeHead gaze(head, c10::Device(c10::DeviceType::CPU));
  const at::Tensor input = at::rand({kGazeInputChannels, kGazeGridHeight, kGazeGridWidth}) - 0.5;
  const at::Tensor fields = gaze.Infer(input);
  REQUIRE(fields.sizes() == at::IntArrayRef({kGazeFieldChannels, kGazeGridHeight, kGazeGridWidth}));
  CHECK(fields.abs().max().item<double>() < 0.5);
  CHECK(gaze.Infer(input).equal(fields));
  CHECK_THROWS_AS(gaze.Infer(input.narrow(1, 0, 32)), Error);
  head.shape = {{"channels", 16}};
  CHECK_THROWS_AS(GazeHead(head, c10::Device(c10::DeviceType::CPU)), Error);
  head.shape = {};
  CHECK_THROWS_AS(GazeHead(head, c10::Device(c10::DeviceType::CPU)), Error);
}

TEST_CASE("fields shift and light a drawn eye where they may", "[model]") {
  at::Tensor drawn = at::zeros({1, 3, 8, 12});
  drawn.narrow(3, 6, 1).fill_(1);
  at::Tensor fields = at::zeros({1, kGazeFieldChannels, 8, 12});
  fields.select(1, 0).fill_(2);     // what is at p comes from p + 2
  fields.select(1, 4).fill_(0.25);  // blue light
  at::Tensor mask = at::ones({1, 1, 8, 12});
  mask.narrow(2, 4, 4).zero_();
  const at::Tensor result = ApplyGazeFields(drawn, fields, mask)[0];
  CHECK(result[0][1][4].item<float>() == Approx(1).margin(1e-4));
  CHECK(result[0][1][6].item<float>() == Approx(0).margin(1e-4));
  CHECK(result[2][1][6].item<float>() == Approx(0.25).margin(1e-4));
  CHECK(at::allclose(result.narrow(1, 4, 4), drawn[0].narrow(1, 4, 4), 1e-5, 1e-5));
}

TEST_CASE("a model file gives back what was stored", "[model]") {
  const testing::TempDir folder;
  MiniModel model;
  model.production_id = "p";
  model.heads["matte"] = SmallHead();
  model.Save(folder / "m.safetensors");
  const MiniModel back = MiniModel::Load(folder / "m.safetensors");
  CHECK(back.production_id == "p");
  const Head& head = back.heads.at("matte");
  CHECK(head.footage.at(0).painted_frames == std::vector<int64_t>{3, 9});
  CHECK(head.curve.at(0).held_out_mad == 12.5);
  REQUIRE(head.weights.size() == model.heads["matte"].weights.size());
  for (const auto& [name, weight] : model.heads["matte"].weights) CHECK(at::equal(head.weights.at(name), weight));
}

TEST_CASE("a damaged model file is an error, never a crash", "[model]") {
  const testing::TempDir folder;
  MiniModel model;
  model.heads["matte"] = SmallHead();
  model.Save(folder / "m.safetensors");
  const std::string whole = ReadFile(folder / "m.safetensors");
  std::mt19937 rng(5);
  int refused = 0;
  for (int k = 0; k < 200; ++k) {
    std::string bent = whole;
    if (k % 4 == 0) bent.resize(rng() % whole.size());
    else
      for (int i = 0; i < 6; ++i) bent[rng() % std::min<size_t>(bent.size(), 3000)] = static_cast<char>(rng());
    std::ofstream(folder / "bent.safetensors", std::ios::binary) << bent;
    try {
      const MiniModel read = MiniModel::Load(folder / "bent.safetensors");
      for (const auto& [name, head] : read.heads) MatteHead(head, c10::Device(c10::DeviceType::CPU));
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::kData);
      ++refused;
    }
  }
  CHECK(refused > 150);
}

TEST_CASE("a file of another tool is not taken for a model", "[model]") {
  const testing::TempDir folder;
  WriteTensorFile(folder / "x.safetensors", {{{"w", at::ones({2, 2})}}, {}});
  CHECK_THROWS_WITH(MiniModel::Load(folder / "x.safetensors"), Catch::Contains("not a model of shotfix"));
}

TEST_CASE("inference equals the training forward and ignores padding", "[model]") {
  const Head head = SmallHead();
  const MatteHead matte_head(head, c10::Device(c10::DeviceType::CPU));
  MatteNet net(MatteNetOptions{8, 3});
  ImportWeights(*net, head.weights);
  const torch::NoGradGuard guard;
  const at::Tensor input = at::rand({kMatteInputChannels, 40, 56});
  const at::Tensor direct = torch::sigmoid(net->forward(input.unsqueeze(0))).squeeze(0);
  CHECK(at::allclose(matte_head.Infer(input), direct, 1e-5, 1e-5));
  const at::Tensor odd = matte_head.Infer(at::rand({kMatteInputChannels, 37, 51}));
  CHECK(odd.size(1) == 37);
  CHECK(odd.size(2) == 51);
}

TEST_CASE("missing plate and prior are zeros", "[model]") {
  const at::Tensor input = AssembleMatteInput(at::rand({3, 8, 8}), {}, {});
  CHECK(input.size(0) == kMatteInputChannels);
  CHECK(input.narrow(0, 3, 9).abs().sum().item<float>() == 0);
}

TEST_CASE("the propagated matte's share follows what the painted frames show", "[model]") {
  torch::manual_seed(3);
  const at::Tensor painted = (torch::rand({1, 48, 64}) > 0.5).to(torch::kFloat);
  const at::Tensor wrong = 1 - painted;
  const at::Tensor trust = torch::rand({1, 48, 64});
  PriorShareFit network_wrong;
  network_wrong.Add(wrong, {painted, trust}, painted);
  PriorShareFit prior_wrong;
  prior_wrong.Add(painted, {wrong, trust}, painted);
  for (int knot = 0; knot < PriorShare::kKnots; ++knot) {
    CHECK(network_wrong.Solve().at_knot[static_cast<size_t>(knot)] > 0.97);
    CHECK(prior_wrong.Solve().at_knot[static_cast<size_t>(knot)] < 0.03);
    CHECK(PriorShareFit().Solve().at_knot[static_cast<size_t>(knot)] ==
          Approx(PriorShare().at_knot[static_cast<size_t>(knot)]));
  }
  const at::Tensor full = torch::ones_like(trust);
  CHECK(at::equal(prior_wrong.Solve().Blend(wrong, {painted, full}), painted));  // paint is never overruled
  // Half way between both: the mean of the two is exact.
  PriorShareFit even;
  even.Add(painted - 0.1, {painted + 0.1, trust}, painted);
  for (int k = 0; k < 20; ++k) even.Add(painted - 0.1, {painted + 0.1, trust}, painted);
  const at::Tensor blended = even.Solve().Blend(painted - 0.1, {painted + 0.1, trust});
  CHECK((blended - painted).abs().mean().item<double>() < 0.01);
}

TEST_CASE("an untrained network passes a trusted prior on", "[model]") {
  const MatteHead head(SmallHead(), image::SelectDevice("cpu"));
  torch::manual_seed(5);
  const at::Tensor picture = torch::rand({3, 32, 32});
  at::Tensor disc = torch::zeros({1, 32, 32});
  disc.narrow(1, 8, 16).narrow(2, 8, 16).fill_(1);
  const at::Tensor matte = head.Infer(AssembleMatteInput(picture, {}, {disc, torch::ones_like(disc)}));
  CHECK((matte * disc).sum().item<double>() / disc.sum().item<double>() > 0.7);
  CHECK((matte * (1 - disc)).sum().item<double>() / (1 - disc).sum().item<double>() < 0.3);
}

TEST_CASE("a picture at twice its size is the same from copies", "[model]") {
  torch::manual_seed(3);
  const at::Tensor x = at::rand({2, 3, 7, 9});
  CHECK((DoubleSizeFromCopies(x) - DoubleSize(x)).abs().max().item<double>() < 1e-6);
}

TEST_CASE("CUDA adds a gradient up in one order", "[model][gpu]") {
  if (!image::InitialiseDevices().cuda_available) {
    WARN("SKIPPED: no CUDA device");
    return;
  }
  torch::manual_seed(3);
  const at::Tensor source = at::rand({4, 24, 64, 64}).cuda();
  const at::Tensor pull = at::rand({4, 24, 128, 128}).cuda();
  const auto gradient = [&] {
    const at::Tensor x = source.clone().requires_grad_(true);
    (DoubleSize(x) * pull).sum().backward();
    return x.grad().clone();
  };
  const at::Tensor first = gradient();
  for (int k = 0; k < 5; ++k) CHECK(at::equal(first, gradient()));
}

TEST_CASE("CUDA gives the CPU's matte within bf16", "[model][gpu]") {
  if (!image::InitialiseDevices().cuda_available) {
    WARN("SKIPPED: no CUDA device");
    return;
  }
  const Head head = SmallHead();
  const at::Tensor input = at::rand({kMatteInputChannels, 64, 64});
  const at::Tensor cpu = MatteHead(head, c10::Device(c10::DeviceType::CPU)).Infer(input);
  const at::Tensor cuda = MatteHead(head, c10::Device(c10::DeviceType::CUDA)).Infer(input);
  CHECK((cpu - cuda).abs().max().item<double>() < 0.02);
}

}  // namespace shotfix::model
