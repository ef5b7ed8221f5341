// SPDX-License-Identifier: Apache-2.0
#include "shotfix/temporal/matte_shot.h"

#include <ATen/ATen.h>

#include "shotfix/core/log.h"

namespace shotfix::temporal {

MatteShot AnalyseMatteShot(image::ShotReader& shot, const MatteShotInputs& inputs, image::FrameTrack& track,
                           const StageProgress& progress) {
  MatteShot result;
  const std::unique_ptr<FlowEstimator> flow = MakeDisFlow();
  result.left_out = PropagateMattes(shot, inputs.painted, *flow, track,
                                    [&](int64_t done, int64_t total) { progress("propagating mattes", done, total); });
  const auto foreground = [&](int64_t frame) { return ReadPrior(track, frame).matte; };
  const FrameRange frames = shot.frames();
  result.camera = TrackCamera(shot, foreground, [&](int64_t frame) {
    progress("tracking the camera", frame - frames.begin + 1, frames.size());
  });
  if (result.camera.lost_links > 0) {
    log::Warning("the camera could not be followed over {} of {} frames; the background may slide there",
                 result.camera.lost_links, frames.size());
  }
  if (inputs.supplied_plate.defined() && result.camera.is_static) {
    result.plate = {inputs.supplied_plate, at::ones_like(inputs.supplied_plate.narrow(0, 0, 1)), kIdentity};
    result.plate_supplied = true;
    return result;
  }
  if (inputs.supplied_plate.defined())
    log::Warning("the camera moves: the supplied clean plate is left out and one is gathered from the shot");
  progress("gathering the plate", 0, 1);
  result.plate = GatherPlate(shot, result.camera, foreground, {});
  progress("gathering the plate", 1, 1);
  return result;
}

}  // namespace shotfix::temporal
