// SPDX-License-Identifier: Apache-2.0
#include "passes/eyeline/stored.h"

#include <ATen/ATen.h>

#include <array>
#include <nlohmann/json.hpp>

#include "passes/read_stored.h"
#include "shotfix/core/error.h"
#include "shotfix/core/json_number.h"

namespace shotfix::passes::eyeline {
namespace {

using Json = nlohmann::json;
using gaze::kEyes;

// The numbers of one eye in one frame, in order; the same table writes and reads.
constexpr size_t kPerEye = 13;
template <typename State>
auto NumbersOf(State& eye) {
  gaze::Affine* map = const_cast<gaze::Affine*>(&eye.frame_from_crop);
  auto* state = const_cast<gaze::EyeState*>(&eye);
  return std::array<double*, kPerEye>{&map->xx,
                                      &map->xy,
                                      &map->x0,
                                      &map->yx,
                                      &map->yy,
                                      &map->y0,
                                      &state->iris.x,
                                      &state->iris.y,
                                      &state->open,
                                      &state->lower,
                                      &state->sure,
                                      &state->gaze.yaw_deg,
                                      &state->gaze.pitch_deg};
}
constexpr int64_t kPerFrame = 3 + kEyes * kPerEye;

std::string EyeName(const char* what, size_t eye) { return std::string(what) + (eye == 0 ? "_left" : "_right"); }

at::Tensor CurveTensor(const std::vector<float>& curve) {
  return at::from_blob(const_cast<float*>(curve.data()), {1, 1, static_cast<int64_t>(curve.size())}, at::kFloat)
      .clone();
}

std::vector<float> CurveOf(const at::Tensor& tensor) {
  const at::Tensor plain = tensor.contiguous();
  return {plain.const_data_ptr<float>(), plain.const_data_ptr<float>() + plain.numel()};
}

}  // namespace

image::Solution Pack(const gaze::ShotGaze& shot) {
  image::Solution solution;
  Json body = {{"version", kSolutionVersion},
               {"first_frame", shot.first_frame},
               {"analysis", {shot.analysis_height, shot.analysis_width}},
               {"crop", {shot.crop_half_width, shot.crop_half_height}},
               {"calibration", static_cast<int>(shot.calibration)},
               {"travel_measured", shot.travel_measured}};
  for (size_t eye = 0; eye < kEyes; ++eye) {
    const gaze::EyeShape& shape = shot.shapes[eye];
    const gaze::EyeBall& ball = shape.ball;
    body["balls"].push_back(
        {ball.straight.x, ball.straight.y, ball.travel_px, ball.radius_px, shape.upper_follows, shape.rim_softness});
    solution.tensors[EyeName("upper", eye)] = CurveTensor(shape.upper);
    solution.tensors[EyeName("lower", eye)] = CurveTensor(shape.lower);
    solution.tensors[EyeName("sclera", eye)] = shot.sclera[eye];
    solution.tensors[EyeName("lashes", eye)] = shot.lashes[eye];
    solution.tensors[EyeName("iris", eye)] = shot.iris[eye];
  }
  at::Tensor frames = at::empty({1, static_cast<int64_t>(shot.frames.size()), kPerFrame}, at::kFloat);
  float* out = frames.mutable_data_ptr<float>();
  for (const gaze::FrameGaze& frame : shot.frames) {
    *out++ = static_cast<float>(frame.turn.yaw_deg);
    *out++ = static_cast<float>(frame.turn.pitch_deg);
    *out++ = frame.seen ? 1.0F : 0.0F;
    for (const gaze::EyeState& eye : frame.eyes) {
      for (const double* number : NumbersOf(eye)) *out++ = static_cast<float>(*number);
    }
  }
  solution.tensors["frames"] = frames;
  solution.body = body.dump();
  return solution;
}

gaze::ShotGaze Unpack(const image::Solution& solution) {
  return ReadStored(solution, kSolutionVersion, [&](const Json& body) {
    gaze::ShotGaze shot;
    shot.first_frame = WholeNumber(body.at("first_frame"));
    shot.analysis_height = WholeNumber(body.at("analysis").at(0));
    shot.analysis_width = WholeNumber(body.at("analysis").at(1));
    shot.crop_half_width = static_cast<int>(WholeNumber(body.at("crop").at(0)));
    shot.crop_half_height = static_cast<int>(WholeNumber(body.at("crop").at(1)));
    shot.calibration = static_cast<gaze::Calibration>(WholeNumber(body.at("calibration")));
    shot.travel_measured = body.at("travel_measured");
    for (size_t eye = 0; eye < kEyes; ++eye) {
      const std::vector<double> ball = body.at("balls").at(eye).get<std::vector<double>>();
      gaze::EyeShape& shape = shot.shapes[eye];
      shape.ball = {{ball.at(0), ball.at(1)}, ball.at(2), ball.at(3)};
      shape.upper_follows = ball.at(4);
      shape.rim_softness = ball.at(5);
      shape.upper = CurveOf(solution.tensors.at(EyeName("upper", eye)));
      shape.lower = CurveOf(solution.tensors.at(EyeName("lower", eye)));
      shot.sclera[eye] = solution.tensors.at(EyeName("sclera", eye));
      shot.lashes[eye] = solution.tensors.at(EyeName("lashes", eye));
      shot.iris[eye] = solution.tensors.at(EyeName("iris", eye));
    }
    const at::Tensor frames = solution.tensors.at("frames").contiguous();
    if (frames.dim() != 3 || frames.size(2) != kPerFrame) Throw(ErrorCode::kData, "its frames have another shape");
    const float* in = frames.const_data_ptr<float>();
    for (int64_t k = 0; k < frames.size(1); ++k) {
      gaze::FrameGaze& frame = shot.frames.emplace_back();
      frame.turn.yaw_deg = *in++;
      frame.turn.pitch_deg = *in++;
      frame.seen = *in++ > 0.5F;
      for (gaze::EyeState& eye : frame.eyes) {
        for (double* number : NumbersOf(eye)) *number = *in++;
      }
    }
    return shot;
  });
}

}  // namespace shotfix::passes::eyeline
