// SPDX-License-Identifier: Apache-2.0
#include "shotfix/model/shot_matte.h"

namespace shotfix::model {
namespace {

constexpr int kRounds = 2;
constexpr PriorShare kNetworkAlone{{}};  // a wrong propagated matte would go on hiding background that was seen

at::Tensor Infer(const MatteHead& head, const ShotView& view, int64_t frame, const at::Tensor& picture,
                 const temporal::Prior& prior) {
  const auto found = view.camera.reference_from_frame.find(frame);
  const temporal::Homography& camera =
      found == view.camera.reference_from_frame.end() ? temporal::kIdentity : found->second;
  const temporal::PlateView plate = temporal::ViewPlate(view.plate, camera, picture.size(1), picture.size(2));
  return head.Infer(AssembleMatteInput(picture, plate, prior));
}

}  // namespace

at::Tensor InferMatte(const MatteHead& head, const ShotView& view, int64_t frame, const at::Tensor& picture) {
  const temporal::Prior prior = head.uses_prior() ? temporal::ReadPrior(view.track, frame) : temporal::Prior{};
  const at::Tensor matte = Infer(head, view, frame, picture, prior);
  return prior.defined() ? view.share.Blend(matte, prior) : matte;
}

PriorShare FitPriorShare(image::ShotReader& shot, const MatteHead& head, const ShotView& view,
                         const temporal::PaintedMattes& painted, const std::map<int64_t, temporal::Prior>& left_out) {
  PriorShareFit fit;
  for (const auto& [frame, paint] : painted) {
    const auto prior = left_out.find(frame);
    if (!head.uses_prior() || prior == left_out.end() || !prior->second.defined()) continue;
    fit.Add(Infer(head, view, frame, shot.Analysis(frame), prior->second), prior->second, paint);
  }
  return fit.Solve();
}

temporal::CleanPlate RefinePlate(image::ShotReader& shot, const MatteHead& head, const ShotView& view) {
  temporal::CleanPlate plate = view.plate;
  for (int round = 0; round < kRounds; ++round) {
    const ShotView now{view.camera, plate, view.track, kNetworkAlone};
    const auto foreground = [&](int64_t frame) { return InferMatte(head, now, frame, shot.Analysis(frame)); };
    plate = temporal::GatherPlate(shot, view.camera, foreground, {});
  }
  return plate;
}

}  // namespace shotfix::model
