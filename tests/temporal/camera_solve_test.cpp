// SPDX-License-Identifier: Apache-2.0
#include "shotfix/temporal/camera_solve.h"

#include <algorithm>
#include <cmath>
#include <opencv2/calib3d.hpp>
#include <random>

#include "support/test.h"

namespace shotfix::temporal {
namespace {

constexpr double kFocal = 700;
const cv::Size kPicture(640, 360);

// Points in front of a camera that moves to the right and turns, and where it sees them, a tenth of a pixel off.
struct Scene {
  std::vector<cv::Point2d> points;
  std::vector<double> nearness;
  std::vector<CameraPose> poses;
  std::vector<SeenPoints> views;
};

struct Depth {
  double from = 0.6, to = 1.4;  // nearness
};

Scene MakeScene(double travel, double turn_deg, Depth depth = {}) {
  Scene scene;
  std::mt19937 draws(5);
  const auto draw = [&](double from, double to) {
    return from + (to - from) * static_cast<double>(draws() % 10000) / 10000;
  };
  const Lens lens{kFocal, {(kPicture.width - 1) / 2.0, (kPicture.height - 1) / 2.0}};
  for (int k = 0; k < 200; ++k) {
    scene.points.emplace_back(draw(60, 580), draw(30, 330));
    scene.nearness.push_back(draw(depth.from, depth.to));
  }
  for (const double time : {-1.0, -0.5, 0.5, 1.0}) {
    CameraPose pose;
    cv::Rodrigues(cv::Vec3d(0.01 * time, turn_deg * time * CV_PI / 180, 0), pose.rotation);
    pose.shift = {travel * time, 0.2 * travel * time * time, 0};
    scene.poses.push_back(pose);
    SeenPoints seen;
    for (size_t k = 0; k < scene.points.size(); ++k) {
      const cv::Point2d place = lens.PlaceOf(pose.Of(lens.RayOf(scene.points[k]), scene.nearness[k]));
      seen.emplace_back(place + cv::Point2d(draw(-0.1, 0.1), draw(-0.1, 0.1)));
    }
    scene.views.push_back(seen);
  }
  return scene;
}

double Correlation(const std::vector<double>& a, const std::vector<double>& b) {
  cv::Mat x(a, true), y(b, true);
  x -= cv::mean(x);
  y -= cv::mean(y);
  return x.dot(y) / std::sqrt(x.dot(x) * y.dot(y));
}

TEST_CASE("a moving camera and its lens are found from points it sees") {
  Scene scene = MakeScene(0.12, 3);
  for (size_t k = 0; k < 20; ++k) *scene.views[k % 4][k] += cv::Point2d(15, -9);  // some are wrong
  const SolvedCamera solved = SolveCamera(scene.points, scene.views, kPicture);
  CHECK(std::abs(std::log(solved.lens.focal_px / kFocal)) < 0.1);
  CHECK_FALSE(solved.reversible);
  CHECK(solved.residual_px < 0.15);
  CHECK(solved.parallax_px > 10);
  CHECK(Correlation(solved.nearness, scene.nearness) > 0.99);
  for (size_t v = 0; v < scene.poses.size(); ++v) {
    cv::Vec3d off;
    cv::Rodrigues(solved.poses[v].rotation * scene.poses[v].rotation.t(), off);
    CHECK(cv::norm(off) * 180 / CV_PI < 0.5);
    const cv::Vec3d& found = solved.poses[v].shift;
    CHECK(found.dot(scene.poses[v].shift) / cv::norm(found) / cv::norm(scene.poses[v].shift) > 0.98);
  }
}

TEST_CASE("one more view of solved points gives its pose, and too few give none") {
  const Scene scene = MakeScene(0.12, 3);
  const SolvedCamera solved = SolveCamera(scene.points, {scene.views[0], scene.views[1], scene.views[3]}, kPicture);
  const std::optional<CameraPose> pose = SolvePose(solved, scene.points, scene.views[2], {});
  REQUIRE(pose);
  double worst = 0;
  for (size_t k = 0; k < scene.points.size(); ++k) {
    const cv::Vec3d seen = pose->Of(solved.lens.RayOf(scene.points[k]), solved.nearness[k]);
    worst = std::max(worst, cv::norm(solved.lens.PlaceOf(seen) - *scene.views[2][k]));
  }
  CHECK(worst < 0.6);
  SeenPoints few(scene.points.size());
  std::copy_n(scene.views[2].begin(), 8, few.begin());
  CHECK_FALSE(SolvePose(solved, scene.points, few, {}));
}

TEST_CASE("a set that is as flat from afar as its reverse is told as such") {
  const Scene scene = MakeScene(0.02, 3, {0.97, 1.03});
  CHECK(SolveCamera(scene.points, scene.views, kPicture).reversible);
}

TEST_CASE("a camera that only turns shows no parallax") {
  const Scene scene = MakeScene(0, 3);
  CHECK(SolveCamera(scene.points, scene.views, kPicture).parallax_px < 1);
}

}  // namespace
}  // namespace shotfix::temporal
