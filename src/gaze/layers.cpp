// SPDX-License-Identifier: Apache-2.0
#include "gaze/layers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "shotfix/gaze/shot_gaze.h"

namespace shotfix::gaze {
namespace {

using Samples = std::vector<cv::Vec3f>;

constexpr double kRimReach = 1.28;  // iris radii: beyond, a pixel is white alone
constexpr float kSure = 0.98F;

cv::Vec3f MedianOf(Samples& colours) {
  cv::Vec3f median;
  std::vector<float> values(colours.size());
  for (int c = 0; c < 3; ++c) {
    for (size_t k = 0; k < colours.size(); ++k) values[k] = colours[k][c];
    const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    median[c] = *middle;
  }
  return median;
}

// What a white mostly is: darker samples are rims and lashes that were not where they were thought to be.
cv::Vec3f Bright(Samples& colours) {
  constexpr double kShare = 0.7;
  const auto at = colours.begin() + static_cast<ptrdiff_t>(kShare * static_cast<double>(colours.size() - 1));
  std::nth_element(colours.begin(), at, colours.end(),
                   [](const cv::Vec3f& a, const cv::Vec3f& b) { return a[1] < b[1]; });
  return *at;
}

// One row of a picture: what is unknown goes over straight between its neighbours; 1 where nothing is known.
void FillAlong(cv::Mat& picture, const cv::Mat& known, int row) {
  int before = -1;
  for (int x = 0; x <= picture.cols; ++x) {
    if (x < picture.cols && known.at<float>(row, x) == 0) continue;
    for (int k = before + 1; k < x; ++k) {
      cv::Vec3f left = before >= 0 ? picture.at<cv::Vec3f>(row, before) : cv::Vec3f::all(1);
      cv::Vec3f right = x < picture.cols ? picture.at<cv::Vec3f>(row, x) : cv::Vec3f::all(1);
      if (before < 0 && x < picture.cols) left = right;
      if (x == picture.cols && before >= 0) right = left;
      const auto share = static_cast<float>(k - before) / static_cast<float>(x - before);
      picture.at<cv::Vec3f>(row, k) = left * (1 - share) + right * share;
    }
    before = x;
  }
}

// Whites are white: what is much redder or darker than most of it is a lid, a corner or a lash that was taken for one.
void DropStrangers(const cv::Mat& picture, cv::Mat& known) {
  constexpr float kRedder = 0.09F;
  constexpr float kDarker = 0.78F;
  std::vector<float> reds;
  std::vector<float> lights;
  const auto red = [](const cv::Vec3f& colour) { return colour[0] - colour[2]; };
  const auto light = [](const cv::Vec3f& colour) { return (colour[0] + colour[1] + colour[2]) / 3; };
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      if (known.at<float>(y, x) == 0) continue;
      reds.push_back(red(picture.at<cv::Vec3f>(y, x)));
      lights.push_back(light(picture.at<cv::Vec3f>(y, x)));
    }
  }
  if (reds.empty()) return;
  const auto middle = [](std::vector<float>& values) {
    const auto at = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), at, values.end());
    return *at;
  };
  const float usual_red = middle(reds);
  const float usual_light = middle(lights);
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      const cv::Vec3f& colour = picture.at<cv::Vec3f>(y, x);
      if (red(colour) > usual_red + kRedder || light(colour) < kDarker * usual_light) known.at<float>(y, x) = 0;
    }
  }
}

}  // namespace

cv::Mat GatherSclera(const std::vector<EyeSample>& samples, const EyeBall& ball) {
  const cv::Size size = samples.front().crop.size();
  const int half_w = (size.width - 1) / 2;
  const int half_h = (size.height - 1) / 2;
  std::vector<Samples> seen(static_cast<size_t>(size.area()));
  for (const EyeSample& sample : samples) {
    const IrisDisc disc(ball, sample.iris);
    const cv::Mat glints = GlintMask(sample.crop, ball.radius_px);
    for (int y = 0; y < size.height; ++y) {
      for (int x = 0; x < size.width; ++x) {
        if (sample.open.at<float>(y, x) < kSure || glints.at<float>(y, x) > 0.25F) continue;
        const cv::Point2d at = disc(cv::Point2d(x - half_w, y - half_h));
        if (std::hypot(at.x, at.y) < kRimReach) continue;
        seen[static_cast<size_t>(y * size.width + x)].push_back(sample.crop.at<cv::Vec3f>(y, x));
      }
    }
  }
  cv::Mat picture = cv::Mat::zeros(size, CV_32FC3);
  cv::Mat known = cv::Mat::zeros(size, CV_32FC1);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      Samples& colours = seen[static_cast<size_t>(y * size.width + x)];
      if (colours.empty()) continue;
      picture.at<cv::Vec3f>(y, x) = Bright(colours);
      known.at<float>(y, x) = 1;
    }
  }
  DropStrangers(picture, known);
  Calm(picture, known, 0.12 * ball.radius_px);
  Spread(picture, known);
  return picture;
}

cv::Mat GatherLashes(const std::vector<EyeSample>& samples, const EyeBall& ball, const LidShape& inside,
                     const cv::Mat& sclera) {
  constexpr float kBlack = 0.03F;
  constexpr float kBrightest = 1.05F;
  const int columns = sclera.cols;
  const double half_w = (columns - 1) / 2.0;
  const double half_h = (sclera.rows - 1) / 2.0;
  std::vector<Samples> seen(static_cast<size_t>(kLashRows * columns));
  for (const EyeSample& sample : samples) {
    const IrisDisc disc(ball, sample.iris);
    for (int x = 0; x < columns; ++x) {
      const double edge = inside.Upper(sample.lids, x - half_w);
      if (std::isnan(edge)) continue;
      for (int row = 0; row < kLashRows; ++row) {
        const double v = edge + (kLashFrom + row * kLashStep) * ball.radius_px;
        const cv::Point2d at = disc(cv::Point2d(x - half_w, v));
        if (std::hypot(at.x, at.y) < kRimReach + 0.1) continue;
        const cv::Vec3f own = ColourAt(sample.crop, x, v + half_h);
        const cv::Vec3f white = ColourAt(sclera, x, v + half_h);
        cv::Vec3f left;
        for (int c = 0; c < 3; ++c) left[c] = std::min(kBrightest, (own[c] + kBlack) / (white[c] + kBlack));
        seen[static_cast<size_t>(row * columns + x)].push_back(left);
      }
    }
  }
  cv::Mat lashes = cv::Mat::zeros(kLashRows, columns, CV_32FC3);
  cv::Mat known = cv::Mat::zeros(kLashRows, columns, CV_32FC1);
  for (int row = 0; row < kLashRows; ++row) {
    for (int x = 0; x < columns; ++x) {
      Samples& left = seen[static_cast<size_t>(row * columns + x)];
      if (left.empty()) continue;
      lashes.at<cv::Vec3f>(row, x) = MedianOf(left);
      known.at<float>(row, x) = 1;
    }
  }
  // What no frame shows is as its neighbours along the lid, not across it.
  for (int row = 0; row < kLashRows; ++row) FillAlong(lashes, known, row);
  return lashes;
}

IrisPicture GatherIris(const std::vector<EyeSample>& samples, const EyeBall& ball) {
  const int half = static_cast<int>(std::ceil(kIrisReach * ball.radius_px * 1.25));
  const int side = 2 * half + 1;
  IrisPicture picture{cv::Mat::zeros(side, side, CV_32FC3), cv::Mat::zeros(side, side, CV_32FC1)};
  std::vector<Samples> seen(static_cast<size_t>(side * side));
  for (const EyeSample& sample : samples) {
    const IrisDisc disc(ball, sample.iris);
    const cv::Mat glints = GlintMask(sample.crop, ball.radius_px);
    const double half_w = (sample.crop.cols - 1) / 2.0;
    const double half_h = (sample.crop.rows - 1) / 2.0;
    for (int y = 0; y < side; ++y) {
      for (int x = 0; x < side; ++x) {
        const cv::Point2d at = disc.CropFrom(cv::Point2d(x - half, y - half) * (kIrisReach / half));
        const double u = at.x + half_w;
        const double v = at.y + half_h;
        if (u < 1 || v < 1 || u > sample.crop.cols - 2 || v > sample.crop.rows - 2) continue;
        if (ValueAt(sample.open, u, v) < kSure || ValueAt(glints, u, v) > 0.25F) continue;
        seen[static_cast<size_t>(y * side + x)].push_back(ColourAt(sample.crop, u, v));
      }
    }
  }
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      Samples& colours = seen[static_cast<size_t>(y * side + x)];
      if (colours.empty()) continue;
      picture.rgb.at<cv::Vec3f>(y, x) = MedianOf(colours);
      picture.known.at<float>(y, x) = 1;
    }
  }
  return picture;
}

// What is hidden is what is seen at the same distance from the centre: of the mirrored place where that is known, else
// all around.
void CompleteIris(IrisPicture& picture) {
  const int side = picture.rgb.cols;
  const int half = (side - 1) / 2;
  std::vector<Samples> rings(static_cast<size_t>(side));
  const auto ring = [&](int x, int y) { return static_cast<size_t>(std::lround(std::hypot(x - half, y - half))); };
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      if (picture.known.at<float>(y, x) > 0.5F) rings[ring(x, y)].push_back(picture.rgb.at<cv::Vec3f>(y, x));
    }
  }
  std::vector<cv::Vec3f> around(rings.size());
  std::vector<bool> any(rings.size(), false);
  for (size_t k = 0; k < rings.size(); ++k) {
    if (rings[k].size() < 3) continue;
    around[k] = MedianOf(rings[k]);
    any[k] = true;
  }
  for (size_t k = 0; k < rings.size(); ++k) {  // from the nearest ring that is known
    for (size_t d = 1; !any[k] && d < rings.size(); ++d) {
      if (k >= d && any[k - d]) around[k] = around[k - d];
      else if (k + d < rings.size() && any[k + d]) around[k] = around[k + d];
      else continue;
      break;
    }
  }
  cv::Mat filled = picture.rgb.clone();
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      if (picture.known.at<float>(y, x) < 0.5F) filled.at<cv::Vec3f>(y, x) = around[ring(x, y)];
    }
  }
  // No seam between what was seen and what stands in for it.
  cv::Mat soft;
  cv::GaussianBlur(filled, soft, cv::Size(), std::max(0.6, half * 0.06));
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      if (picture.known.at<float>(y, x) < 0.5F) filled.at<cv::Vec3f>(y, x) = soft.at<cv::Vec3f>(y, x);
    }
  }
  picture.rgb = filled;
}

}  // namespace shotfix::gaze
