// SPDX-License-Identifier: Apache-2.0
// Measures an eye that was turned in one frame of real footage against another frame in which the actor did look there.
#include <ATen/ATen.h>

#include <cmath>
#include <cstdio>
#include <opencv2/calib3d.hpp>

#include "bench/bench_main.h"
#include "shotfix/gaze/eye_parts.h"
#include "shotfix/gaze/meter.h"
#include "shotfix/image/convert.h"
#include "shotfix/image/opencv.h"
#include "shotfix/media/decoder.h"
#include "shotfix/temporal/measures.h"
#include "shotfix/temporal/point_track.h"

namespace shotfix {
namespace {

struct BenchOptions {
  std::string source, result;
  int64_t frame = 0;                       // of the source that was edited; the result's first frame
  int64_t target = 0;                      // of the source
  std::vector<double> from, to;            // irises x, y, x, y in frame and target, about
  std::vector<double> from_ball, to_ball;  // the same of eyeballs: where an iris is that looks straight ahead
  double radius_px = 0;
  double travel_px = 0;
};

at::Tensor ReadFrame(const std::string& path, int64_t frame) {
  media::ProbeOptions options;
  options.in_space = image::ParseColourSpace("bt709");
  const media::ClipInfo info = media::Probe(path, options);
  media::Decoder decoder(info);
  decoder.Seek(info.frames.begin + frame);
  return image::PerceptualFromLinear(decoder.Next()->rgb);
}

// target_from_frame of the face around the eyes, from points that both have, without the eyes.
gaze::Affine AlignFaces(const at::Tensor& frame, const at::Tensor& target, const BenchOptions& o) {
  const cv::Mat a = image::LumaMat(frame);
  const cv::Mat b = image::LumaMat(target);
  const double apart = std::hypot(o.from[2] - o.from[0], o.from[3] - o.from[1]);
  cv::Mat mask = cv::Mat::zeros(a.size(), CV_8UC1);
  for (int y = 0; y < mask.rows; ++y) {
    for (int x = 0; x < mask.cols; ++x) {
      const double u = (x - (o.from[0] + o.from[2]) / 2) / apart;
      const double v = (y - (o.from[1] + o.from[3]) / 2) / apart;
      const bool face = std::abs(u) < 0.9 && v > -0.5 && v < 0.8;
      const bool eye = std::abs(v) < 0.2 && std::abs(std::abs(u) - 0.5) < 0.38;
      mask.at<uchar>(y, x) = face && !eye ? 255 : 0;
    }
  }
  const std::vector<cv::Point2f> points = temporal::ChoosePoints(a, mask, 300, 3);
  const auto followed = temporal::FollowPoints(a, b, points, points, 21);
  std::vector<cv::Point2f> from, to;
  for (size_t k = 0; k < points.size(); ++k) {
    if (!followed[k].found) continue;
    from.push_back(points[k]);
    to.push_back(followed[k].place);
  }
  const cv::Mat map = cv::estimateAffine2D(from, to, cv::noArray(), cv::RANSAC, 1.0);
  const auto m = [&](int r, int c) { return map.at<double>(r, c); };
  return {m(0, 0), m(0, 1), m(0, 2), m(1, 0), m(1, 1), m(1, 2)};
}

void Run(const BenchOptions& o) {
  const at::Tensor source = ReadFrame(o.source, o.frame);
  const at::Tensor target = ReadFrame(o.source, o.target);
  const at::Tensor result = ReadFrame(o.result, 0);
  const gaze::Affine target_from_frame = AlignFaces(source, target, o);
  const cv::Mat wanted = gaze::MatFromTensor(target);
  const double apart = std::hypot(o.from[2] - o.from[0], o.from[3] - o.from[1]);
  double left_db = 0;
  double got_db = 0;
  double left_px = 0;
  double got_px = 0;
  for (size_t eye = 0; eye < 2; ++eye) {
    const cv::Point2d at(o.from[2 * eye], o.from[2 * eye + 1]);
    const auto half_w = static_cast<int64_t>(0.26 * apart);
    const auto half_h = static_cast<int64_t>(0.16 * apart);
    const int64_t x0 = std::llround(at.x) - half_w;
    const int64_t y0 = std::llround(at.y) - half_h;
    at::Tensor truth = at::empty({3, 2 * half_h, 2 * half_w});
    for (int64_t y = 0; y < 2 * half_h; ++y) {
      for (int64_t x = 0; x < 2 * half_w; ++x) {
        const cv::Point2d place =
            target_from_frame(cv::Point2d(static_cast<double>(x0 + x), static_cast<double>(y0 + y)));
        const cv::Vec3f colour = gaze::ColourAt(wanted, place.x, place.y);
        for (int c = 0; c < 3; ++c) truth[c][y][x] = colour[c];
      }
    }
    const auto cut = [&](const at::Tensor& picture) {
      return picture.narrow(1, y0, 2 * half_h).narrow(2, x0, 2 * half_w);
    };
    left_db += temporal::Psnr(cut(source), truth) / 2;
    got_db += temporal::Psnr(cut(result), truth) / 2;
    const cv::Point2d there(o.to[2 * eye], o.to[2 * eye + 1]);
    const gaze::EyeBall ball{{o.from_ball[2 * eye], o.from_ball[2 * eye + 1]}, o.travel_px, o.radius_px};
    const auto own = gaze::MeasureIris(source, at, ball);
    const auto real =
        gaze::MeasureIris(target, there, {{o.to_ball[2 * eye], o.to_ball[2 * eye + 1]}, o.travel_px, o.radius_px});
    if (!own || !real) continue;
    const cv::Point2d goal = target_from_frame.Inverse()(*real);
    const auto got = gaze::MeasureIris(result, goal, ball);
    if (!got) continue;
    left_px += std::hypot(own->x - goal.x, own->y - goal.y) / 2;
    got_px += std::hypot(got->x - goal.x, got->y - goal.y) / 2;
  }
  std::printf("pair %ld to %ld: leaving it %.2f dB, got %.2f dB; iris %.2f px away, %.2f px left\n",
              static_cast<long>(o.frame), static_cast<long>(o.target), left_db, got_db, left_px, got_px);
}

}  // namespace
}  // namespace shotfix

int main(int argc, char** argv) {
  shotfix::BenchOptions options;
  CLI::App app("A turned eye against a real frame of the same gaze");
  app.add_option("--source", options.source)->required();
  app.add_option("--result", options.result)->required();
  app.add_option("--frame", options.frame)->required();
  app.add_option("--target", options.target)->required();
  app.add_option("--from", options.from, "X Y X Y of the irises in the frame")->expected(4)->required();
  app.add_option("--to", options.to, "X Y X Y of the irises in the target")->expected(4)->required();
  app.add_option("--from-ball", options.from_ball, "X Y X Y of the eyeballs in the frame")->expected(4)->required();
  app.add_option("--to-ball", options.to_ball, "X Y X Y of the eyeballs in the target")->expected(4)->required();
  app.add_option("--radius", options.radius_px, "Of the irises, px")->required();
  app.add_option("--travel", options.travel_px, "Of the irises' centres around the eyeballs', px")->required();
  return shotfix::RunBench(app, argc, argv, [&] { Run(options); });
}
