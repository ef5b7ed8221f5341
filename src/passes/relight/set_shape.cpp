// SPDX-License-Identifier: Apache-2.0
#include "passes/relight/set_shape.h"

#include <ATen/ATen.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "shotfix/core/error.h"
#include "shotfix/core/json_number.h"
#include "shotfix/image/convert.h"
#include "shotfix/image/opencv.h"
#include "shotfix/image/resample.h"
#include "shotfix/light/registration.h"
#include "shotfix/light/relief.h"
#include "shotfix/temporal/point_track.h"

namespace shotfix::passes::relight {
namespace {

constexpr int kMostPoints = 900;
constexpr int kWindowPx = 15;
constexpr int64_t kBesideActorPx = 5;  // of the analysis picture: the set is what is farther from the actor
constexpr size_t kMostViews = 10;      // that the camera is solved from
constexpr size_t kFewestPoints = 60;
constexpr double kLeastParallaxPx = 3;  // of the analysis picture
constexpr double kMostMissPx = 1;       // median

using temporal::SeenPoints;

at::Tensor SetOf(const at::Tensor& actor) { return (image::Dilate(actor, kBesideActorPx) < 0.1).to(at::kFloat); }

// Corners of the reference in each frame of the shot.
struct Followed {
  std::vector<cv::Point2d> points;
  std::map<int64_t, SeenPoints> seen;  // by frame
};

std::vector<cv::Point2f> Floats(const std::vector<cv::Point2d>& points) { return {points.begin(), points.end()}; }

struct Way {
  int64_t reference, step;
};

// From neighbour to neighbour, each time found anew from the reference so that nothing drifts.
void FollowOutwards(image::ShotReader& shot, const SetShape::ActorIn& actor_in, Way way, Followed& followed,
                    const SetShape::OnFrame& on_frame) {
  const auto [reference, step] = way;
  const cv::Mat first = image::LumaMat(shot.Analysis(reference));
  const std::vector<cv::Point2f> points = Floats(followed.points);
  std::vector<cv::Point2f> guesses = points;
  cv::Mat before = first;
  for (int64_t frame = reference + step; shot.frames().Contains(frame); frame += step) {
    const cv::Mat now = image::LumaMat(shot.Analysis(frame));
    const at::Tensor set = SetOf(actor_in(frame));
    const std::vector<temporal::FollowedPoint> moved = temporal::FollowPoints(before, now, guesses, guesses, kWindowPx);
    for (size_t k = 0; k < points.size(); ++k)
      if (moved[k].found) guesses[k] = moved[k].place;
    const std::vector<temporal::FollowedPoint> anew = temporal::FollowPoints(first, now, points, guesses, kWindowPx);
    SeenPoints seen(points.size());
    const at::TensorAccessor<float, 3> is_set = set.accessor<float, 3>();
    for (size_t k = 0; k < points.size(); ++k) {
      const int64_t x = std::lround(anew[k].place.x);
      const int64_t y = std::lround(anew[k].place.y);
      const bool inside = x >= 0 && y >= 0 && x < set.size(2) && y < set.size(1);
      if (!anew[k].found || !inside || is_set[0][y][x] < 0.5F) continue;
      guesses[k] = anew[k].place;
      seen[k] = anew[k].place;
    }
    followed.seen[frame] = std::move(seen);
    on_frame(static_cast<int64_t>(followed.seen.size()));
    before = now;
  }
}

Followed FollowSet(image::ShotReader& shot, const SetShape::ActorIn& actor_in, int64_t reference,
                   const SetShape::OnFrame& on_frame) {
  constexpr double kApartPx = 5;
  Followed followed;
  at::Tensor bytes = (SetOf(actor_in(reference))[0] * 255).to(at::kByte).cpu().contiguous();
  const cv::Mat mask(static_cast<int>(bytes.size(0)), static_cast<int>(bytes.size(1)), CV_8UC1, bytes.data_ptr());
  const cv::Mat luma = image::LumaMat(shot.Analysis(reference));
  for (const cv::Point2f& point : temporal::ChoosePoints(luma, mask, kMostPoints, kApartPx))
    followed.points.emplace_back(point);
  if (followed.points.size() < kFewestPoints) return followed;
  FollowOutwards(shot, actor_in, {reference, -1}, followed, on_frame);
  FollowOutwards(shot, actor_in, {reference, 1}, followed, on_frame);
  return followed;
}

size_t CountSeen(const SeenPoints& seen) {
  return static_cast<size_t>(
      std::count_if(seen.begin(), seen.end(), [](const auto& place) { return place.has_value(); }));
}

// Spread over those frames that still show a good part of the points.
std::vector<int64_t> ViewsIn(const Followed& followed) {
  constexpr double kLeastShare = 0.15;
  std::vector<int64_t> good;
  for (const auto& [frame, seen] : followed.seen)
    if (static_cast<double>(CountSeen(seen)) >= kLeastShare * static_cast<double>(seen.size())) good.push_back(frame);
  std::vector<int64_t> views;
  const size_t count = std::min(kMostViews, good.size());
  for (size_t k = 0; k < count; ++k) views.push_back(good[(k * (good.size() - 1)) / std::max<size_t>(1, count - 1)]);
  return views;
}

// Those that enough of the views show.
void KeepSeen(const std::vector<int64_t>& views, Followed& followed) {
  constexpr int kFewestViews = 3;
  const int fewest = std::min<int>(kFewestViews, static_cast<int>(views.size()));
  std::vector<bool> keep;
  for (size_t k = 0; k < followed.points.size(); ++k) {
    int seen = 0;
    for (const int64_t frame : views) seen += followed.seen.at(frame)[k] ? 1 : 0;
    keep.push_back(seen >= fewest);
  }
  const auto kept = [&](const auto& all) {
    std::decay_t<decltype(all)> some;
    for (size_t k = 0; k < keep.size(); ++k)
      if (keep[k]) some.push_back(all[k]);
    return some;
  };
  followed.points = kept(followed.points);
  for (auto& [frame, seen] : followed.seen) seen = kept(seen);
}

light::SetView ViewOf(image::ShotReader& shot, const at::Tensor& actor, int64_t frame,
                      const temporal::CameraPose& pose) {
  const at::Tensor set = SetOf(actor);
  const at::Tensor linear = at::nan_to_num(image::LinearFromPerceptual(shot.Analysis(frame)), 0.0, 1.0, 0.0);
  return {light::LocalContrast(linear, set), set, pose};
}

bool FacesTheLens(const light::SetPlane& plane) {
  constexpr double kAsideDeg = 10;
  return light::DegreesBetween(light::NormalOf(plane), {0, 0, 1}) < kAsideDeg;
}

}  // namespace

SetShape SetShape::Unknown(const std::string& why) {
  SetShape shape;
  shape.why_ = why;
  return shape;
}

SetShape SetShape::Find(image::ShotReader& shot, const ActorIn& actor_in, const OnFrame& on_frame) {
  const int64_t reference = shot.frames().begin + shot.frames().size() / 2;
  Followed followed = FollowSet(shot, actor_in, reference, on_frame);
  const std::vector<int64_t> views = ViewsIn(followed);
  KeepSeen(views, followed);
  if (followed.points.size() < kFewestPoints)
    return Unknown(
        fmt::format("{} corners of it can be followed, {} are needed", followed.points.size(), kFewestPoints));
  if (views.empty()) return Unknown("no other frame shows it");
  std::vector<SeenPoints> seen;
  for (const int64_t frame : views) seen.push_back(followed.seen.at(frame));
  const cv::Size picture(static_cast<int>(shot.analysis_width()), static_cast<int>(shot.analysis_height()));
  const temporal::SolvedCamera solved = temporal::SolveCamera(followed.points, seen, picture);
  if (solved.parallax_px < kLeastParallaxPx)
    return Unknown(fmt::format("the camera's move shifts it by {:.1f} px at a width of {}, {} are needed",
                               solved.parallax_px, picture.width, kLeastParallaxPx));
  if (solved.residual_px > kMostMissPx)
    return Unknown(fmt::format("its points miss a camera that moves and does not zoom by {:.1f} px, {} is allowed",
                               solved.residual_px, kMostMissPx));
  if (solved.reversible) return Unknown("the camera moves too little to tell what of it is near and what is far");
  SetShape shape;
  shape.planes_ = light::FitPlanes(solved, followed.points);
  if (shape.planes_.empty()) return Unknown("no wall, floor or table top was found in it");
  if (std::all_of(shape.planes_.begin(), shape.planes_.end(), FacesTheLens))
    return Unknown("it shows no depth: it is such a wall, or the lens zooms");
  shape.planes_.push_back(light::FarAway());
  shape.lens_ = solved.lens;
  shape.parallax_px_ = solved.parallax_px;
  on_frame(shot.frames().size());
  std::vector<light::SetView> pictures;
  for (size_t k = 0; k < views.size(); ++k)
    pictures.push_back(ViewOf(shot, actor_in(views[k]), views[k], solved.poses[k]));
  const light::SetView middle = ViewOf(shot, actor_in(reference), reference, {});
  shape.shares_ = light::SharesOfPlanes(shape.planes_, shape.lens_, middle, pictures);
  shape.poses_[reference] = {};
  for (const int64_t step : {-1, 1}) {
    temporal::CameraPose last;
    for (int64_t frame = reference + step; shot.frames().Contains(frame); frame += step) {
      const auto pose = temporal::SolvePose(solved, followed.points, followed.seen.at(frame), last);
      if (!pose) ++shape.lost_;
      last = pose.value_or(last);
      shape.poses_[frame] = last;
    }
  }
  if (2 * shape.lost_ > shot.frames().size())
    return Unknown(
        fmt::format("what its middle frame shows is lost in {} of {} frames", shape.lost_, shot.frames().size()));
  return shape;
}

at::Tensor SetShape::NormalsIn(int64_t frame, int64_t height, int64_t width) const {
  const auto pose = poses_.find(frame);
  const at::Tensor shares =
      light::SharesSeenFrom(pose == poses_.end() ? temporal::CameraPose{} : pose->second, planes_, lens_, shares_);
  return light::OfLengthOne(image::Resize(light::NormalsOfPlanes(planes_, shares), height, width));
}

std::string SetShape::Explain() const {
  if (!known())
    return fmt::format(
        "the set counts as a wall that faces the lens: {}; a camera that moves through it tells its "
        "planes",
        why_);
  const size_t count = planes_.size() - 1;  // but what is far away
  double spread = 0;
  for (const light::SetPlane& plane : planes_) spread = std::max(spread, plane.spread_deg);
  std::string said = fmt::format(
      "the set is known as {} plane{} by the camera's move ({:.0f} px of parallax; normals "
      "within {:.0f} degrees by their points)",
      count, count == 1 ? "" : "s", parallax_px_, std::max(1.0, spread));
  if (lost_ > 0)
    said += fmt::format("; in {} frame{} it was lost, and is held where it last was", lost_, lost_ == 1 ? "" : "s");
  return said;
}

void SetShape::Pack(image::Solution& solution) const {
  nlohmann::json set = {{"why", why_}, {"parallax_px", parallax_px_}, {"lost", lost_}};
  set["lens"] = {lens_.focal_px, lens_.middle.x, lens_.middle.y};
  set["planes"] = nlohmann::json::array();
  for (const light::SetPlane& plane : planes_)
    set["planes"].push_back({plane.nearness[0], plane.nearness[1], plane.nearness[2], plane.spread_deg, plane.points});
  set["poses"] = nlohmann::json::array();
  for (const auto& [frame, pose] : poses_)
    set["poses"].push_back({{"frame", frame},
                            {"rotation", std::vector<double>(pose.rotation.val, pose.rotation.val + 9)},
                            {"shift", {pose.shift[0], pose.shift[1], pose.shift[2]}}});
  nlohmann::json body = nlohmann::json::parse(solution.body);
  body["set"] = std::move(set);
  solution.body = body.dump();
  if (shares_.defined()) solution.tensors["set_shares"] = shares_.contiguous();
}

SetShape SetShape::Unpack(const image::Solution& solution) {
  const nlohmann::json body = nlohmann::json::parse(solution.body);
  SetShape shape;
  const nlohmann::json& set = body.at("set");
  shape.why_ = set.at("why");
  shape.parallax_px_ = set.at("parallax_px");
  shape.lost_ = WholeNumber(set.at("lost"));
  shape.lens_ = {set.at("lens").at(0), {set.at("lens").at(1), set.at("lens").at(2)}};
  for (const nlohmann::json& plane : set.at("planes"))
    shape.planes_.push_back(
        {{plane.at(0), plane.at(1), plane.at(2)}, plane.at(3), static_cast<int>(WholeNumber(plane.at(4)))});
  for (const nlohmann::json& stored : set.at("poses")) {
    temporal::CameraPose pose;
    for (int k = 0; k < 9; ++k) pose.rotation.val[k] = stored.at("rotation").at(static_cast<size_t>(k));
    for (int k = 0; k < 3; ++k) pose.shift[k] = stored.at("shift").at(static_cast<size_t>(k));
    shape.poses_[WholeNumber(stored.at("frame"))] = pose;
  }
  if (!shape.known()) return shape;
  shape.shares_ = solution.tensors.at("set_shares");
  const bool whole = shape.shares_.dim() == 3 && shape.shares_.size(0) == static_cast<int64_t>(shape.planes_.size());
  const bool real = std::all_of(shape.planes_.begin(), shape.planes_.end(),
                                [](const light::SetPlane& plane) { return cv::norm(plane.nearness) > 0; });
  if (!whole || !real || !(shape.lens_.focal_px > 0)) Throw(ErrorCode::kData, "the planes of the set are damaged");
  return shape;
}

}  // namespace shotfix::passes::relight
