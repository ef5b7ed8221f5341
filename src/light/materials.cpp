// SPDX-License-Identifier: Apache-2.0
#include "shotfix/light/materials.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <opencv2/core.hpp>
#include <utility>

#include "light/rows.h"
#include "shotfix/core/error.h"
#include "shotfix/image/resample.h"

namespace shotfix::light {
namespace {

constexpr int kParts = 20;
constexpr int64_t kFeatures = 5;
constexpr double kHueSpread = 0.18;  // log of a ratio of channels
constexpr double kLightSpread = 0.7;
constexpr double kPlaceSpread = 0.25;  // sides of a square as large as the subject
constexpr float kNobody = -1;          // the material of a part without pixels
constexpr double kDarkest = 1e-4;
constexpr double kLikeHue = 0.5;  // log of a ratio of channels: materials differ by more
// Between the brightest and the darkest of one material, in ranges of its light: detail, and shadows that the shape
// does not know.
constexpr double kMostRanges = 1.5;
// Between what the lit pixels of two parts say of their albedo: hair beside skin is another material, not its shade. In
// ranges of the light, 1.7 stops of a lamp's: at 1.3 the far cheek of the sample production falls off its face; at 1.7
// under a soft sky, whose range is half a lamp's, the hair of a real head was bleached to skin.
constexpr double kMostRangesApart = 0.49;
constexpr double kLit = 0.4;           // of the key: a place that it should reach
constexpr double kLeastBorder = 0.15;  // of the side of the smaller part
constexpr int64_t kNear = 3;           // px: parts so near each other touch
constexpr int64_t kFewestPixels = 500;
constexpr double kEdgePx = 1.5;  // over which one material goes over into the next

struct Features {
  at::Tensor rows;     // [P,5] float
  at::Tensor inside;   // [P] places in the picture
  at::Tensor log_rgb;  // [P,3]
  at::Tensor key;      // [P]
};

at::Tensor BlurInside(const at::Tensor& picture, const at::Tensor& mask, double sigma) {
  return image::GaussianBlur(picture * mask, sigma) / image::GaussianBlur(mask, sigma).clamp_min(1e-4);
}

// Of whole numbers, the same however many threads add them up.
double MeanOf(const at::Tensor& values) {
  return values.sum(at::kDouble).item<double>() / static_cast<double>(std::max<int64_t>(1, values.numel()));
}

Features FeaturesOf(const ShadedPicture& frame, double ambient) {
  const at::Tensor mask = (frame.mask > 0.5).to(at::kFloat);
  Features features;
  features.inside = PlacesOf(mask);
  features.log_rgb = RowsAt(BlurInside(frame.picture, mask, 1).clamp_min(kDarkest).log(), features.inside);
  features.key = RowsAt(frame.key, features.inside).squeeze(1);
  const at::Tensor level = features.log_rgb.exp().mean(1).log();
  const int64_t width = mask.size(2);
  const at::Tensor x = features.inside.remainder(width).to(at::kFloat);
  const at::Tensor y = features.inside.floor_divide(width).to(at::kFloat);
  const double side = std::sqrt(static_cast<double>(std::max<int64_t>(1, features.inside.numel())));
  const auto channel = [&](int64_t c) { return features.log_rgb.select(1, c); };
  features.rows = at::stack({(channel(0) - channel(1)) / kHueSpread, (channel(2) - channel(1)) / kHueSpread,
                             (level - (features.key + ambient).log()) / kLightSpread,
                             (x - MeanOf(x)) / (kPlaceSpread * side), (y - MeanOf(y)) / (kPlaceSpread * side)},
                            1)
                      .contiguous();
  return features;
}

// Which parts belong together. Everything is counted once over all pixels, then parts are joined by what was counted.
class Joiner {
 public:
  Joiner(const std::vector<Features>& frames, const std::vector<ShadedPicture>& pictures,
         const std::vector<at::Tensor>& labels, double ambient);
  std::vector<int> Join();

 private:
  static constexpr int kLevels = 256;  // of brightness
  static constexpr double kFirstStop = -14;
  static constexpr double kLevelStops = 0.0625;
  struct Part {
    double pixels = 0;
    double red = 0, blue = 0;  // sums of log ratios
    std::vector<double> levels = std::vector<double>(kLevels, 0);
    std::vector<double> lit = std::vector<double>(kLevels, 0);  // brightness over the light that should reach them
    double lit_pixels = 0;
    void Add(const Part& other);
  };

  void CountBorders(const at::Tensor& labels, const Features& frame, const at::Tensor& stops, const at::Tensor& mask);
  static double LevelAt(const std::vector<double>& levels, double pixels, double share);
  static size_t LevelOf(double stops);
  // Stops between the albedos that the lit pixels of both speak for; 0 where one has hardly any.
  static double Apart(const Part& a, const Part& b);
  // How badly two go together; nothing where they must not.
  double Cost(size_t a, size_t b) const;

  double frames_;
  double range_stops_;  // of light: from what the key reaches to what it does not
  std::vector<Part> parts_;
  cv::Mat borders_;  // CV_64FC1, pairs of near pixels
  cv::Mat steps_;    // CV_64FC1, stops between them, summed
};

Joiner::Joiner(const std::vector<Features>& frames, const std::vector<ShadedPicture>& pictures,
               const std::vector<at::Tensor>& labels, double ambient)
    : frames_(static_cast<double>(frames.size())),
      range_stops_(std::log2((1 + ambient) / ambient)),
      parts_(kParts),
      borders_(cv::Mat::zeros(kParts, kParts, CV_64FC1)),
      steps_(borders_.clone()) {
  for (size_t k = 0; k < frames.size(); ++k) {
    const at::Tensor label = labels[k].contiguous();
    const at::Tensor stops = frames[k].log_rgb.exp().mean(1).log2().contiguous();
    const at::Tensor hues = (frames[k].rows.slice(1, 0, 2) * kHueSpread).contiguous();
    const int* which = label.const_data_ptr<int>();
    const float* stop = stops.const_data_ptr<float>();
    const float* hue = hues.const_data_ptr<float>();
    const at::Tensor keys = frames[k].key.contiguous();
    const float* key = keys.const_data_ptr<float>();
    for (int64_t i = 0; i < label.numel(); ++i) {
      Part& part = parts_[static_cast<size_t>(which[i])];
      ++part.pixels;
      part.red += hue[2 * i];
      part.blue += hue[2 * i + 1];
      ++part.levels[LevelOf(stop[i])];
      if (key[i] < kLit) continue;
      ++part.lit[LevelOf(stop[i] - std::log2(key[i] + ambient))];
      ++part.lit_pixels;
    }
    CountBorders(label, frames[k], stops, pictures[k].mask);
  }
}

void Joiner::CountBorders(const at::Tensor& labels, const Features& frame, const at::Tensor& stops,
                          const at::Tensor& mask) {
  const int64_t height = mask.size(1);
  const int64_t width = mask.size(2);
  std::vector<int64_t> at(static_cast<size_t>(height * width), -1);
  const int64_t* place = frame.inside.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < labels.numel(); ++i) at[static_cast<size_t>(place[i])] = i;
  const int* label = labels.const_data_ptr<int>();
  const float* stop = stops.const_data_ptr<float>();
  const auto pair = [&](int64_t a, int64_t b) {
    const int64_t first = at[static_cast<size_t>(a)];
    const int64_t second = at[static_cast<size_t>(b)];
    if (first < 0 || second < 0 || label[first] == label[second]) return;
    const double step = std::abs(stop[first] - stop[second]);
    for (const auto& [from, to] : {std::pair(label[first], label[second]), std::pair(label[second], label[first])}) {
      ++borders_.at<double>(from, to);
      steps_.at<double>(from, to) += step;
    }
  };
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      if (x + kNear < width) pair(y * width + x, y * width + x + kNear);
      if (y + kNear < height) pair(y * width + x, (y + kNear) * width + x);
    }
  }
}

void Joiner::Part::Add(const Part& other) {
  pixels += other.pixels;
  red += other.red;
  blue += other.blue;
  lit_pixels += other.lit_pixels;
  for (size_t k = 0; k < kLevels; ++k) {
    levels[k] += other.levels[k];
    lit[k] += other.lit[k];
  }
}

size_t Joiner::LevelOf(double stops) {
  return static_cast<size_t>(std::clamp((stops - kFirstStop) / kLevelStops, 0.0, kLevels - 1.0));
}

double Joiner::LevelAt(const std::vector<double>& levels, double pixels, double share) {
  double sum = 0;
  for (int k = 0; k < kLevels; ++k) {
    sum += levels[static_cast<size_t>(k)];
    if (sum >= share * pixels) return kFirstStop + k * kLevelStops;
  }
  return kFirstStop + kLevels * kLevelStops;
}

double Joiner::Apart(const Part& a, const Part& b) {
  constexpr double kLeastLit = 0.3;  // of a part's pixels
  constexpr double kShare = 0.7;     // of the lit: what lies in a shadow that the shape does not know is below
  if (a.lit_pixels < kLeastLit * a.pixels || b.lit_pixels < kLeastLit * b.pixels) return 0;
  return std::abs(LevelAt(a.lit, a.lit_pixels, kShare) - LevelAt(b.lit, b.lit_pixels, kShare));
}

double Joiner::Cost(size_t a, size_t b) const {
  constexpr double kNever = std::numeric_limits<double>::infinity();
  constexpr double kStray = 0.03;  // of the pixels at either end of the brightness
  const Part& first = parts_[a];
  const Part& second = parts_[b];
  if (first.pixels == 0 || second.pixels == 0) return kNever;
  const double side = std::sqrt(std::min(first.pixels, second.pixels) * frames_);
  const double pairs = borders_.at<double>(static_cast<int>(a), static_cast<int>(b));
  const double border = pairs / (static_cast<double>(kNear) * side);
  if (border < kLeastBorder) return kNever;
  const double step = steps_.at<double>(static_cast<int>(a), static_cast<int>(b)) / pairs;
  const double hue = std::hypot(first.red / first.pixels - second.red / second.pixels,
                                first.blue / first.pixels - second.blue / second.pixels);
  Part both = first;
  both.Add(second);
  const double stops = LevelAt(both.levels, both.pixels, 1 - kStray) - LevelAt(both.levels, both.pixels, kStray);
  const double apart = Apart(first, second);
  if (hue > kLikeHue || stops > kMostRanges * range_stops_ || apart > kMostRangesApart * range_stops_) return kNever;
  // Steps at the border speak most: a terminator is soft, a hairline is not.
  constexpr double kStopsCost = 0.6;
  constexpr double kBorderGain = 0.5;
  constexpr double kLongBorder = 1.5;
  return hue / kLikeHue + kStopsCost * stops / (kMostRanges * range_stops_) + step -
         kBorderGain * std::min(border, kLongBorder);
}

std::vector<int> Joiner::Join() {
  std::vector<int> group(kParts);
  for (int k = 0; k < kParts; ++k) group[static_cast<size_t>(k)] = k;
  while (true) {
    double least = std::numeric_limits<double>::infinity();
    size_t from = 0;
    size_t to = 0;
    for (size_t a = 0; a < kParts; ++a) {
      for (size_t b = 0; b < a; ++b) {
        const double cost = Cost(a, b);
        if (cost >= least) continue;
        least = cost;
        from = a;
        to = b;
      }
    }
    if (from == to) return group;
    parts_[to].Add(parts_[from]);
    parts_[from] = {};
    for (int k = 0; k < kParts; ++k) {
      if (k == static_cast<int>(to)) continue;
      for (cv::Mat* counts : {&borders_, &steps_}) {
        const double more = counts->at<double>(static_cast<int>(from), k);
        counts->at<double>(static_cast<int>(to), k) += more;
        counts->at<double>(k, static_cast<int>(to)) += more;
      }
    }
    for (int& which : group) {
      if (which == static_cast<int>(from)) which = static_cast<int>(to);
    }
  }
}

// The albedo of some pixels: brightness over the light that should reach them. What lies in a shadow that the shape
// does not know would make it too dark, so only the brighter ones of the lit count.
at::Tensor AlbedoOfPixels(const at::Tensor& log_rgb, const at::Tensor& key, double ambient) {
  constexpr double kReached = 0.3;
  constexpr int64_t kFewestLit = 30;
  constexpr double kShadowed = 0.3;
  at::Tensor light = log_rgb - (key + ambient).log().unsqueeze(1);
  const at::Tensor lit = (key > kReached).nonzero().squeeze(1);
  if (lit.numel() >= kFewestLit) light = light.index_select(0, lit);
  const at::Tensor level = light.mean(1);
  const auto order = level.argsort();
  const auto skip = static_cast<int64_t>(kShadowed * static_cast<double>(order.numel()));
  return std::get<0>(light.index_select(0, order.slice(0, skip)).median(0));
}

// The squared distances of rows [P,5] to centres [K,5]; not as a matrix product, whose sums hang on the number of
// threads.
at::Tensor DistancesTo(const at::Tensor& rows, const at::Tensor& centres) {
  constexpr int64_t kDirectly = 2;
  return at::cdist(rows, centres, 2.0, kDirectly).square();
}

// The centres [kParts,5] of what the rows gather around. More rows than kEnough tell no more.
at::Tensor GatherParts(const at::Tensor& all) {
  constexpr int kAttempts = 6;
  constexpr int kSeed = 1;
  constexpr int kRounds = 60;
  constexpr int64_t kEnough = 40000;
  const int64_t step = std::max<int64_t>(1, all.size(0) / kEnough);
  const at::Tensor rows = all.slice(0, step / 2, all.size(0), step).contiguous();
  cv::Mat labels;
  cv::Mat centres;
  const cv::RNG before = cv::theRNG();
  cv::setRNGSeed(kSeed);
  cv::kmeans(cv::Mat(static_cast<int>(rows.size(0)), kFeatures, CV_32FC1, rows.data_ptr()), kParts, labels,
             cv::TermCriteria(cv::TermCriteria::EPS | cv::TermCriteria::COUNT, kRounds, 1e-4), kAttempts,
             cv::KMEANS_PP_CENTERS, centres);
  cv::theRNG() = before;
  return at::from_blob(centres.data, {kParts, kFeatures}, at::kFloat).clone();
}

at::Tensor CatOf(const std::vector<Features>& frames, at::Tensor Features::*what) {
  std::vector<at::Tensor> all;
  for (const Features& frame : frames) all.push_back(frame.*what);
  return at::cat(all).contiguous();
}

// Of each frame its share of what was gathered from all.
std::vector<at::Tensor> ByFrame(const at::Tensor& label, const std::vector<Features>& frames) {
  std::vector<at::Tensor> result;
  int64_t begin = 0;
  for (const Features& frame : frames) {
    result.push_back(label.slice(0, begin, begin + frame.rows.size(0)));
    begin += frame.rows.size(0);
  }
  return result;
}

}  // namespace

Materials Materials::Find(const std::vector<ShadedPicture>& frames, double ambient) {
  SHOTFIX_CHECK(!frames.empty() && ambient > 0);
  std::vector<Features> features;
  for (const ShadedPicture& frame : frames) features.push_back(FeaturesOf(frame, ambient));
  const at::Tensor rows = CatOf(features, &Features::rows);
  if (rows.size(0) < kFewestPixels)
    Throw(ErrorCode::kData,
          "too little of the subject is seen to tell its materials; look at its matte with background --matte-only, or "
          "paint one with \"shotfix hint CLIP --frame N --matte FILE\"");
  const at::Tensor centres = GatherParts(rows);
  const at::Tensor label = DistancesTo(rows, centres).argmin(1).to(at::kInt);
  const std::vector<int> group = Joiner(features, frames, ByFrame(label, features), ambient).Join();
  const at::Tensor log_rgb = CatOf(features, &Features::log_rgb);
  const at::Tensor key = CatOf(features, &Features::key);
  std::vector<at::Tensor> albedos;
  at::Tensor material = at::zeros({kParts, 1});
  for (int whole = 0; whole < kParts; ++whole) {
    at::Tensor own = at::zeros({label.numel()}, at::kBool);
    for (int part = 0; part < kParts; ++part) {
      if (group[static_cast<size_t>(part)] != whole) continue;
      own.logical_or_(label == part);
      material[part][0] = static_cast<float>(albedos.size());
    }
    const at::Tensor places = own.nonzero().squeeze(1);
    if (places.numel() == 0) material.masked_fill_(material == static_cast<float>(albedos.size()), kNobody);
    else albedos.push_back(AlbedoOfPixels(log_rgb.index_select(0, places), key.index_select(0, places), ambient));
  }
  return From(at::cat({centres, material}, 1).unsqueeze(0), at::stack(albedos).unsqueeze(0), ambient);
}

Materials Materials::From(at::Tensor parts, at::Tensor albedos, double ambient) {
  Materials materials;
  materials.parts_ = std::move(parts);
  materials.albedo_ = std::move(albedos);
  materials.ambient_ = ambient;
  return materials;
}

Materials Materials::Under(const Rgb& colour) const {
  for (const double channel : colour) SHOTFIX_CHECK(channel > 0);
  const at::Tensor logs = at::tensor({std::log(colour[0]), std::log(colour[1]), std::log(colour[2])}).to(at::kFloat);
  return From(parts_, albedo_ - logs.view({1, 1, 3}), ambient_);
}

at::Tensor Materials::AlbedoOf(const ShadedPicture& frame) const {
  constexpr double kStray = 30;  // farther from any part says no more
  const Features features = FeaturesOf(frame, ambient_);
  const at::Tensor mask = (frame.mask > 0.5).to(at::kFloat);
  const at::Tensor centres = parts_[0].slice(1, 0, kFeatures);
  const at::Tensor of_part = parts_[0].select(1, kFeatures).to(at::kLong);
  const at::Tensor distance = DistancesTo(features.rows, centres).clamp_max(kStray);
  std::vector<at::Tensor> costs;
  for (int64_t k = 0; k < count(); ++k) {
    const at::Tensor own = (of_part == k).nonzero().squeeze(1);
    at::Tensor cost = at::zeros({1, mask.size(1), mask.size(2)});
    cost.view({-1}).index_copy_(0, features.inside, distance.index_select(1, own).amin(1));
    costs.push_back(BlurInside(cost, mask, kEdgePx));
  }
  const at::Tensor share = (-at::cat(costs)).softmax(0);
  const at::Tensor albedo = albedo_[0].t().mm(share.flatten(1)).view(frame.picture.sizes()).exp();
  return (albedo * mask).clamp_min(1e-3).contiguous();
}

}  // namespace shotfix::light
