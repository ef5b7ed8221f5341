// SPDX-License-Identifier: Apache-2.0
#include "shotfix/model/shot_matte.h"

namespace shotfix::model {
namespace {

constexpr int kRounds = 2;
constexpr double kPriorShare = 0.5;  // of the blend where the propagated matte is fully trusted

// Two estimates with errors of their own: where they tell the same story and flow is sure, their mean is better than
// either. Where they contradict each other (a limb that flow lost) the network decides alone.
at::Tensor BlendWithPrior(const at::Tensor& matte, const temporal::Prior& prior) {
  const at::Tensor agreement = (1 - (matte - prior.matte).abs() * 2).clamp(0, 1);
  const at::Tensor share = prior.trust.square() * agreement * kPriorShare;
  return matte + share * (prior.matte - matte);
}

}  // namespace

at::Tensor InferMatte(const MatteHead& head, const ShotView& view, int64_t frame, const at::Tensor& picture) {
  const auto found = view.camera.reference_from_frame.find(frame);
  const temporal::Homography& camera =
      found == view.camera.reference_from_frame.end() ? temporal::kIdentity : found->second;
  const temporal::PlateView plate = temporal::ViewPlate(view.plate, camera, picture.size(1), picture.size(2));
  const temporal::Prior prior = head.uses_prior() ? temporal::ReadPrior(view.track, frame) : temporal::Prior{};
  const at::Tensor matte = head.Infer(AssembleMatteInput(picture, plate, prior));
  return prior.defined() ? BlendWithPrior(matte, prior) : matte;
}

temporal::CleanPlate RefinePlate(image::ShotReader& shot, const MatteHead& head, const ShotView& view) {
  temporal::CleanPlate plate = view.plate;
  for (int round = 0; round < kRounds; ++round) {
    const ShotView now{view.camera, plate, view.track};
    const auto foreground = [&](int64_t frame) { return InferMatte(head, now, frame, shot.Analysis(frame)); };
    plate = temporal::GatherPlate(shot, view.camera, foreground, {});
  }
  return plate;
}

}  // namespace shotfix::model
