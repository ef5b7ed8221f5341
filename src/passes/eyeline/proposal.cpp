// SPDX-License-Identifier: Apache-2.0
#include "passes/eyeline/proposal.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>

#include "shotfix/gaze/eye_parts.h"
#include "shotfix/image/convert.h"

namespace shotfix::passes::eyeline {
namespace {

constexpr double kLeastChange = 1.0 / 4096;  // encoded: less is nobody's change

struct Part {
  int64_t x = 0;
  int64_t y = 0;
  int64_t width = 0;
  int64_t height = 0;
};

// The part of the frame that a crop covers.
Part PartOf(const gaze::Affine& frame_from_crop, const gaze::ShotGaze& shot, const image::Frame& frame) {
  constexpr double kMargin = 2;
  double left = 1e9, right = -1e9, top = 1e9, bottom = -1e9;
  for (const int sx : {-1, 1}) {
    for (const int sy : {-1, 1}) {
      const cv::Point2d corner = frame_from_crop(cv::Point2d(sx * shot.crop_half_width, sy * shot.crop_half_height));
      left = std::min(left, corner.x - kMargin);
      right = std::max(right, corner.x + kMargin);
      top = std::min(top, corner.y - kMargin);
      bottom = std::max(bottom, corner.y + kMargin);
    }
  }
  const auto clip = [](double value, int64_t limit) {
    return std::clamp<int64_t>(std::llround(std::clamp(value, -1e6, 1e6)), 0, limit);
  };
  Part part{clip(left, frame.width()), clip(top, frame.height()), 0, 0};
  part.width = clip(right, frame.width()) - part.x;
  part.height = clip(bottom, frame.height()) - part.y;
  return part;
}

at::Tensor Cut(const at::Tensor& picture, const Part& part) {
  return picture.narrow(1, part.y, part.height).narrow(2, part.x, part.width);
}

}  // namespace

EyelineProposer::EyelineProposer(const EyelineOptions& options, gaze::ShotGaze shot,
                                 const std::optional<model::Head>& head)
    : options_(options), shot_(std::move(shot)), plan_(options_, shot_) {
  for (size_t eye = 0; eye < gaze::kEyes; ++eye) pictures_[eye] = PicturesOf(shot_, eye);
  // On the CPU wherever the frames are: two small pictures a frame.
  if (head) head_.emplace(*head, c10::Device(c10::DeviceType::CPU));
}

cv::Mat EyelineProposer::Draw(const EyeDrawing& drawing, cv::Point2d iris) const {
  const cv::Mat drawn = DrawEye(drawing, iris, options_.lids);
  const double share = DrawnShare(drawing, iris);
  if (!head_ || share <= 0) return drawn;
  const HeadView view = ViewForHead(drawing, iris, drawn);
  return ApplyFields(drawing, drawn, view, head_->Infer(view.input), share);
}

void EyelineProposer::Turn(const image::Frame& frame, size_t eye, cv::Point2d iris, image::Edit& edit) const {
  const double scale = static_cast<double>(frame.width()) / static_cast<double>(shot_.analysis_width);
  gaze::EyeState state = shot_.At(frame.index).eyes[eye];
  state.frame_from_crop = state.frame_from_crop.ScaledBy(scale);
  const Part part = PartOf(state.frame_from_crop, shot_, frame);
  if (part.width < 8 || part.height < 8) return;
  const at::Tensor linear = Cut(frame.rgb, part).cpu();
  const at::Tensor before = image::PerceptualFromLinear(at::nan_to_num(linear, 0.0, 1.0, 0.0));
  const cv::Mat picture = gaze::MatFromTensor(before);
  const cv::Point origin(static_cast<int>(part.x), static_cast<int>(part.y));
  const EyeDrawing drawing{picture, origin, shot_, eye, state, pictures_[eye]};
  const at::Tensor after = gaze::TensorFromMat(Draw(drawing, iris));
  const at::Tensor changed = ((after - before).abs().amax(0, true) > kLeastChange).to(at::kFloat);
  Cut(edit.support, part).copy_(at::maximum(Cut(edit.support, part), changed.to(edit.support.device())));
  const at::Tensor drawn = at::where(changed > 0, image::LinearFromPerceptual(after.clamp(0, 1)), linear);
  Cut(edit.fill, part)
      .copy_(at::where(changed.to(edit.fill.device()) > 0, drawn.to(edit.fill.device()), Cut(edit.fill, part)));
}

image::Edit EyelineProposer::Propose(const FrameWindow& window) const {
  const image::Frame& frame = window.current();
  const double scale = static_cast<double>(frame.width()) / static_cast<double>(shot_.analysis_width);
  const FrameTarget target = plan_.At(frame.index, scale);
  if (target.weight <= 0) return {};
  image::Edit edit;
  edit.support = at::zeros({1, frame.height(), frame.width()}, frame.rgb.options());
  edit.fill = at::zeros_like(frame.rgb);
  for (size_t eye = 0; eye < gaze::kEyes; ++eye) Turn(frame, eye, target.eyes[eye].iris, edit);
  edit.alpha = edit.support;
  return edit;
}

}  // namespace shotfix::passes::eyeline
