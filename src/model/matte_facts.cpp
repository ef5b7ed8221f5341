// SPDX-License-Identifier: Apache-2.0
#include "shotfix/model/matte_facts.h"

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "shotfix/core/json_number.h"
#include "shotfix/image/convert.h"
#include "shotfix/image/resample.h"
#include "shotfix/model/shot_matte.h"

namespace shotfix::model {

using Json = nlohmann::json;

MatteFacts AnalyseMattes(image::ShotReader& shot, const temporal::MatteShotInputs& inputs, const MatteHead& head,
                         image::FrameTrack& track, const temporal::StageProgress& progress) {
  temporal::MatteShot solved = temporal::AnalyseMatteShot(shot, inputs, track, progress);
  MatteFacts facts;
  facts.size = {shot.analysis_height(), shot.analysis_width()};
  facts.camera = std::move(solved.camera);
  facts.plate = std::move(solved.plate);
  progress("weighing the propagated mattes", 0, 1);
  facts.prior_share = FitPriorShare(shot, head, {facts.camera, facts.plate, track}, inputs.painted, solved.left_out);
  progress("weighing the propagated mattes", 1, 1);
  if (solved.plate_supplied) return facts;
  progress("refining the plate", 0, 1);
  facts.plate = RefinePlate(shot, head, {facts.camera, facts.plate, track});
  progress("refining the plate", 1, 1);
  return facts;
}

void PackMattes(const MatteFacts& facts, image::Solution& solution) {
  Json body = solution.body.empty() ? Json::object() : Json::parse(solution.body);
  Json& matte = body["matte"];
  matte = {{"size", {facts.size.height, facts.size.width}},
           {"static_camera", facts.camera.is_static},
           {"worst_residual_px", facts.camera.worst_residual_px},
           {"lost_links", facts.camera.lost_links},
           {"canvas_from_reference", facts.plate.canvas_from_reference},
           {"prior_share", facts.prior_share.at_knot}};
  if (!facts.camera.is_static) {
    for (const auto& [frame, h] : facts.camera.reference_from_frame)
      matte["reference_from_frame"].push_back({frame, h});
  }
  solution.body = body.dump();
  solution.tensors["plate"] = facts.plate.rgb;
  solution.tensors["plate_valid"] = facts.plate.valid;
}

MatteFacts UnpackMattes(const image::Solution& solution) {
  const Json matte = Json::parse(solution.body).at("matte");
  MatteFacts facts;
  facts.size = {WholeNumber(matte.at("size").at(0)), WholeNumber(matte.at("size").at(1))};
  facts.camera.is_static = matte.at("static_camera");
  for (const Json& row : matte.value("reference_from_frame", Json::array()))
    facts.camera.reference_from_frame[WholeNumber(row.at(0))] = row.at(1).get<temporal::Homography>();
  facts.plate = {solution.tensors.at("plate"), solution.tensors.at("plate_valid"),
                 matte.at("canvas_from_reference").get<temporal::Homography>()};
  facts.prior_share.at_knot = matte.at("prior_share").get<decltype(facts.prior_share.at_knot)>();
  return facts;
}

at::Tensor InferMatte(const MatteHead& head, const MatteFacts& facts, const image::FrameTrack& track, int64_t frame,
                      const at::Tensor& picture) {
  return InferMatte(head, {facts.camera, facts.plate, track, facts.prior_share}, frame, picture);
}

at::Tensor InferFullMatte(const MatteHead& head, const MatteFacts& facts, const image::FrameTrack& track,
                          const image::Frame& frame, const at::Tensor& perceptual) {
  const at::Tensor picture = image::AnalysisPicture(frame.rgb, facts.size);
  const at::Tensor matte = InferMatte(head, facts, track, frame.index, picture).to(perceptual.device());
  if (facts.size.height == frame.height() && facts.size.width == frame.width()) return matte;
  return image::GuidedUpsample(perceptual, matte, 3, 1e-4).clamp(0, 1);
}

temporal::Homography ReferenceFromFrame(const MatteFacts& facts, int64_t frame) {
  const auto found = facts.camera.reference_from_frame.find(frame);
  return found == facts.camera.reference_from_frame.end() ? temporal::kIdentity : found->second;
}

KnownPlate PlateAt(const MatteFacts& facts, int64_t frame, int64_t height, int64_t width) {
  const temporal::PlateView view =
      temporal::ViewPlate(facts.plate, ReferenceFromFrame(facts, frame), facts.size.height, facts.size.width);
  const at::Tensor in_range = (view.rgb.amax(0, true) < 0.99).to(at::kFloat);
  return {image::Resize(image::LinearFromPerceptual(view.rgb), height, width),
          image::Resize(view.valid * in_range, height, width)};
}

}  // namespace shotfix::model
