// SPDX-License-Identifier: Apache-2.0
// One frame's eyes, turned: a fill in two small regions.
#pragma once

#include "passes/eyeline/learned.h"
#include "passes/eyeline/targets.h"
#include "shotfix/model/gaze_head.h"

namespace shotfix::passes::eyeline {

class EyelineProposer final : public Proposer {
 public:
  EyelineProposer(const EyelineOptions& options, gaze::ShotGaze shot, const std::optional<model::Head>& head);
  image::Edit Propose(const FrameWindow& window) const override;

 private:
  cv::Mat Draw(const EyeDrawing& drawing, cv::Point2d iris) const;
  void Turn(const image::Frame& frame, size_t eye, cv::Point2d iris, image::Edit& edit) const;

  EyelineOptions options_;
  gaze::ShotGaze shot_;
  TargetPlan plan_;
  gaze::PerEye<EyePictures> pictures_;
  std::optional<model::GazeHead> head_;
};

}  // namespace shotfix::passes::eyeline
