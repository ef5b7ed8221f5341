// SPDX-License-Identifier: Apache-2.0
// Which plane of a set each pixel shows.
#include <ATen/ATen.h>

#include <algorithm>
#include <opencv2/core.hpp>

#include "shotfix/core/error.h"
#include "shotfix/image/check.h"
#include "shotfix/image/resample.h"
#include "shotfix/light/relief.h"
#include "shotfix/light/set_planes.h"
#include "shotfix/temporal/camera_track.h"

namespace shotfix::light {
namespace {

temporal::Homography ViewFromReference(const temporal::CameraPose& pose, const SetPlane& plane,
                                       const temporal::Lens& lens) {
  const cv::Matx33d k(lens.focal_px, 0, lens.middle.x, 0, lens.focal_px, lens.middle.y, 0, 0, 1);
  const cv::Matx33d map = k * (pose.rotation + pose.shift * plane.nearness.t()) * k.inv();
  temporal::Homography result{};
  for (size_t entry = 0; entry < 9; ++entry) result[entry] = map.val[entry];
  return result;
}

// [1,h,w] of a plane as it is seen along each pixel's ray; below 0 where it lies behind the camera.
at::Tensor NearnessOn(const cv::Vec3d& plane, const temporal::Lens& lens, int64_t height, int64_t width) {
  const at::Tensor y = ((at::arange(height, at::kDouble) - lens.middle.y) / lens.focal_px).view({1, height, 1});
  const at::Tensor x = ((at::arange(width, at::kDouble) - lens.middle.x) / lens.focal_px).view({1, 1, width});
  return (x * plane[0] + y * plane[1] + plane[2]).to(at::kFloat);
}

at::Tensor OneOf(const at::Tensor& index, int64_t count) {
  return at::one_hot(index, count).permute({2, 0, 1}).to(at::kFloat).contiguous();
}

// In a room the first wall that a ray meets is the one that is seen: what nothing else tells. [P,h,w] of [P,h,w].
at::Tensor Nearest(const at::Tensor& nearness) { return OneOf(nearness.argmax(0), nearness.size(0)); }

constexpr double kBehindAll = 1e6;  // in nearness

// How much of each plane stands behind another in the reference, [P,h,w]: what may come out as the camera moves.
at::Tensor HiddenBy(const at::Tensor& shares, const at::Tensor& nearness) {
  std::vector<at::Tensor> hidden;
  for (int64_t k = 0; k < shares.size(0); ++k)
    hidden.push_back((shares * (nearness > nearness.narrow(0, k, 1))).sum(0, true));
  return at::cat(hidden);
}

// What is seen of each plane, less what nearer ones hide of it.
at::Tensor InFront(const at::Tensor& seen, const at::Tensor& nearness) {
  std::vector<at::Tensor> left;
  for (int64_t k = 0; k < seen.size(0); ++k) {
    const at::Tensor nearer = (seen * (nearness > nearness.narrow(0, k, 1))).sum(0, true);
    left.push_back(at::minimum(seen.narrow(0, k, 1), (1 - nearer).clamp_min(0)));
  }
  return at::cat(left);
}

constexpr double kMostUnlike = 0.25;  // of a contrast from 0 to 1: more is something else in front

// [1,h,w]: how unlike the views are the reference, all of it being that plane.
at::Tensor UnlikeAs(const SetPlane& plane, const temporal::Lens& lens, const SetView& reference,
                    const std::vector<SetView>& views) {
  const int64_t height = reference.set.size(1);
  const int64_t width = reference.set.size(2);
  const double window = 0.012 * static_cast<double>(std::max(height, width));
  at::Tensor unlike = at::zeros_like(reference.set);
  at::Tensor seen = at::zeros_like(reference.set);
  for (const SetView& view : views) {
    const at::Tensor offset = temporal::OffsetOf(ViewFromReference(view.pose, plane, lens), height, width);
    const at::Tensor there = image::SampleAtOffset(view.set, offset, image::Filter::kBilinear) *
                             image::InsideMask(offset, height, width) * reference.set;
    const at::Tensor laid = image::SampleAtOffset(view.contrast, offset, image::Filter::kBilinear);
    const at::Tensor off = (laid.narrow(0, 0, 1) - reference.contrast.narrow(0, 0, 1)).abs().clamp_max(kMostUnlike);
    unlike = unlike + image::GaussianBlur(off * there, window);
    seen = seen + image::GaussianBlur(there, window);
  }
  const at::Tensor nearness = NearnessOn(plane.nearness, lens, height, width);
  constexpr double kSeen = 0.01;  // where no view shows it, nothing speaks for it
  return at::where((nearness > 0).logical_and(seen > kSeen), unlike / seen.clamp_min(kSeen),
                   at::full_like(unlike, kMostUnlike));
}

at::Tensor Normalised(const at::Tensor& shares) { return shares / shares.sum(0, true).clamp_min(1e-6); }

// Note [Seams of planes]: near the line in which two planes meet they look alike from everywhere, so pictures say
// little there, and labels wobble. But that line is known. Where labels of both lie close together and mostly keep to
// the sides that it divides, in a corner of a room or at the edge of a box, all of them are made to.
at::Tensor WithStraightSeams(at::Tensor chosen, const at::Tensor& nearness) {
  constexpr double kReach = 0.03;  // of the long side: so far labels wobble
  constexpr double kMostly = 0.75;
  const int64_t reach = static_cast<int64_t>(kReach * static_cast<double>(std::max(chosen.size(1), chosen.size(2))));
  for (int64_t p = 0; p < chosen.size(0); ++p) {
    for (int64_t q = p + 1; q < chosen.size(0); ++q) {
      const at::Tensor one = chosen.narrow(0, p, 1).clone();
      const at::Tensor other = chosen.narrow(0, q, 1).clone();
      const at::Tensor close = image::Dilate(one, reach) * image::Dilate(other, reach) * (one + other);
      const double all = close.sum().item<double>();
      if (all < 1) continue;
      const at::Tensor one_is_nearer = (nearness[p] > nearness[q]).to(at::kFloat).unsqueeze(0);
      const double corner = (close * (one == one_is_nearer)).sum().item<double>() / all;
      if (std::max(corner, 1 - corner) < kMostly) continue;
      const at::Tensor straight = corner > 0.5 ? one_is_nearer : 1 - one_is_nearer;
      chosen.narrow(0, p, 1).copy_(at::where(close > 0, straight, one));
      chosen.narrow(0, q, 1).copy_(at::where(close > 0, 1 - straight, other));
    }
  }
  return chosen;
}

}  // namespace

at::Tensor SharesOfPlanes(const std::vector<SetPlane>& planes, const temporal::Lens& lens, const SetView& reference,
                          const std::vector<SetView>& views) {
  SHOTFIX_CHECK(!planes.empty() && !views.empty());
  std::vector<at::Tensor> unlike;
  for (const SetPlane& plane : planes) unlike.push_back(UnlikeAs(plane, lens, reference, views));
  const at::Tensor all = at::cat(unlike);
  const at::Tensor best = all.amin(0, true);
  // What each pixel says: for the best plane, as far as it is better than the others.
  const at::Tensor others = planes.size() > 1 ? std::get<0>(all.topk(2, 0, false)).narrow(0, 1, 1) : best + kMostUnlike;
  std::vector<at::Tensor> nearness;
  for (const SetPlane& plane : planes) nearness.push_back(NearnessOn(plane.nearness, lens, all.size(1), all.size(2)));
  constexpr double kNoise = 0.02;  // a plane that is better by less is not
  constexpr double kRoom = 0.01;   // as sure as a difference of so much
  const at::Tensor votes = (all == best).to(at::kFloat) * (others - best - kNoise).clamp_min(0) * reference.set +
                           Nearest(at::cat(nearness)) * (1 - reference.set) * kRoom;
  const double long_side = static_cast<double>(std::max(all.size(1), all.size(2)));
  at::Tensor said = at::full_like(votes, 1e-6);
  for (const auto& [reach, weight] : {std::pair{0.006, 1.0}, {0.02, 0.1}, {0.06, 0.02}, {0.2, 0.004}})
    said = said + image::GaussianBlur(votes, reach * long_side) * weight;
  const at::Tensor chosen = WithStraightSeams(OneOf(said.argmax(0), all.size(0)), at::cat(nearness));
  constexpr double kEdge = 0.0015;  // of the long side
  return Normalised(image::GaussianBlur(chosen, kEdge * long_side) + 1e-6);
}

at::Tensor SharesSeenFrom(const temporal::CameraPose& pose, const std::vector<SetPlane>& planes,
                          const temporal::Lens& lens, const at::Tensor& shares) {
  image::CheckTensor(shares, "shares", {static_cast<int64_t>(planes.size()), image::kAnySize, image::kAnySize});
  const int64_t height = shares.size(1);
  const int64_t width = shares.size(2);
  std::vector<at::Tensor> of_reference;
  for (const SetPlane& plane : planes) of_reference.push_back(NearnessOn(plane.nearness, lens, height, width));
  const at::Tensor hidden = HiddenBy(shares, at::cat(of_reference));
  std::vector<at::Tensor> seen, possible, nearness;
  for (size_t k = 0; k < planes.size(); ++k) {
    const cv::Vec3d turned = pose.rotation * planes[k].nearness;
    nearness.push_back(NearnessOn(turned / (1 + turned.dot(pose.shift)), lens, height, width));
    const temporal::Homography back = temporal::Invert(ViewFromReference(pose, planes[k], lens));
    const at::Tensor offset = temporal::OffsetOf(back, height, width);
    const at::Tensor inside = image::InsideMask(offset, height, width);
    const auto there = [&](const at::Tensor& all) {
      const at::Tensor own = all.narrow(0, static_cast<int64_t>(k), 1).contiguous();
      return image::SampleAtOffset(own, offset, image::Filter::kBilinear) * inside;
    };
    const at::Tensor before = (nearness.back() > 0).to(at::kFloat);
    seen.push_back(there(shares) * before);
    possible.push_back((there(hidden) + 1 - inside) * before);
  }
  const at::Tensor near = at::cat(nearness);
  const at::Tensor known = InFront(at::cat(seen), near);
  const at::Tensor guessed = Nearest(at::where(at::cat(possible) > 0.5, near, near - kBehindAll));
  return Normalised(known + guessed * ((1 - known.sum(0, true)).clamp_min(0) + 1e-3));
}

at::Tensor NormalsOfPlanes(const std::vector<SetPlane>& planes, const at::Tensor& shares) {
  at::Tensor normals = at::zeros({3, shares.size(1), shares.size(2)});
  for (size_t k = 0; k < planes.size(); ++k) {
    const Vector normal = NormalOf(planes[k]);
    const at::Tensor column = at::tensor({normal[0], normal[1], normal[2]}).to(at::kFloat).view({3, 1, 1});
    normals = normals + column * shares.narrow(0, static_cast<int64_t>(k), 1);
  }
  return OfLengthOne(normals);
}

}  // namespace shotfix::light
