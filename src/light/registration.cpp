// SPDX-License-Identifier: Apache-2.0
#include "shotfix/light/registration.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "shotfix/image/resample.h"
#include "shotfix/light/relief.h"

namespace shotfix::light {
namespace {

using image::Filter;

constexpr double kContrastReach = 0.02;  // of the long side
constexpr double kCalmReach = 0.008;     // of the long side
constexpr double kPoseReach = 0.045;     // of the long side: the window that turns together
constexpr double kPoseRigidity = 0.012;  // of the long side: relief below this says nothing about a turn
constexpr int64_t kPoseShrink = 4;       // poses are smooth: they are fitted on a coarse grid

double LongSide(const at::Tensor& picture) { return static_cast<double>(std::max(picture.size(1), picture.size(2))); }

at::Tensor SmoothMean(const at::Tensor& picture, double sigma_px) {
  // Two boxes: close to a Gaussian, and as fast for any width.
  const auto radius = std::max<int64_t>(1, std::llround(sigma_px * 1.2));
  return image::BoxMean(image::BoxMean(picture.contiguous(), radius), radius);
}

// [2,h,w]: places of pixels, x right and y up.
at::Tensor Places(int64_t height, int64_t width) {
  const at::Tensor x = at::arange(width, at::kFloat).view({1, 1, width}).expand({1, height, width});
  const at::Tensor y = -at::arange(height, at::kFloat).view({1, height, 1}).expand({1, height, width});
  return at::cat({x, y}).contiguous();
}

// The first two rows of the rotation nearest to the linear map [6,h,w] (2x3 by rows), in the same form.
at::Tensor NearestRows(const at::Tensor& map) {
  const at::Tensor a = map.slice(0, 0, 3);
  const at::Tensor b = map.slice(0, 3, 6);
  const at::Tensor aa = (a * a).sum(0, true);
  const at::Tensor bb = (b * b).sum(0, true);
  const at::Tensor ab = (a * b).sum(0, true);
  // The inverse root of a 2x2 matrix M: with s the root of its determinant, M^(1/2) = (M + s) / sqrt(trace + 2s).
  const at::Tensor s = (aa * bb - ab * ab).clamp_min(1e-12).sqrt();
  const at::Tensor t = (aa + bb + 2 * s).sqrt();
  const at::Tensor scale = t / ((aa + s) * (bb + s) - ab * ab);
  return at::cat({((bb + s) * a - ab * b) * scale, ((aa + s) * b - ab * a) * scale});
}

at::Tensor TurnNormals(const at::Tensor& normals, const at::Tensor& rows) {
  const at::Tensor a = rows.slice(0, 0, 3);
  const at::Tensor b = rows.slice(0, 3, 6);
  const at::Tensor c = at::cross(a, b, 0);
  const at::Tensor turned =
      at::cat({(a * normals).sum(0, true), (b * normals).sum(0, true), (c * normals).sum(0, true)});
  return OfLengthOne(turned);
}

// The pose around each pixel as [6,h,w] rows, from where each of the frame's pixels is on the take's surface.
at::Tensor LocalPoses(const at::Tensor& on_take, const at::Tensor& in_frame, const at::Tensor& weight) {
  const int64_t height = weight.size(1) / kPoseShrink;
  const int64_t width = weight.size(2) / kPoseShrink;
  const double sigma = kPoseReach * LongSide(weight) / static_cast<double>(kPoseShrink);
  const auto mean = [&](const at::Tensor& picture) {
    return SmoothMean(image::Resize(picture * weight, height, width), sigma);
  };
  const at::Tensor total = SmoothMean(image::Resize(weight, height, width), sigma).clamp_min(1e-6);
  const auto centred = [&](const at::Tensor& a, const at::Tensor& b) {
    return mean(a * b) / total - (mean(a) / total) * (mean(b) / total);
  };
  const double rigidity = std::pow(kPoseRigidity * LongSide(weight), 2);
  std::vector<at::Tensor> covariance, cross;
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t j = 0; j < 3; ++j) {
      const at::Tensor own = centred(on_take.narrow(0, i, 1), on_take.narrow(0, j, 1));
      covariance.push_back(i == j ? own + rigidity : own);
    }
    for (int64_t j = 0; j < 2; ++j) {
      const at::Tensor both = centred(on_take.narrow(0, i, 1), in_frame.narrow(0, j, 1));
      cross.push_back(i == j ? both + rigidity : both);
    }
  }
  const at::Tensor left = at::cat(covariance).permute({1, 2, 0}).reshape({height, width, 3, 3}).to(at::kDouble);
  const at::Tensor right = at::cat(cross).permute({1, 2, 0}).reshape({height, width, 3, 2}).to(at::kDouble);
  const at::Tensor map = at::linalg_solve(left, right).transpose(2, 3);  // [h,w,2,3]
  const at::Tensor rows = map.reshape({height, width, 6}).permute({2, 0, 1}).to(at::kFloat).contiguous();
  return image::Resize(NearestRows(rows), weight.size(1), weight.size(2));
}

}  // namespace

at::Tensor LocalContrast(const at::Tensor& linear, const at::Tensor& mask) {
  constexpr double kDarkest = 0.004;
  constexpr double kLeastContrast = 0.05;  // of a natural logarithm: below it is noise
  constexpr double kShown = 0.15;
  const double sigma = kContrastReach * LongSide(linear);
  const at::Tensor inside = (mask > 0.5).to(at::kFloat);
  const at::Tensor level = linear.mean(0, true).clamp_min(kDarkest).log() * inside;
  const at::Tensor total = SmoothMean(inside, sigma).clamp_min(1e-3);
  const at::Tensor detail = (level - SmoothMean(level, sigma) / total) * inside;
  const at::Tensor contrast = (SmoothMean(detail.square(), sigma) / total).clamp_min(0).sqrt() + kLeastContrast;
  return (0.5 + kShown * detail / contrast).clamp(0, 1).expand({3, -1, -1}).contiguous();
}

Registration RegisterTake(temporal::FlowEstimator& flow, const at::Tensor& frame, const at::Tensor& frame_mask,
                          const at::Tensor& take, const at::Tensor& take_mask) {
  Registration result;
  // Smooth within the subject: dense flow trembles by tenths of a pixel from frame to frame.
  const at::Tensor inside = (frame_mask > 0.5).to(at::kFloat);
  const double calm = kCalmReach * LongSide(frame);
  const at::Tensor raw = flow.Estimate(frame, take);
  const at::Tensor calmed = SmoothMean(raw * inside, calm) / SmoothMean(inside, calm).clamp_min(1e-3);
  result.take_from_frame = at::where(inside > 0, calmed, raw).contiguous();
  const auto moved = [&](const at::Tensor& picture) {
    return image::SampleAtOffset(picture, result.take_from_frame, Filter::kBilinear);
  };
  result.known = frame_mask * ((moved(take_mask) - 0.5) * 2).clamp(0, 1) *
                 image::InsideMask(result.take_from_frame, take.size(1), take.size(2));
  const at::Tensor weight = result.known / result.known.sum().clamp_min(1);
  const auto centred = [&](const at::Tensor& picture) {
    const at::Tensor grey = picture.narrow(0, 0, 1);
    return grey - (grey * weight).sum();
  };
  const at::Tensor a = centred(frame);
  const at::Tensor b = centred(moved(take));
  const double norm = std::sqrt((a * a * weight).sum().item<double>() * (b * b * weight).sum().item<double>());
  result.likeness = norm > 0 ? (a * b * weight).sum().item<double>() / norm : 0;
  return result;
}

namespace {

// Both sides of a registration as points around the middle of the picture.
struct Meeting {
  at::Tensor on_take;   // [3,h,w] px, heights third
  at::Tensor in_frame;  // [2,h,w] px
};

Meeting MeetingOf(const TakeSurface& take, const at::Tensor& path) {
  const int64_t height = path.size(1);
  const int64_t width = path.size(2);
  const at::Tensor in_frame = Places(height, width);
  const at::Tensor sign = at::tensor({1.0F, -1.0F}).view({2, 1, 1});
  const at::Tensor centre =
      at::tensor({static_cast<float>(width) / 2, -static_cast<float>(height) / 2}).view({2, 1, 1});
  const at::Tensor heights = image::SampleAtOffset(take.heights, path, Filter::kBilinear);
  return {at::cat({in_frame + path * sign - centre, heights}), in_frame - centre};
}

// The pose [6,1,1] of all that `weight` covers, by rows. Places that do not go along (a lid, a jaw, hair) count less.
at::Tensor PoseOf(const Meeting& whole, at::Tensor weight) {
  constexpr int kRounds = 6;
  constexpr int64_t kStep = 3;  // px: neighbours say the same
  constexpr double kSure = 0.3;
  const auto thinned = [](const at::Tensor& picture) {
    return picture.slice(1, kStep / 2, picture.size(1), kStep).slice(2, kStep / 2, picture.size(2), kStep).contiguous();
  };
  const Meeting meeting{thinned(whole.on_take), thinned(whole.in_frame)};
  weight = thinned(weight);
  const at::Tensor own = weight;
  // Nothing of it is seen: it stands as it stood.
  constexpr int64_t kFewest = 30;
  if ((own > kSure).sum().item<int64_t>() < kFewest)
    return at::tensor({1.0F, 0.0F, 0.0F, 0.0F, 1.0F, 0.0F}).view({6, 1, 1});
  at::Tensor rows;
  for (int round = 0; round < kRounds; ++round) {
    const at::Tensor total = weight.sum().clamp_min(1e-6);
    const auto centred = [&](const at::Tensor& points) { return points - (points * weight).sum({1, 2}, true) / total; };
    const at::Tensor take = centred(meeting.on_take).flatten(1).to(at::kDouble);
    const at::Tensor frame = centred(meeting.in_frame).flatten(1).to(at::kDouble);
    // Sums of products, row by row: those of a matrix product hang on the number of threads.
    const at::Tensor heavy = (take * weight.flatten(1)).unsqueeze(1);
    const auto moments = [&](const at::Tensor& others) { return (heavy * others.unsqueeze(0)).sum(2); };
    const at::Tensor map = at::linalg_solve(moments(take) + 1e-6 * at::eye(3, take.options()), moments(frame));
    rows = NearestRows(map.t().reshape({6, 1, 1}).to(at::kFloat).contiguous());
    const at::Tensor miss = (frame - map.t().mm(take)).norm(2, {0}, true);
    const at::Tensor scale = miss.masked_select(own.flatten(1) > kSure).median().clamp_min(0.3);
    weight = own / (1 + (miss / scale).square()).view_as(own).to(at::kFloat);
  }
  return rows;
}

}  // namespace

SeenSurface SeeSurface(const TakeSurface& take, const Registration& registration) {
  const at::Tensor& path = registration.take_from_frame;
  const auto moved = [&](const at::Tensor& picture) { return image::SampleAtOffset(picture, path, Filter::kBilinear); };
  Meeting meeting = MeetingOf(take, path);
  SeenSurface seen;
  seen.albedo = moved(take.albedo).clamp_min(0);
  seen.normals_before = moved(take.normals);
  // Steep places are where heights are least sure, and where flow slides.
  const at::Tensor weight = registration.known * seen.normals_before.narrow(0, 2, 1).clamp(0, 1);
  seen.normals = TurnNormals(seen.normals_before, LocalPoses(meeting.on_take, meeting.in_frame, weight));
  if (!take.head.defined()) return seen;
  seen.head = moved(take.head);
  meeting.on_take[2] *= take.head_deeper;
  const at::Tensor pose = PoseOf(meeting, weight * seen.head);
  const at::Tensor turned = TurnNormals(seen.normals_before, pose.expand({6, path.size(1), path.size(2)}));
  seen.normals = OfLengthOne(seen.normals * (1 - seen.head) + turned * seen.head);
  return seen;
}

}  // namespace shotfix::light
