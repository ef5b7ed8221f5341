// SPDX-License-Identifier: Apache-2.0
#include "shotfix/temporal/camera_track.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <opencv2/calib3d.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/video/tracking.hpp>

#include "shotfix/core/error.h"
#include "shotfix/image/opencv.h"

namespace shotfix::temporal {
namespace {

constexpr double kStaticLimitPx = 0.5;
constexpr int64_t kStaticSamples = 12;
constexpr size_t kMinMatches = 12;

struct Link {
  Homography prev_from_next = kIdentity;
  double residual_px = 0;
  bool found = false;
};

cv::Point2f Map(const Homography& h, cv::Point2f p) {
  const double w = h[6] * p.x + h[7] * p.y + h[8];
  return {static_cast<float>((h[0] * p.x + h[1] * p.y + h[2]) / w),
          static_cast<float>((h[3] * p.x + h[4] * p.y + h[5]) / w)};
}

double MedianResidual(const Homography& h, const std::vector<cv::Point2f>& from, const std::vector<cv::Point2f>& to) {
  std::vector<double> errors;
  for (size_t k = 0; k < from.size(); ++k) errors.push_back(cv::norm(Map(h, from[k]) - to[k]));
  if (errors.empty()) return 0;
  std::nth_element(errors.begin(), errors.begin() + static_cast<ptrdiff_t>(errors.size() / 2), errors.end());
  return errors[errors.size() / 2];
}

struct Matches {
  std::vector<cv::Point2f> from;  // in the second picture
  std::vector<cv::Point2f> to;    // in the first
};

// Corners of `first` (where `mask` allows) found in `second` and back again.
Matches MatchCorners(const cv::Mat& first, const cv::Mat& second, const cv::Mat& mask) {
  Matches matches;
  std::vector<cv::Point2f> corners;
  cv::goodFeaturesToTrack(first, corners, 600, 0.005, 6, mask);
  if (corners.size() < kMinMatches) return matches;
  std::vector<cv::Point2f> moved;
  std::vector<cv::Point2f> back;
  std::vector<uchar> ok;
  std::vector<uchar> ok_back;
  std::vector<float> error;
  cv::calcOpticalFlowPyrLK(first, second, corners, moved, ok, error);
  cv::calcOpticalFlowPyrLK(second, first, moved, back, ok_back, error);
  for (size_t k = 0; k < corners.size(); ++k) {
    if (ok[k] == 0 || ok_back[k] == 0 || cv::norm(back[k] - corners[k]) > 0.5) continue;
    matches.from.push_back(moved[k]);
    matches.to.push_back(corners[k]);
  }
  return matches;
}

Link LinkNeighbours(const cv::Mat& prev, const cv::Mat& next, const cv::Mat& mask) {
  const Matches matches = MatchCorners(prev, next, mask);
  if (matches.from.size() < kMinMatches) return {};
  cv::Mat inliers;
  const cv::Mat h = cv::findHomography(matches.from, matches.to, cv::RANSAC, 1.5, inliers, 2000, 0.999);
  if (h.empty() || cv::countNonZero(inliers) < static_cast<int>(kMinMatches)) return {};
  Link link;
  link.found = true;
  for (int k = 0; k < 9; ++k) link.prev_from_next[static_cast<size_t>(k)] = h.at<double>(k / 3, k % 3);
  link.residual_px = MedianResidual(link.prev_from_next, matches.from, matches.to);
  return link;
}

cv::Mat FeatureMask(const at::Tensor& foreground) {
  if (!foreground.defined()) return {};
  const at::Tensor bytes = ((foreground[0] < 0.1).to(at::kByte) * 255).cpu().contiguous();
  cv::Mat mask(static_cast<int>(bytes.size(0)), static_cast<int>(bytes.size(1)), CV_8UC1,
               const_cast<void*>(bytes.const_data_ptr()));
  cv::Mat safe;
  cv::erode(mask, safe, cv::Mat(), cv::Point(-1, -1), 6);
  return cv::countNonZero(safe) > safe.rows * safe.cols / 50 ? safe : cv::Mat();
}

// Locked off: in frames all over the shot most corners of the first frame are where they were. Asked of the first
// frame, not of neighbours, so that a slow pan does not pass, and of single corners, so that a chain's noise does not
// add up.
bool IsLockedOff(image::ShotReader& shot, const cv::Mat& first, const cv::Mat& mask) {
  const FrameRange frames = shot.frames();
  const int64_t samples = std::min(kStaticSamples, frames.size() - 1);
  for (int64_t k = 1; k <= samples; ++k) {
    const int64_t frame = frames.begin + k * (frames.size() - 1) / samples;
    const Matches matches = MatchCorners(first, image::LumaMat(shot.Analysis(frame)), mask);
    size_t still = 0;
    for (size_t i = 0; i < matches.from.size(); ++i)
      still += cv::norm(matches.from[i] - matches.to[i]) < kStaticLimitPx ? 1 : 0;
    // A frame without corners (a bare backing, an actor in front of them all) says nothing either way.
    if (matches.from.size() >= kMinMatches && still * 2 < matches.from.size()) return false;
  }
  return true;
}

}  // namespace

Homography Multiply(const Homography& a, const Homography& b) {
  Homography c{};
  for (size_t row = 0; row < 3; ++row) {
    for (size_t column = 0; column < 3; ++column) {
      for (size_t k = 0; k < 3; ++k) c[row * 3 + column] += a[row * 3 + k] * b[k * 3 + column];
    }
  }
  for (size_t k = 0; k < 8; ++k) c[k] /= c[8];
  c[8] = 1;
  return c;
}

Homography Invert(const Homography& h) {
  const cv::Matx33d inverse = cv::Matx33d(h.data()).inv();
  Homography result{};
  for (size_t k = 0; k < 9; ++k) result[k] = inverse.val[k] / inverse.val[8];
  return result;
}

Homography ScaleHomography(const Homography& h, double scale_x, double scale_y) {
  // Pixel centres: large = (small + 0.5) * scale - 0.5.
  const Homography up = {scale_x, 0, 0.5 * scale_x - 0.5, 0, scale_y, 0.5 * scale_y - 0.5, 0, 0, 1};
  return Multiply(Multiply(up, h), Invert(up));
}

at::Tensor OffsetOf(const Homography& source_from_target, int64_t height, int64_t width) {
  const Homography& h = source_from_target;
  const at::Tensor y = at::arange(height, at::kDouble).view({height, 1}).expand({height, width});
  const at::Tensor x = at::arange(width, at::kDouble).view({1, width}).expand({height, width});
  const at::Tensor w = x * h[6] + y * h[7] + h[8];
  return at::stack({(x * h[0] + y * h[1] + h[2]) / w - x, (x * h[3] + y * h[4] + h[5]) / w - y}).to(at::kFloat);
}

CameraTrack TrackCamera(image::ShotReader& shot, const ForegroundOf& foreground,
                        const std::function<void(int64_t)>& on_frame) {
  CameraTrack track;
  const FrameRange frames = shot.frames();
  cv::Mat prev = image::LumaMat(shot.Analysis(frames.begin));
  cv::Mat prev_mask = FeatureMask(foreground(frames.begin));
  Homography reference_from_prev = kIdentity;
  track.reference_from_frame[frames.begin] = kIdentity;
  track.is_static = IsLockedOff(shot, prev, prev_mask);
  if (track.is_static) {
    for (int64_t frame = frames.begin; frame < frames.end; ++frame) track.reference_from_frame[frame] = kIdentity;
    return track;
  }
  for (int64_t frame = frames.begin + 1; frame < frames.end; ++frame) {
    const cv::Mat next = image::LumaMat(shot.Analysis(frame));
    const Link link = LinkNeighbours(prev, next, prev_mask);
    if (!link.found) ++track.lost_links;
    track.worst_residual_px = std::max(track.worst_residual_px, link.residual_px);
    reference_from_prev = Multiply(reference_from_prev, link.prev_from_next);
    track.reference_from_frame[frame] = reference_from_prev;
    prev = next;
    prev_mask = FeatureMask(foreground(frame));
    on_frame(frame);
  }
  return track;
}

}  // namespace shotfix::temporal
