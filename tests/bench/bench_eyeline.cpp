// SPDX-License-Identifier: Apache-2.0
// Measures turned eyes of the rendered close-up against its truth: pictures in the eye boxes, gaze by the truth's
// geometry, lids in the blink, jitter in fixations.
#include <ATen/ATen.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numbers>

#include "bench/bench_main.h"
#include "shotfix/gaze/meter.h"
#include "shotfix/image/convert.h"
#include "shotfix/media/decoder.h"

namespace shotfix {
namespace {

using Json = nlohmann::json;
constexpr double kRad = std::numbers::pi / 180;
constexpr int64_t kMargin = 4;               // px around the boxes of source and truth
constexpr double kGlint = 225.0 / 255;       // brighter pixels are not scored
constexpr const char* kEyes[] = {"R", "L"};  // of the subject: picture left first

struct BenchOptions {
  std::string result, source, truth, params, variant;
  std::vector<double> by;  // yaw, pitch: what was asked for where there is no variant
};

std::vector<at::Tensor> ReadAll(const std::string& path) {
  media::ProbeOptions options;
  options.in_space = image::ParseColourSpace("srgb");
  const media::ClipInfo info = media::Probe(path, options);
  media::Decoder decoder(info);
  std::vector<at::Tensor> pictures;
  while (auto frame = decoder.Next()) pictures.push_back(image::PerceptualFromLinear(frame->rgb));
  return pictures;
}

double Quantile(std::vector<double> values, double share) {
  if (values.empty()) return std::nan("");
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1) + 0.5)];
}

struct EyeBox {
  int64_t x = 0, y = 0, width = 0, height = 0;
};
std::optional<EyeBox> BoxOf(const Json& eyes, const std::string& variant, const char* eye) {
  double left = 1e9, top = 1e9, right = -1, bottom = -1;
  for (const std::string& name : {std::string("base"), variant}) {
    const Json& box = eyes.at(name).at(eye).at("lid_box");
    if (box.is_null()) continue;
    left = std::min(left, box[0].get<double>());
    top = std::min(top, box[1].get<double>());
    right = std::max(right, box[2].get<double>());
    bottom = std::max(bottom, box[3].get<double>());
  }
  if (right < 0) return std::nullopt;
  const auto x = static_cast<int64_t>(left) - kMargin;
  const auto y = static_cast<int64_t>(top) - kMargin;
  return EyeBox{x, y, static_cast<int64_t>(right) + kMargin - x, static_cast<int64_t>(bottom) + kMargin - y};
}

at::Tensor Cut(const at::Tensor& picture, const EyeBox& box) {
  return picture.narrow(1, box.y, box.height).narrow(2, box.x, box.width);
}

double PsnrWithout(const at::Tensor& a, const at::Tensor& b, const at::Tensor& scored) {
  const double error = ((a - b).square().mean(0, true) * scored).sum().item<double>() / scored.sum().item<double>();
  return -10 * std::log10(error);
}

cv::Point2d PlaceOf(const Json& place) { return {place[0].get<double>() - 0.5, place[1].get<double>() - 0.5}; }

// What Note [Eyeballs] says, with the truth's numbers; angles are from the camera.
gaze::EyeBall TrueBall(const Json& eye) {
  const double ball = eye.at("eyeball_radius_px");
  const double radius = eye.at("iris_radius_px");
  return {PlaceOf(eye.at("eye_centre_px")), std::sqrt(ball * ball - radius * radius), radius};
}

double HeadChange(const Json& eyes, const std::string& variant, const char* eye) {
  const Json& a = eyes.at("base").at(eye).at("gaze_yaw_pitch_head");
  const Json& b = eyes.at(variant).at(eye).at("gaze_yaw_pitch_head");
  return std::hypot(b[0].get<double>() - a[0].get<double>(), b[1].get<double>() - a[1].get<double>());
}

struct Clips {
  std::vector<at::Tensor> source, result, truth;
};

void ScoreBoxes(const Json& params, const std::string& variant, const Clips& clips) {
  struct Group {
    double from, to;
    std::vector<double> gain, psnr, left;
  };
  std::vector<Group> groups = {{0, 3, {}, {}, {}}, {3, 5, {}, {}, {}}, {5, 12, {}, {}, {}}, {12, 16, {}, {}, {}}};
  for (size_t k = 0; k < clips.source.size(); ++k) {
    const Json& eyes = params.at("frames").at(k).at("eyes");
    for (const char* eye : kEyes) {
      const std::optional<EyeBox> box = BoxOf(eyes, variant, eye);
      if (!box) continue;
      const at::Tensor source = Cut(clips.source[k], *box);
      const at::Tensor result = Cut(clips.result[k], *box);
      const at::Tensor truth = Cut(clips.truth[k], *box);
      const at::Tensor scored = (at::maximum(source.amax(0, true), truth.amax(0, true)) <= kGlint).to(at::kFloat);
      const double left = PsnrWithout(source, truth, scored);
      const double got = PsnrWithout(result, truth, scored);
      const double change = HeadChange(eyes, variant, eye);
      for (Group& group : groups) {
        if (change < group.from || change >= group.to) continue;
        group.gain.push_back(got - left);
        group.psnr.push_back(got);
        group.left.push_back(left);
      }
    }
  }
  for (const Group& group : groups) {
    if (group.gain.empty()) continue;
    std::printf("boxes %g to %g degrees: %zu, leaving it %.2f dB, got %.2f dB, gain median %.2f least %.2f\n",
                group.from, group.to, group.gain.size(), Quantile(group.left, 0.5), Quantile(group.psnr, 0.5),
                Quantile(group.gain, 0.5), Quantile(group.gain, 0));
  }
}

// How far rows [from, to) of columns around x in `a` have to go down to look like those in `b`, quarters of a px.
double RowShift(const at::Tensor& a, const at::Tensor& b, int64_t x, int64_t from, int64_t to) {
  const auto profile = [&](const at::Tensor& picture) {
    const at::Tensor luma = (picture[0] * 0.2126 + picture[1] * 0.7152 + picture[2] * 0.0722);
    const at::Tensor rows = luma.narrow(1, x - 8, 17).mean(1).contiguous();
    return std::vector<float>(rows.const_data_ptr<float>(), rows.const_data_ptr<float>() + rows.numel());
  };
  const std::vector<float> pa = profile(a);
  const std::vector<float> pb = profile(b);
  const auto at = [](const std::vector<float>& p, double y) {
    const auto k = static_cast<size_t>(y);
    return p[k] * (1 - (y - static_cast<double>(k))) + p[k + 1] * (y - static_cast<double>(k));
  };
  double least = 1e9;
  double best = 0;
  for (double shift = -4; shift <= 4; shift += 0.25) {
    double error = 0;
    for (int64_t y = from; y < to; ++y)
      error += std::abs(at(pa, static_cast<double>(y) - shift) - pb[static_cast<size_t>(y)]);
    if (error < least - 1e-9) {
      least = error;
      best = shift;
    }
  }
  return best;
}

void ScoreBlink(const Json& params, const std::string& variant, const Clips& clips) {
  double worst = 0;
  for (const size_t k : {size_t{11}, size_t{12}, size_t{13}, size_t{14}}) {
    const Json& eyes = params.at("frames").at(k).at("eyes");
    for (const char* eye : kEyes) {
      const Json& lids = eyes.at(variant).at(eye).at("lid_box");
      const cv::Point2d centre = PlaceOf(eyes.at(variant).at(eye).at("eye_centre_px"));
      const int64_t top = lids.is_null() ? static_cast<int64_t>(centre.y) + 10 : lids[1].get<int64_t>();
      const int64_t bottom = lids.is_null() ? top + 2 : lids[3].get<int64_t>();
      const auto x = static_cast<int64_t>(centre.x);
      const double upper = RowShift(clips.result[k], clips.truth[k], x, top - 12, top + 2);
      const double lower = RowShift(clips.result[k], clips.truth[k], x, bottom - 2, bottom + 10);
      worst = std::max(worst, std::abs(upper - lower));
    }
  }
  std::printf("blink: lid height within %.2f px of the truth\n", worst);
}

// Root mean square of how far gazes stray from the mean of their fixation, degrees.
double Jitter(const std::map<std::string, std::vector<gaze::Direction>>& fixations) {
  double sum = 0;
  double count = 0;
  for (const auto& [phase, misses] : fixations) {
    gaze::Direction mean;
    for (const gaze::Direction& miss : misses) mean = mean + miss * (1.0 / static_cast<double>(misses.size()));
    for (const gaze::Direction& miss : misses) {
      sum += std::pow(gaze::DegreesBetween(miss, mean), 2);
      ++count;
    }
  }
  return std::sqrt(sum / std::max(1.0, count));
}

void ScoreGaze(const Json& params, const BenchOptions& options, const Clips& clips) {
  std::vector<double> errors, apart, meter;
  std::map<std::string, std::vector<gaze::Direction>> fixations, true_fixations;
  const gaze::Direction asked = options.by.empty() ? gaze::Direction{} : gaze::Direction{options.by[0], options.by[1]};
  for (size_t k = 0; k < clips.result.size(); ++k) {
    const Json& frame = params.at("frames").at(k);
    if (frame.at("blink_closure_command").get<double>() > 0.2) continue;
    gaze::PerEye<gaze::Direction> miss;
    gaze::Direction of_truth;  // what the meter sees in the truth itself
    bool seen = true;
    for (size_t eye = 0; eye < gaze::kEyes; ++eye) {
      const Json& base = frame.at("eyes").at("base").at(kEyes[eye]);
      const gaze::EyeBall ball = TrueBall(base);
      const cv::Point2d from = PlaceOf(base.at("iris_centre_px"));
      cv::Point2d near = gaze::IrisAt(ball, gaze::GazeAt(ball, from) + asked);
      if (!options.variant.empty())
        near = PlaceOf(frame.at("eyes").at(options.variant).at(kEyes[eye]).at("iris_centre_px"));
      const auto own = gaze::MeasureIris(clips.source[k], from, ball);
      const auto got = gaze::MeasureIris(clips.result[k], near, ball);
      if (!own || !got) {
        seen = false;
        continue;
      }
      // The meter's habit on this eye, which it shows on the source, counts nothing.
      const gaze::Direction wanted = gaze::GazeAt(ball, near) + gaze::GazeAt(ball, *own) - gaze::GazeAt(ball, from);
      miss[eye] = gaze::GazeAt(ball, *got) - wanted;
      if (clips.truth.empty()) continue;
      if (const auto truth = gaze::MeasureIris(clips.truth[k], near, ball)) {
        const gaze::Direction off = gaze::GazeAt(ball, *truth) - wanted;
        meter.push_back(gaze::DegreesBetween(off, {}));
        of_truth = of_truth + off * 0.5;
      }
    }
    if (!seen) continue;
    const gaze::Direction both = (miss[0] + miss[1]) * 0.5;
    errors.push_back(gaze::DegreesBetween(both, {}));
    apart.push_back(gaze::DegreesBetween(miss[0], miss[1]));
    const std::string phase = frame.at("gaze_phase");
    if (!phase.starts_with("fixation")) continue;
    fixations[phase].push_back(both);
    true_fixations[phase].push_back(of_truth);
  }
  std::printf(
      "gaze: median %.2f of 90 %% %.2f apart %.2f degrees on %zu frames, jitter %.2f rms, of the truth %.2f, meter "
      "%.2f\n",
      Quantile(errors, 0.5), Quantile(errors, 0.9), Quantile(apart, 0.5), errors.size(), Jitter(fixations),
      Jitter(true_fixations), Quantile(meter, 0.5));
}

void Run(const BenchOptions& options) {
  const Json params = Json::parse(std::ifstream(options.params));
  Clips clips{ReadAll(options.source), ReadAll(options.result), {}};
  if (!options.truth.empty()) clips.truth = ReadAll(options.truth);
  if (!clips.truth.empty()) {
    ScoreBoxes(params, options.variant, clips);
    ScoreBlink(params, options.variant, clips);
  }
  ScoreGaze(params, options, clips);
}

}  // namespace
}  // namespace shotfix

int main(int argc, char** argv) {
  shotfix::BenchOptions options;
  CLI::App app("Turned eyes against the rendered close-up's truth");
  app.add_option("--result", options.result)->required();
  app.add_option("--source", options.source)->required();
  app.add_option("--params", options.params)->required();
  app.add_option("--truth", options.truth, "Picture of the variant");
  app.add_option("--variant", options.variant, "Its name in the parameters");
  app.add_option("--by", options.by, "YAW PITCH that was asked for, where there is no variant")->expected(2);
  return shotfix::RunBench(app, argc, argv, [&] { Run(options); });
}
