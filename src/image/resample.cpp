// SPDX-License-Identifier: Apache-2.0
#include "shotfix/image/resample.h"

#include <ATen/ATen.h>

#include <cmath>
#include <opencv2/imgproc.hpp>

#include "shotfix/core/error.h"
#include "shotfix/image/check.h"

namespace shotfix::image {
namespace {

// ATen's own numbers of grid_sampler_2d.
constexpr int64_t kGridBilinear = 0;
constexpr int64_t kGridBicubic = 2;
constexpr int64_t kGridBorder = 1;

at::Tensor PixelGrid(int64_t height, int64_t width, const at::Tensor& like) {
  const at::Tensor y = at::arange(height, like.options()).view({height, 1}).expand({height, width});
  const at::Tensor x = at::arange(width, like.options()).view({1, width}).expand({height, width});
  return at::stack({x, y});
}

at::Tensor BlurAxis(const at::Tensor& picture, const at::Tensor& kernel, bool horizontal) {
  const int64_t radius = kernel.numel() / 2;
  const at::Tensor batch = picture.unsqueeze(1);
  const at::Tensor weights = horizontal ? kernel.view({1, 1, 1, -1}) : kernel.view({1, 1, -1, 1});
  const std::vector<int64_t> pad =
      horizontal ? std::vector<int64_t>{radius, radius, 0, 0} : std::vector<int64_t>{0, 0, radius, radius};
  return at::conv2d(at::replication_pad2d(batch, pad), weights).squeeze(1);
}

// Runs an OpenCV filter over each plane: several times as fast on the CPU as the tensor operation beside it.
template <typename PlaneFilter>
at::Tensor FilterPlanes(const at::Tensor& picture, const PlaneFilter& filter) {
  const at::Tensor in = picture.contiguous();
  at::Tensor out = at::empty_like(in);
  const auto rows = static_cast<int>(in.size(1));
  const auto columns = static_cast<int>(in.size(2));
  SHOTFIX_CHECK(in.scalar_type() == at::kFloat || in.scalar_type() == at::kDouble);
  const int type = in.scalar_type() == at::kDouble ? CV_64FC1 : CV_32FC1;
  for (int64_t channel = 0; channel < in.size(0); ++channel) {
    const cv::Mat from(rows, columns, type, const_cast<void*>(in[channel].const_data_ptr()));
    cv::Mat to(rows, columns, type, out[channel].mutable_data_ptr());
    filter(from, to);
  }
  return out;
}

}  // namespace

at::Tensor Resize(const at::Tensor& picture, int64_t height, int64_t width) {
  CheckTensor(picture, "picture", {kAnySize, kAnySize, kAnySize});
  if (picture.size(1) == height && picture.size(2) == width) return picture;
  const bool down = height < picture.size(1) || width < picture.size(2);
  const at::Tensor batch = picture.unsqueeze(0).contiguous();
  if (down) return at::_upsample_bilinear2d_aa(batch, {height, width}, /*align_corners=*/false).squeeze(0);
  return at::upsample_bilinear2d(batch, {height, width}, /*align_corners=*/false).squeeze(0);
}

at::Tensor SampleAtOffset(const at::Tensor& picture, const at::Tensor& offset, Filter filter) {
  CheckTensor(picture, "picture", {kAnySize, kAnySize, kAnySize});
  CheckTensor(offset, "offset", {2, kAnySize, kAnySize});
  const int64_t height = picture.size(1);
  const int64_t width = picture.size(2);
  const at::Tensor position = PixelGrid(offset.size(1), offset.size(2), offset) + offset;
  const at::Tensor x = (position[0] + 0.5) * (2.0 / static_cast<double>(width)) - 1.0;
  const at::Tensor y = (position[1] + 0.5) * (2.0 / static_cast<double>(height)) - 1.0;
  const at::Tensor grid = at::stack({x, y}, -1).unsqueeze(0);
  const int64_t mode = filter == Filter::kBilinear ? kGridBilinear : kGridBicubic;
  return at::grid_sampler_2d(picture.unsqueeze(0), grid, mode, kGridBorder, /*align_corners=*/false).squeeze(0);
}

at::Tensor InsideMask(const at::Tensor& offset, int64_t height, int64_t width) {
  const at::Tensor position = PixelGrid(offset.size(1), offset.size(2), offset) + offset;
  const at::Tensor inside_x = (position[0] >= -0.5) & (position[0] <= static_cast<double>(width) - 0.5);
  const at::Tensor inside_y = (position[1] >= -0.5) & (position[1] <= static_cast<double>(height) - 0.5);
  return (inside_x & inside_y).to(at::kFloat).unsqueeze(0);
}

at::Tensor GaussianBlur(const at::Tensor& picture, double sigma_px) {
  CheckTensor(picture, "picture", {kAnySize, kAnySize, kAnySize});
  if (sigma_px <= 0) return picture;
  const auto radius = static_cast<int64_t>(std::ceil(3 * sigma_px));
  if (picture.is_cpu()) {
    const int side = static_cast<int>(2 * radius + 1);
    return FilterPlanes(picture, [&](const cv::Mat& from, cv::Mat& to) {
      cv::GaussianBlur(from, to, cv::Size(side, side), sigma_px, sigma_px, cv::BORDER_REPLICATE);
    });
  }
  const at::Tensor x = at::arange(-radius, radius + 1, picture.options());
  at::Tensor kernel = at::exp(x * x * (-0.5 / (sigma_px * sigma_px)));
  kernel = kernel / kernel.sum();
  return BlurAxis(BlurAxis(picture, kernel, true), kernel, false);
}

at::Tensor BoxMean(const at::Tensor& picture, int64_t radius_px) {
  if (radius_px <= 0) return picture;
  const int64_t side = 2 * radius_px + 1;
  if (picture.is_cpu()) {
    // Running sums, whatever the radius; then the share of the square that lies inside.
    const cv::Size square(static_cast<int>(side), static_cast<int>(side));
    const at::Tensor sums = FilterPlanes(picture, [&](const cv::Mat& from, cv::Mat& to) {
      cv::boxFilter(from, to, -1, square, cv::Point(-1, -1), /*normalize=*/false, cv::BORDER_CONSTANT);
    });
    const auto inside = [&](int64_t length) {
      const at::Tensor at = at::arange(length, picture.options());
      return (at + radius_px).clamp_max(length - 1) - (at - radius_px).clamp_min(0) + 1;
    };
    return sums / (inside(picture.size(1)).view({-1, 1}) * inside(picture.size(2)));
  }
  const at::Tensor across =
      at::avg_pool2d(picture.unsqueeze(0).contiguous(), {1, side}, {1, 1}, {0, radius_px}, false, false);
  return at::avg_pool2d(across, {side, 1}, {1, 1}, {radius_px, 0}, false, false).squeeze(0);
}

at::Tensor Dilate(const at::Tensor& picture, int64_t radius_px) {
  if (radius_px <= 0) return picture;
  const int64_t side = 2 * radius_px + 1;
  if (picture.is_cpu()) {
    const cv::Mat square = cv::Mat::ones(static_cast<int>(side), static_cast<int>(side), CV_8U);
    return FilterPlanes(picture, [&](const cv::Mat& from, cv::Mat& to) { cv::dilate(from, to, square); });
  }
  const at::Tensor across = at::max_pool2d(picture.unsqueeze(0), {1, side}, {1, 1}, {0, radius_px});
  return at::max_pool2d(across, {side, 1}, {1, 1}, {radius_px, 0}).squeeze(0);
}

at::Tensor Erode(const at::Tensor& picture, int64_t radius_px) { return -Dilate(-picture, radius_px); }

at::Tensor GuidedUpsample(const at::Tensor& guide, const at::Tensor& small, int64_t radius_px, double epsilon) {
  CheckTensor(guide, "guide", {3, kAnySize, kAnySize});
  CheckTensor(small, "small", {1, kAnySize, kAnySize});
  // In double: the cofactors of an edge are differences of nearly equal numbers.
  const at::Tensor g = Resize(guide, small.size(1), small.size(2)).to(at::kDouble);
  const at::Tensor m = small.to(at::kDouble);
  const at::Tensor mean_guide = BoxMean(g, radius_px);
  const at::Tensor mean = BoxMean(m, radius_px);
  const at::Tensor covariance = BoxMean(g * m, radius_px) - mean_guide * mean;  // [3,h,w]
  const auto moment = [&](int64_t i, int64_t j) {
    return (BoxMean((g[i] * g[j]).unsqueeze(0), radius_px) - (mean_guide[i] * mean_guide[j]).unsqueeze(0))[0] +
           (i == j ? epsilon : 0.0);
  };
  // The symmetric 3x3 system, solved by cofactors.
  const at::Tensor a = moment(0, 0), b = moment(0, 1), c = moment(0, 2), d = moment(1, 1), e = moment(1, 2),
                   f = moment(2, 2);
  const at::Tensor c00 = d * f - e * e, c01 = c * e - b * f, c02 = b * e - c * d;
  const at::Tensor c11 = a * f - c * c, c12 = b * c - a * e, c22 = a * d - b * b;
  const at::Tensor det = (a * c00 + b * c01 + c * c02).clamp_min(1e-18);
  const at::Tensor x = covariance[0], y = covariance[1], z = covariance[2];
  const at::Tensor slope =
      at::stack({c00 * x + c01 * y + c02 * z, c01 * x + c11 * y + c12 * z, c02 * x + c12 * y + c22 * z}) / det;
  const at::Tensor offset = mean - (slope * mean_guide).sum(0, true);
  const int64_t height = guide.size(1);
  const int64_t width = guide.size(2);
  const at::Tensor large_slope = Resize(BoxMean(slope, radius_px).to(at::kFloat), height, width);
  return (large_slope * guide).sum(0, true) + Resize(BoxMean(offset, radius_px).to(at::kFloat), height, width);
}

at::Tensor ResizeOffset(const at::Tensor& offset, int64_t height, int64_t width) {
  CheckTensor(offset, "offset", {2, kAnySize, kAnySize});
  if (offset.size(1) == height && offset.size(2) == width) return offset;
  const at::Tensor resized = Resize(offset, height, width);
  const double scale_x = static_cast<double>(width) / static_cast<double>(offset.size(2));
  const double scale_y = static_cast<double>(height) / static_cast<double>(offset.size(1));
  return at::stack({resized[0] * scale_x, resized[1] * scale_y});
}

}  // namespace shotfix::image
