// SPDX-License-Identifier: Apache-2.0
#include "shotfix/light/shot_colours.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "shotfix/core/error.h"
#include "shotfix/image/check.h"

namespace shotfix::light {
namespace {

constexpr double kDarkest = 0.004;  // scene-linear; below is noise, which has many stops
constexpr double kFewestPx = 100;

at::Tensor InStops(const at::Tensor& linear) { return linear.clamp(kDarkest, 65504).log2(); }

// Stops by which a light of order 1 reaches places more than one that faces the lens.
at::Tensor Sided(const at::Tensor& normals, const std::array<double, 2>& side) {
  constexpr double kLeast = 0.25;  // of what faces the lens: other light reaches what this leaves in the dark
  return (1 + normals.narrow(0, 0, 1) * side[0] + normals.narrow(0, 1, 1) * side[1]).clamp_min(kLeast).log2();
}

// What counts of all frames, pixel by pixel: [n] weights, together 1, [3,n] stops, [2,n] normals; in double.
struct Gathered {
  at::Tensor weight, stops, normals;
  int64_t width = 1;
  // Row by row: the sum of whole pictures hangs on the number of threads.
  at::Tensor MeanOf(const at::Tensor& values) const {
    return (values * weight).unflatten(-1, {-1, width}).sum(-1).sum(-1);
  }
};

Gathered Gather(const std::vector<ColouredFrame>& frames) {
  std::vector<at::Tensor> weights, stops, normals;
  for (const ColouredFrame& frame : frames) {
    image::CheckTensor(frame.linear, "linear", {3, image::kAnySize, image::kAnySize});
    weights.push_back(frame.weight.to(at::kDouble).flatten());
    stops.push_back(InStops(frame.linear).to(at::kDouble).flatten(1));
    normals.push_back(frame.normals.slice(0, 0, 2).to(at::kDouble).flatten(1));
  }
  const at::Tensor weight = weights.empty() ? at::zeros({1}, at::kDouble) : at::cat(weights);
  const int64_t width = frames.empty() ? 1 : frames.front().linear.size(2);
  const double total = weight.view({-1, width}).sum(-1).sum().item<double>();
  if (!(total >= kFewestPx)) Throw(ErrorCode::kData, "too little of the subject is seen to tell its colours");
  return {weight / total, at::cat(stops, 1), at::cat(normals, 1), width};
}

at::Tensor MatrixOf(const std::array<double, 9>& values) {
  return at::tensor(std::vector<double>(values.begin(), values.end()), at::kDouble).view({3, 3});
}

std::array<double, 9> ValuesOf(const at::Tensor& matrix) {
  const at::Tensor flat = matrix.contiguous();
  std::array<double, 9> values;
  std::copy_n(flat.const_data_ptr<double>(), 9, values.begin());
  return values;
}

at::Tensor Power(const at::Tensor& symmetric, double exponent, double least, double most) {
  const auto [values, vectors] = at::linalg_eigh(symmetric);
  return vectors.mm(at::diag(values.clamp(least, most).pow(exponent))).mm(vectors.t());
}

}  // namespace

std::array<double, 2> LitSide(const std::vector<ColouredFrame>& frames) {
  constexpr double kFlat = 1e-3;  // of a subject whose normals hardly vary nothing is told
  // The order-1 part of one distant lamp, 0.25 + 0.5 n.l, beside what faces the lens: of one that stands at 76 degrees.
  constexpr double kSharpest = 1.3;
  const Gathered all = Gather(frames);
  const at::Tensor middle = all.MeanOf(all.normals);
  const at::Tensor away = all.normals - middle.unsqueeze(1);
  const at::Tensor level = all.stops.mean(0).exp2();
  // Least squares of two unknowns.
  const auto product = [&](const at::Tensor& a, const at::Tensor& b) { return all.MeanOf(a * b).item<double>(); };
  const double xx = product(away[0], away[0]) + kFlat;
  const double yy = product(away[1], away[1]) + kFlat;
  const double xy = product(away[0], away[1]);
  const double x = product(away[0], level);
  const double y = product(away[1], level);
  const double determinant = xx * yy - xy * xy;
  const double right = (x * yy - y * xy) / determinant;
  const double up = (y * xx - x * xy) / determinant;
  const double facing =
      all.MeanOf(level).item<double>() - right * middle[0].item<double>() - up * middle[1].item<double>();
  const double across = std::max(kDarkest, facing);
  const double sharp = std::max(1.0, std::hypot(right, up) / across / kSharpest);
  return {right / across / sharp, up / across / sharp};
}

ShotColours ColoursOf(const std::vector<ColouredFrame>& frames, const std::array<double, 2>& side) {
  const Gathered all = Gather(frames);
  ShotColours colours;
  colours.side = side;
  const at::Tensor even = all.stops - Sided(all.normals, side);
  const at::Tensor mean = all.MeanOf(even);
  const at::Tensor rest = even - mean.unsqueeze(1);
  for (int64_t c = 0; c < 3; ++c) {
    colours.mean[static_cast<size_t>(c)] = mean[c].item<double>();
    for (int64_t d = 0; d < 3; ++d)
      colours.covariance[static_cast<size_t>(3 * c + d)] = all.MeanOf(rest[c] * rest[d]).item<double>();
  }
  return colours;
}

ColourTransfer::ColourTransfer(const ShotColours& from, const ShotColours& to) : from_(from), to_(to) {
  constexpr double kLeastSpread = 0.01;  // stops, squared: less is noise
  constexpr double kMostSpread = 100;
  constexpr double kContrast = 1.4;
  const at::Tensor a = MatrixOf(from.covariance);
  const at::Tensor b = MatrixOf(to.covariance) + kLeastSpread * at::eye(3, at::kDouble);
  const at::Tensor own = a + kLeastSpread * at::eye(3, at::kDouble);
  const at::Tensor root = Power(own, 0.5, kLeastSpread, kMostSpread);
  const at::Tensor back = Power(own, -0.5, kLeastSpread, kMostSpread);
  const at::Tensor middle = Power(root.mm(b).mm(root), 0.5, 0, kMostSpread * kMostSpread);
  const at::Tensor map = back.mm(middle).mm(back);
  map_ = ValuesOf(Power((map + map.t()) / 2, 1, 1 / kContrast, kContrast));
}

at::Tensor ColourTransfer::Stops(const at::Tensor& linear, const at::Tensor& normals) const {
  const at::Tensor stops = InStops(linear);
  const auto column = [](const Rgb& rgb) { return AsColumn(rgb); };
  const at::Tensor away = stops - Sided(normals, from_.side) - column(from_.mean);
  std::vector<at::Tensor> mapped;
  for (size_t c = 0; c < 3; ++c)
    mapped.push_back(away[0] * map_[3 * c] + away[1] * map_[3 * c + 1] + away[2] * map_[3 * c + 2]);
  return at::stack(mapped) + column(to_.mean) + Sided(normals, to_.side) - stops;
}

std::string ToJson(const ShotColours& colours) {
  return nlohmann::json({{"side", colours.side}, {"mean", colours.mean}, {"covariance", colours.covariance}}).dump();
}

ShotColours ShotColoursFrom(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text);
  ShotColours colours;
  colours.side = json.at("side");
  colours.mean = json.at("mean");
  colours.covariance = json.at("covariance");
  return colours;
}

}  // namespace shotfix::light
