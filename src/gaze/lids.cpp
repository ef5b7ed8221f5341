// SPDX-License-Identifier: Apache-2.0
#include "gaze/lids.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace shotfix::gaze {
namespace {

constexpr int kBins = 20;  // each of brightness and two chromaticities
constexpr float kMostLikely = 3;
constexpr double kUpperLashes = 0.6;  // iris radii, in half px steps of depth: how far inside an edge lashes reach
constexpr double kLowerLashes = 0.36;
constexpr int kUpperDegree = 4;
constexpr int kLowerDegree = 2;
constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

void SmoothCurve(std::vector<float>& curve) {
  constexpr int kReach = 3;
  const std::vector<float> from = curve;
  const auto count = static_cast<int>(curve.size());
  for (int k = 0; k < count; ++k) {
    if (std::isnan(from[static_cast<size_t>(k)])) continue;
    double sum = 0;
    double weights = 0;
    for (int j = std::max(0, k - kReach); j <= std::min(count - 1, k + kReach); ++j) {
      if (std::isnan(from[static_cast<size_t>(j)])) continue;
      const double weight = std::exp(-0.5 * (j - k) * (j - k) / 2.25);
      sum += from[static_cast<size_t>(j)] * weight;
      weights += weight;
    }
    curve[static_cast<size_t>(k)] = static_cast<float>(sum / weights);
  }
}

// A lid's edge is a smooth bow: the polynomial of `degree` that lies nearest to the curve, strays aside.
void Bow(std::vector<float>& curve, int degree) {
  constexpr int kRounds = 8;
  std::vector<std::pair<double, double>> places;
  const double half = static_cast<double>(curve.size()) / 2;
  for (size_t k = 0; k < curve.size(); ++k) {
    if (!std::isnan(curve[k])) places.emplace_back((static_cast<double>(k) - half) / half, curve[k]);
  }
  const int terms = degree + 1;
  if (static_cast<int>(places.size()) < 3 * terms) return;
  cv::Mat solution = cv::Mat::zeros(terms, 1, CV_64FC1);
  const auto value = [&](double x) {
    double sum = 0;
    for (int i = terms - 1; i >= 0; --i) sum = sum * x + solution.at<double>(i);
    return sum;
  };
  for (int round = 0; round < kRounds; ++round) {
    cv::Mat normal = cv::Mat::eye(terms, terms, CV_64FC1) * 1e-6;
    cv::Mat right = cv::Mat::zeros(terms, 1, CV_64FC1);
    for (const auto& [x, y] : places) {
      const double miss = round == 0 ? 0 : y - value(x);
      const double weight = 1 / (1 + miss * miss);
      double left = 1;
      for (int i = 0; i < terms; ++i, left *= x) {
        right.at<double>(i) += weight * left * y;
        double both = left;
        for (int j = 0; j < terms; ++j, both *= x) normal.at<double>(i, j) += weight * both;
      }
    }
    cv::solve(normal, right, solution, cv::DECOMP_CHOLESKY);
  }
  for (size_t k = 0; k < curve.size(); ++k) {
    if (!std::isnan(curve[k])) curve[k] = static_cast<float>(value((static_cast<double>(k) - half) / half));
  }
}

// Sums of `likely` down each column, one row more than the picture.
cv::Mat ColumnSums(const cv::Mat& likely) {
  cv::Mat sums = cv::Mat::zeros(likely.rows + 1, likely.cols, CV_32FC1);
  for (int y = 0; y < likely.rows; ++y) {
    for (int x = 0; x < likely.cols; ++x) sums.at<float>(y + 1, x) = sums.at<float>(y, x) + likely.at<float>(y, x);
  }
  return sums;
}

float SumTo(const cv::Mat& sums, int x, double y) { return ValueAt(sums, x, y); }

// How much darker it gets from the skin above a lid's edge to its lashes, whatever is under them.
float LashStep(const cv::Mat& luma, int x, double y, double half_px) {
  constexpr float kMost = 0.25F;
  return std::clamp(ValueAt(luma, x, y - half_px) - ValueAt(luma, x, y + half_px), -kMost, kMost);
}

}  // namespace

size_t EyeColours::BinOf(const cv::Vec3f& colour) {
  const float sum = std::max(0.02F, colour[0] + colour[1] + colour[2]);
  const auto bin = [](float value) { return static_cast<size_t>(std::clamp(value, 0.0F, 0.999F) * kBins); };
  // Chromaticities of skin and eyes lie close together.
  const size_t red = bin((colour[0] / sum - 0.25F) / 0.35F);
  const size_t blue = bin((colour[2] / sum - 0.1F) / 0.35F);
  return (bin(sum / 3) * kBins + red) * kBins + blue;
}

void EyeColours::Learn(const cv::Mat& crop, const cv::Mat& eye, const cv::Mat& skin) {
  if (eye_.empty()) eye_.assign(kBins * kBins * kBins, 0);
  if (skin_.empty()) skin_.assign(kBins * kBins * kBins, 0);
  for (int y = 0; y < crop.rows; ++y) {
    for (int x = 0; x < crop.cols; ++x) {
      const size_t bin = BinOf(crop.at<cv::Vec3f>(y, x));
      if (eye.at<uchar>(y, x) != 0) ++eye_[bin];
      if (skin.at<uchar>(y, x) != 0) ++skin_[bin];
    }
  }
}

void EyeColours::Finish() {
  constexpr int kPasses = 3;
  constexpr double kKernel[3] = {0.25, 0.5, 0.25};
  const auto smooth = [&](std::vector<double>& counts) {
    for (int pass = 0; pass < 3 * kPasses; ++pass) {
      const int axis = pass % 3;
      const int stride = axis == 0 ? kBins * kBins : axis == 1 ? kBins : 1;
      const std::vector<double> from = counts;
      for (int k = 0; k < static_cast<int>(from.size()); ++k) {
        const int place = k / stride % kBins;
        double sum = 0;
        for (int d = -1; d <= 1; ++d) {
          const int other = std::clamp(place + d, 0, kBins - 1);
          sum += kKernel[d + 1] * from[static_cast<size_t>(k + (other - place) * stride)];
        }
        counts[static_cast<size_t>(k)] = sum;
      }
    }
    double total = 0;
    for (const double count : counts) total += count;
    for (double& count : counts) count = count / std::max(1.0, total) + 2e-6;
  };
  smooth(eye_);
  smooth(skin_);
  ratio_.resize(eye_.size());
  for (size_t k = 0; k < eye_.size(); ++k)
    ratio_[k] = std::clamp(static_cast<float>(std::log(eye_[k] / skin_[k])), -kMostLikely, kMostLikely);
}

cv::Mat EyeColours::LikelyEye(const cv::Mat& crop) const {
  cv::Mat likely(crop.size(), CV_32FC1);
  for (int y = 0; y < crop.rows; ++y) {
    for (int x = 0; x < crop.cols; ++x) likely.at<float>(y, x) = ratio_[BinOf(crop.at<cv::Vec3f>(y, x))];
  }
  cv::GaussianBlur(likely, likely, cv::Size(3, 3), 0.7);
  return likely;
}

cv::Mat UsualEye(CropSize size, cv::Point2d irises, double iris_px) {
  constexpr double kHalfWidth = 2.3;  // iris radii
  constexpr double kHalfHeight = 1.05;
  constexpr double kStrength = 1.2;
  cv::Mat usual(size.height(), size.width(), CV_32FC1);
  for (int y = 0; y < usual.rows; ++y) {
    for (int x = 0; x < usual.cols; ++x) {
      const double dx = (x - size.half_width - irises.x) / (kHalfWidth * iris_px);
      const double dy = (y - size.half_height - irises.y) / (kHalfHeight * iris_px);
      usual.at<float>(y, x) = static_cast<float>(std::max(-6.0, kStrength * (1 - dx * dx - dy * dy)));
    }
  }
  return usual;
}

LidShape FindLids(const cv::Mat& likely_eye) {
  constexpr int kMostJump = 2;       // px from column to column
  constexpr float kJumpCost = 1.2F;  // per px, beside likelihoods of up to 3 a pixel
  const int rows = likely_eye.rows;
  const int columns = likely_eye.cols;
  const cv::Mat sums = ColumnSums(likely_eye);
  const auto state = [rows](int upper, int lower) { return static_cast<size_t>(upper * (rows + 1) + lower); };
  const size_t states = state(rows, rows) + 1;
  constexpr float kWorst = -1e9F;
  std::vector<float> score(states, 0);
  std::vector<std::vector<int8_t>> came(static_cast<size_t>(columns), std::vector<int8_t>(states, 0));
  for (int x = 0; x < columns; ++x) {
    std::vector<float> next(states, kWorst);
    for (int upper = 0; upper <= rows; ++upper) {
      for (int lower = upper; lower <= rows; ++lower) {
        float best = kWorst;
        int8_t from = 0;
        for (int du = -kMostJump; du <= kMostJump; ++du) {
          for (int dl = -kMostJump; dl <= kMostJump; ++dl) {
            const int u = upper + du;
            const int l = lower + dl;
            if (u < 0 || l > rows || u > l) continue;
            const float value = score[state(u, l)] - kJumpCost * static_cast<float>(std::abs(du) + std::abs(dl));
            if (value <= best) continue;
            best = value;
            from = static_cast<int8_t>((du + kMostJump) * 5 + dl + kMostJump);
          }
        }
        next[state(upper, lower)] = best + sums.at<float>(lower, x) - sums.at<float>(upper, x);
        came[static_cast<size_t>(x)][state(upper, lower)] = from;
      }
    }
    score = std::move(next);
  }
  size_t at = static_cast<size_t>(std::max_element(score.begin(), score.end()) - score.begin());
  std::vector<float> uppers(static_cast<size_t>(columns), kNone);
  std::vector<float> lowers(static_cast<size_t>(columns), kNone);
  const float middle = static_cast<float>(rows - 1) / 2;
  for (int x = columns - 1; x >= 0; --x) {
    const int upper = static_cast<int>(at) / (rows + 1);
    const int lower = static_cast<int>(at) % (rows + 1);
    if (lower > upper) {  // edges lie between rows
      uppers[static_cast<size_t>(x)] = static_cast<float>(upper) - 0.5F - middle;
      lowers[static_cast<size_t>(x)] = static_cast<float>(lower) - 0.5F - middle;
    }
    const int from = came[static_cast<size_t>(x)][at];
    at = state(upper + from / 5 - kMostJump, lower + from % 5 - kMostJump);
  }
  SmoothCurve(uppers);
  SmoothCurve(lowers);
  return {std::move(uppers), std::move(lowers)};
}

WhiteEdges::WhiteEdges(const LidShape& curves, double iris_px)
    : curves_(curves),
      iris_px_(iris_px),
      upper_(cv::Mat::zeros(static_cast<int>(std::max(4.0, iris_px * kUpperLashes)),
                            static_cast<int>(curves.upper().size()), CV_32FC1)),
      lower_(cv::Mat::zeros(static_cast<int>(std::max(3.0, iris_px * kLowerLashes)), upper_.cols, CV_32FC1)),
      upper_count_(curves.upper().size(), 0),
      lower_count_(upper_count_) {}

void WhiteEdges::Vote(const cv::Mat& luma, const LidState& state, cv::Point2d iris) {
  constexpr double kNearRim = 1.4;  // iris radii: its own edges are no lid
  const int half_w = (luma.cols - 1) / 2;
  const double half_h = (luma.rows - 1) / 2.0;
  for (int x = 0; x < luma.cols; ++x) {
    const double u = x - half_w;
    const double upper = curves_.Upper(state, u);
    const double lower = curves_.Lower(state, u);
    if (std::isnan(upper)) continue;
    const auto vote = [&](double edge, double inwards, cv::Mat& votes, std::vector<int>& counts) {
      const double deepest = edge + inwards * votes.rows / 2.0;
      for (const double v : {edge, deepest}) {
        if (std::hypot(u - iris.x, v - iris.y) < kNearRim * iris_px_) return;
      }
      for (int k = 0; k < votes.rows; ++k) {
        const double v = edge + inwards * k / 2.0;
        const double rise = ValueAt(luma, x, v + inwards + half_h) - ValueAt(luma, x, v - inwards + half_h);
        votes.at<float>(k, x) += static_cast<float>(std::max(0.0, rise));
      }
      ++counts[static_cast<size_t>(x)];
    };
    vote(upper, 1, upper_, upper_count_);
    vote(lower, -1, lower_, lower_count_);
  }
}

// Dynamic programming over columns, in half px.
std::vector<float> WhiteEdges::DepthOf(const cv::Mat& votes, const std::vector<int>& counts) const {
  constexpr float kJumpCost = 0.12F;  // per half px, beside rises of up to 0.5
  constexpr int kMostJump = 2;
  const int depths = votes.rows;
  std::vector<float> score(static_cast<size_t>(depths), 0);
  std::vector<std::vector<int>> came(counts.size(), std::vector<int>(static_cast<size_t>(depths), 0));
  for (size_t x = 0; x < counts.size(); ++x) {
    std::vector<float> next(static_cast<size_t>(depths));
    for (int depth = 0; depth < depths; ++depth) {
      float best = -1e9F;
      for (int from = std::max(0, depth - kMostJump); from <= std::min(depths - 1, depth + kMostJump); ++from) {
        const float value = score[static_cast<size_t>(from)] - kJumpCost * static_cast<float>(std::abs(from - depth));
        if (value <= best) continue;
        best = value;
        came[x][static_cast<size_t>(depth)] = from;
      }
      const float vote =
          counts[x] > 0 ? votes.at<float>(depth, static_cast<int>(x)) / static_cast<float>(counts[x]) : 0;
      next[static_cast<size_t>(depth)] = best + vote;
    }
    score = std::move(next);
  }
  std::vector<float> result(counts.size());
  auto at = static_cast<int>(std::max_element(score.begin(), score.end()) - score.begin());
  for (size_t x = counts.size(); x-- > 0;) {
    result[x] = static_cast<float>(at) / 2;
    at = came[x][static_cast<size_t>(at)];
  }
  return result;
}

LidShape WhiteEdges::Inside() const {
  std::vector<float> upper = curves_.upper();
  std::vector<float> lower = curves_.lower();
  const std::vector<float> above = DepthOf(upper_, upper_count_);
  const std::vector<float> below = DepthOf(lower_, lower_count_);
  for (size_t k = 0; k < upper.size(); ++k) {
    upper[k] += above[k];
    lower[k] -= below[k];
    if (!(upper[k] < lower[k])) upper[k] = lower[k] = kNone;
  }
  Bow(upper, kUpperDegree);
  Bow(lower, kLowerDegree);
  for (size_t k = 0; k < upper.size(); ++k) {
    if (!(upper[k] < lower[k])) upper[k] = lower[k] = kNone;
  }
  return {std::move(upper), std::move(lower)};
}

LidState FitLids(const LidEvidence& evidence, const LidShape& curves, double iris_px) {
  // A white in the shade has the colour of skin; lashes are dark in any light.
  constexpr double kEdge = 45;  // log likelihood of an encoded step
  const cv::Mat& likely_eye = evidence.likely_eye;
  const cv::Mat sums = ColumnSums(likely_eye);
  const int half = (likely_eye.cols - 1) / 2;
  const double middle = (likely_eye.rows - 1) / 2.0;
  // An open eye is likelier than one that a shadow makes look half closed.
  constexpr double kUsuallyOpen = 0.1;  // log likelihood of each pixel that a lid would hide
  const double edge_px = std::max(1.0, 0.12 * iris_px);
  double whole = 0;
  for (int x = 0; x < likely_eye.cols; ++x) {
    const double height = curves.Lower({}, x - half) - curves.Upper({}, x - half);
    if (height > 0) whole += height;
  }
  const auto score = [&](const LidState& state) {
    double sum = -kUsuallyOpen * whole * std::abs(1 - state.open);
    for (int x = 0; x < likely_eye.cols; ++x) {
      const double upper = curves.Upper(state, x - half);
      if (std::isnan(upper)) continue;
      const double lower = curves.Lower(state, x - half);
      if (lower > upper) sum += SumTo(sums, x, lower + middle + 0.5) - SumTo(sums, x, upper + middle + 0.5);
      sum += kEdge * curves.Bulge(x - half) * LashStep(evidence.luma, x, upper + middle, edge_px);
    }
    return sum - 0.3 * std::abs(state.lower) * iris_px;
  };
  LidState best{0, 0};
  double most = -1e9;
  const auto look = [&](double open, double lower) {
    const LidState state{open, lower};
    const double value = score(state);
    if (value <= most) return;
    most = value;
    best = state;
  };
  for (double lower = -0.3; lower <= 0.301; lower += 0.1) {
    for (double open = 0; open <= 1.41; open += 0.05) look(open, lower * iris_px);
  }
  for (double step = 0.025; step >= 0.003; step /= 2) {
    const LidState from = best;
    for (int a = -2; a <= 2; ++a) {
      for (int b = -2; b <= 2; ++b) look(std::max(0.0, from.open + a * step), from.lower + b * step * iris_px);
    }
  }
  return best;
}

LidState InsideLashes(const LidState& state, const LidShape& curves, const LidShape& inside) {
  constexpr double kMiddle = 0.7;  // bulge
  const int half = static_cast<int>(curves.upper().size() - 1) / 2;
  double height = 0;
  double lashes = 0;
  double lower = 0;  // by how much the inner curve lies below the outer one
  for (int u = -half; u <= half; ++u) {
    const double edge = inside.Upper({}, u);
    if (!(curves.Bulge(u) >= kMiddle) || std::isnan(edge)) continue;
    height += curves.Lower({}, u) - curves.Upper({}, u);
    lashes += edge - curves.Upper({}, u);
    lower += inside.Lower({}, u) - curves.Lower({}, u);
  }
  const double between = height - lashes + lower;
  if (!(between > 0)) return state;
  return {std::max(0.0, (state.open * height - lashes + lower) / between), state.lower};
}

cv::Mat OpenMask(const LidShape& curves, const LidState& state, CropSize size, double inset_px, double soft_px) {
  cv::Mat mask = cv::Mat::zeros(size.height(), size.width(), CV_32FC1);
  for (int x = 0; x < mask.cols; ++x) {
    const double u = x - size.half_width;
    const double upper = curves.Upper(state, u);
    if (std::isnan(upper)) continue;
    const double lower = curves.Lower(state, u);
    for (int y = 0; y < mask.rows; ++y) {
      const double v = y - size.half_height;
      const double inside = std::min(v - upper, lower - v) - inset_px;
      mask.at<float>(y, x) = static_cast<float>(std::clamp(inside / soft_px + 0.5, 0.0, 1.0));
    }
  }
  return mask;
}

}  // namespace shotfix::gaze
