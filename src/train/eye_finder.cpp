// SPDX-License-Identifier: Apache-2.0
#include "shotfix/train/eye_finder.h"

#include <torch/nn.h>
#include <torch/optim/adamw.h>

#include <cmath>
#include <numbers>

#include "shotfix/core/error.h"
#include "train/augment.h"

namespace shotfix::train {
namespace {

namespace nn = torch::nn;
namespace F = torch::nn::functional;

constexpr double kBetweenPx = 36;  // pictures are brought to this distance between the eyes
constexpr int64_t kCropPx = 96;
constexpr int64_t kStride = 4;  // of the answer

// A map for each eye, picture left first: how surely it is there.
class FinderNetImpl : public nn::Module {
 public:
  FinderNetImpl() {
    const auto conv = [](int64_t from, int64_t to, int64_t stride, int64_t dilation) {
      nn::Conv2d layer(nn::Conv2dOptions(from, to, 3).stride(stride).padding(dilation).dilation(dilation));
      nn::init::kaiming_normal_(layer->weight, 0.1);
      nn::init::zeros_(layer->bias);
      return layer;
    };
    layers_->push_back(conv(3, 12, 2, 1));
    layers_->push_back(conv(12, 20, 2, 1));
    layers_->push_back(conv(20, 24, 1, 2));
    layers_->push_back(conv(24, 24, 1, 4));
    layers_->push_back(conv(24, 2, 1, 1));
    register_module("layers", layers_);
  }
  torch::Tensor forward(torch::Tensor x) {
    for (size_t k = 0; k < layers_->size(); ++k) {
      x = layers_[k]->as<nn::Conv2d>()->forward(x);
      if (k + 1 < layers_->size()) x = F::leaky_relu(x, F::LeakyReLUFuncOptions().negative_slope(0.1));
    }
    return x;
  }

 private:
  nn::ModuleList layers_;
};
TORCH_MODULE(FinderNet);

double BetweenPx(const gaze::PerEye<cv::Point2d>& eyes) {
  return std::hypot(eyes[1].x - eyes[0].x, eyes[1].y - eyes[0].y);
}

at::Tensor Resized(const at::Tensor& picture, double scale) {
  const auto side = [&](int64_t size) {
    return std::max<int64_t>(kStride, std::llround(static_cast<double>(size) * scale));
  };
  return F::interpolate(picture.unsqueeze(0),
                        F::InterpolateFuncOptions()
                            .size(std::vector<int64_t>{side(picture.size(1)), side(picture.size(2))})
                            .mode(torch::kArea))
      .squeeze(0);
}

// What the network sees of a picture: without the light of each place, so that a crop and a whole picture look alike.
at::Tensor Seen(const at::Tensor& picture) {
  constexpr int64_t kWindow = 33;  // px
  const auto around = [&](const at::Tensor& x) {
    const at::Tensor across = at::avg_pool2d(x.unsqueeze(0), {1, kWindow}, 1, {0, kWindow / 2}, false, false);
    return at::avg_pool2d(across, {kWindow, 1}, 1, {kWindow / 2, 0}, false, false).squeeze(0);
  };
  const at::Tensor detail = picture - around(picture);
  return detail / (around(detail.square().mean(0, true)).sqrt() + 0.03);
}

struct SmallFrame {
  at::Tensor picture;  // as the network sees it
  gaze::PerEye<cv::Point2d> eyes;
};

// Pictures at the size that the network knows, pixel centres at whole numbers.
SmallFrame Shrunk(const gaze::KnownEyes& known) {
  const double scale = kBetweenPx / BetweenPx(known.eyes);
  SmallFrame small{Seen(Resized(known.picture, scale)), {}};
  for (size_t eye = 0; eye < gaze::kEyes; ++eye)
    small.eyes[eye] = {(known.eyes[eye].x + 0.5) * scale - 0.5, (known.eyes[eye].y + 0.5) * scale - 0.5};
  return small;
}

struct Crop {
  at::Tensor picture;  // [3,kCropPx,kCropPx]
  at::Tensor truth;    // [2, by stride]
};

cv::Point2d PlaceInCrop(const Placement& placement, cv::Point2d at) {
  const cv::Point2d way(at.x - placement.centre_x, at.y - placement.centre_y);
  const double cosine = std::cos(placement.angle_rad) * placement.scale;
  const double sine = std::sin(placement.angle_rad) * placement.scale;
  constexpr double kMiddle = (kCropPx - 1) / 2.0;
  return {cosine * way.x + sine * way.y + kMiddle, -sine * way.x + cosine * way.y + kMiddle};
}

// A crop around the eyes or, one time in three, anywhere.
Crop DrawCrop(Rng& rng, const SmallFrame& frame) {
  constexpr double kOffset = 26;  // px
  Placement placement;
  placement.angle_rad = Uniform(rng, -0.35, 0.35);
  placement.scale = std::exp(Uniform(rng, -0.3, 0.3));
  const cv::Point2d middle = (frame.eyes[0] + frame.eyes[1]) * 0.5;
  const bool anywhere = UniformInt(rng, 0, 3) == 0;
  placement.centre_x = anywhere ? Uniform(rng, 0, static_cast<double>(frame.picture.size(2)))
                                : middle.x + Uniform(rng, -kOffset, kOffset);
  placement.centre_y = anywhere ? Uniform(rng, 0, static_cast<double>(frame.picture.size(1)))
                                : middle.y + Uniform(rng, -kOffset, kOffset);
  Crop crop{Place(frame.picture, placement, kCropPx), at::zeros({2, kCropPx / kStride, kCropPx / kStride})};
  crop.picture *= Uniform(rng, 0.75, 1.33);
  auto truth = crop.truth.accessor<float, 3>();
  for (size_t eye = 0; eye < gaze::kEyes; ++eye) {
    const cv::Point2d at = PlaceInCrop(placement, frame.eyes[eye]);
    for (int64_t y = 0; y < truth.size(1); ++y) {
      for (int64_t x = 0; x < truth.size(2); ++x) {
        const double dx = (static_cast<double>(x * kStride) - at.x) / kStride;
        const double dy = (static_cast<double>(y * kStride) - at.y) / kStride;
        truth[static_cast<int64_t>(eye)][y][x] = static_cast<float>(std::exp(-0.5 * (dx * dx + dy * dy)));
      }
    }
  }
  return crop;
}

FinderNet TrainNet(const std::vector<SmallFrame>& frames) {
  constexpr int kSteps = 240;
  constexpr int kBatch = 16;
  constexpr double kRate = 4e-3;
  torch::manual_seed(1);
  Rng rng(1);
  FinderNet net;
  torch::optim::AdamW optimiser(net->parameters(), torch::optim::AdamWOptions(kRate));
  for (int step = 0; step < kSteps; ++step) {
    std::vector<at::Tensor> pictures, truths;
    for (int k = 0; k < kBatch; ++k) {
      const auto which = static_cast<size_t>(UniformInt(rng, 0, static_cast<int64_t>(frames.size())));
      Crop crop = DrawCrop(rng, frames[which]);
      pictures.push_back(std::move(crop.picture));
      truths.push_back(std::move(crop.truth));
    }
    const double done = static_cast<double>(step) / kSteps;
    for (auto& group : optimiser.param_groups())
      static_cast<torch::optim::AdamWOptions&>(group.options())
          .lr(kRate * 0.5 * (1.02 + std::cos(std::numbers::pi * done)));
    optimiser.zero_grad();
    const at::Tensor truth = torch::stack(truths);
    const at::Tensor logits = net->forward(torch::stack(pictures));
    // Eyes are few beside everything else.
    const at::Tensor loss =
        (torch::binary_cross_entropy_with_logits(logits, truth, {}, {}, at::Reduction::None) * (1 + 20 * truth)).mean();
    loss.backward();
    optimiser.step();
  }
  net->eval();
  return net;
}

struct Peak {
  cv::Point2d place;  // px of the picture that was searched
  double sure = 0;
};

// The highest places of a map, each the highest around it.
std::vector<Peak> PeaksOf(const at::Tensor& map) {
  constexpr double kSure = 0.4;
  constexpr size_t kMost = 6;
  const at::Tensor highest = torch::max_pool2d(map.unsqueeze(0), 5, 1, 2).squeeze(0);
  const auto values = map.accessor<float, 2>();
  const auto tops = highest.accessor<float, 2>();
  std::vector<Peak> peaks;
  for (int64_t y = 1; y + 1 < values.size(0); ++y) {
    for (int64_t x = 1; x + 1 < values.size(1); ++x) {
      if (!(values[y][x] >= kSure && values[y][x] >= tops[y][x])) continue;
      cv::Point2d sum(0, 0);
      double total = 0;
      for (int64_t v = y - 1; v <= y + 1; ++v) {
        for (int64_t u = x - 1; u <= x + 1; ++u) {
          sum += cv::Point2d(static_cast<double>(u), static_cast<double>(v)) * values[v][u];
          total += values[v][u];
        }
      }
      peaks.push_back({sum * (kStride / total), values[y][x]});
    }
  }
  std::sort(peaks.begin(), peaks.end(), [](const Peak& a, const Peak& b) { return a.sure > b.sure; });
  if (peaks.size() > kMost) peaks.resize(kMost);
  return peaks;
}

struct FoundPair {
  gaze::PerEye<cv::Point2d> eyes;
  double sure = 0;
};

FoundPair BestPair(const at::Tensor& maps) {
  constexpr double kNearest = 0.55;  // of the usual distance: a head that is turned
  constexpr double kFarthest = 1.4;
  constexpr double kSteep = 0.7;  // of the distance
  FoundPair best;
  const std::vector<Peak> rights = PeaksOf(maps[1]);
  for (const Peak& left : PeaksOf(maps[0])) {
    for (const Peak& right : rights) {
      const cv::Point2d way = right.place - left.place;
      const double length = std::hypot(way.x, way.y);
      if (way.x <= 0 || length < kNearest * kBetweenPx || length > kFarthest * kBetweenPx) continue;
      if (std::abs(way.y) > kSteep * length) continue;
      const double sure = std::min(left.sure, right.sure);
      if (sure > best.sure) best = {{left.place, right.place}, sure};
    }
  }
  return best;
}

}  // namespace

gaze::EyeSearch LearnEyeSearch(const std::vector<gaze::KnownEyes>& known) {
  if (known.empty()) Throw(ErrorCode::kUsage, "no frame is known to learn from what an actor's eyes look like");
  std::vector<SmallFrame> frames;
  double between_px = 0;
  for (const gaze::KnownEyes& frame : known) {
    frames.push_back(Shrunk(frame));
    between_px += BetweenPx(frame.eyes) / static_cast<double>(known.size());
  }
  FinderNet net = TrainNet(frames);
  return [net, between_px](const at::Tensor& picture) mutable -> std::optional<gaze::PerEye<cv::Point2d>> {
    constexpr double kSizes[] = {1, 0.72, 1.4};
    constexpr double kSure = 0.5;
    const torch::NoGradGuard guard;
    FoundPair best;
    double best_scale = 1;
    for (const double size : kSizes) {
      const double scale = kBetweenPx / between_px * size;
      const at::Tensor small = Resized(picture, scale);
      if (small.size(1) < kCropPx / 2 || small.size(2) < kCropPx / 2) continue;
      const FoundPair pair = BestPair(torch::sigmoid(net->forward(Seen(small).unsqueeze(0))).squeeze(0));
      if (pair.sure <= best.sure) continue;
      best = pair;
      best_scale = scale;
    }
    if (best.sure < kSure) return std::nullopt;
    for (cv::Point2d& eye : best.eyes) eye = {(eye.x + 0.5) / best_scale - 0.5, (eye.y + 0.5) / best_scale - 0.5};
    return best.eyes;
  };
}

}  // namespace shotfix::train
