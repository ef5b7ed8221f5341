// SPDX-License-Identifier: Apache-2.0
#include "train/held_out.h"

#include <ATen/ATen.h>

#include "shotfix/core/error.h"
#include "shotfix/model/matte_head.h"

namespace shotfix::train {
namespace {

constexpr size_t kWholeFramesFrom = 6;
constexpr size_t kEveryFrame = 5;
constexpr int64_t kTile = 32;
constexpr uint64_t kEveryTile = 8;

uint64_t Mix(uint64_t value) {  // splitmix64
  value += 0x9E3779B97F4A7C15ULL;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31);
}

at::Tensor TileMask(size_t example, int64_t height, int64_t width) {
  at::Tensor mask = at::ones({1, height, width});
  for (int64_t y = 0; y < height; y += kTile) {
    for (int64_t x = 0; x < width; x += kTile) {
      const uint64_t key =
          Mix((static_cast<uint64_t>(example) << 40) ^ (static_cast<uint64_t>(y) << 20) ^ static_cast<uint64_t>(x));
      if (key % kEveryTile != 0) continue;
      mask.narrow(1, y, std::min(kTile, height - y)).narrow(2, x, std::min(kTile, width - x)).zero_();
    }
  }
  return mask;
}

}  // namespace

HeldOut ChooseHeldOut(const std::vector<MatteExample>& examples) {
  HeldOut held_out;
  const bool whole = examples.size() >= kWholeFramesFrom;
  size_t count = 0;
  for (size_t k = 0; k < examples.size(); ++k) {
    const int64_t height = examples[k].matte.size(1);
    const int64_t width = examples[k].matte.size(2);
    const bool out = whole && k % kEveryFrame == kEveryFrame / 2;
    count += out ? 1 : 0;
    held_out.teaches.push_back(!whole ? TileMask(k, height, width)
                               : out  ? at::zeros({1, height, width})
                                      : at::ones({1, height, width}));
  }
  held_out.words = whole ? fmt::format("{} of {} painted frames", count, examples.size())
                         : fmt::format("an eighth of the tiles of {} painted frame{}", examples.size(),
                                       examples.size() == 1 ? "" : "s");
  return held_out;
}

double HeldOutMad(model::MatteNet& net, const std::vector<MatteExample>& examples, const HeldOut& held_out,
                  c10::Device device) {
  const torch::NoGradGuard guard;
  double sum = 0;
  double area = 0;
  for (size_t k = 0; k < examples.size(); ++k) {
    const at::Tensor out = 1 - held_out.teaches[k];
    const double pixels = out.sum().item<double>();
    if (pixels == 0) continue;
    const MatteExample& example = examples[k];
    const at::Tensor input = model::AssembleMatteInput(example.perceptual, example.plate, example.prior)
                                 .unsqueeze(0)
                                 .to(device)
                                 .contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor matte = torch::sigmoid(net->forward(input)).squeeze(0).cpu();
    sum += ((matte - example.matte).abs() * out).sum().item<double>();
    area += pixels;
  }
  return area > 0 ? sum / area * 1e3 : -1;
}

}  // namespace shotfix::train
