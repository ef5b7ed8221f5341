// SPDX-License-Identifier: Apache-2.0
#include "pipeline/clip_eyes.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "shotfix/core/error.h"
#include "shotfix/core/hash.h"
#include "shotfix/image/analysis.h"
#include "shotfix/ingest/faces.h"
#include "shotfix/media/shot_reader.h"
#include "shotfix/project/asset_store.h"
#include "shotfix/project/hint_store.h"
#include "shotfix/train/eye_finder.h"

namespace shotfix::pipeline {
namespace {

constexpr const char* kEyeballs = "eyeballs";  // kind of the asset

std::string PersonOf(const project::Project& project, const project::ClipRecord& clip, const std::string& asked) {
  const std::vector<std::string> people = project::ClipStore(project).PeopleIn(clip.id);
  if (!asked.empty()) {
    if (std::find(people.begin(), people.end(), asked) != people.end()) return asked;
    Throw(ErrorCode::kNoInput, "\"{}\" is not recorded in \"{}\"; it has: {}", asked, clip.name,
          people.empty() ? "nobody" : fmt::format("{}", fmt::join(people, ", ")));
  }
  if (people.size() > 1)
    Throw(ErrorCode::kUsage, "several people are in \"{}\" ({}); say whose eyes with --person NAME", clip.name,
          fmt::join(people, ", "));
  return people.empty() ? std::string() : people.front();
}

// From px of the clip to px of the analysis picture; pixel centres at whole numbers.
cv::Point2d Scaled(double x, double y, double scale) { return {(x + 0.5) * scale - 0.5, (y + 0.5) * scale - 0.5}; }

gaze::EyeHint EyesFrom(const project::HintRecord& hint, double scale) {
  std::array<double, 4> at{};
  if (std::sscanf(hint.value.c_str(), "%lf,%lf,%lf,%lf", &at[0], &at[1], &at[2], &at[3]) != 4)
    Throw(ErrorCode::kData, "the hint of the eyes on frame {} cannot be read; give it again", hint.frame);
  gaze::EyeHint eyes;
  eyes.frame = hint.frame;
  eyes.eyes = {Scaled(at[0], at[1], scale), Scaled(at[2], at[3], scale)};
  if (eyes.eyes[0].x > eyes.eyes[1].x) std::swap(eyes.eyes[0], eyes.eyes[1]);
  return eyes;
}

// The largest face of up to nine frames whose eyes are found both.
std::optional<project::HintRecord> Locate(const project::ClipRecord& clip, const media::ClipInfo& info,
                                          Progress& progress) {
  constexpr int64_t kLooks = 9;
  constexpr int kLongSidePx = 960;
  ingest::FaceLocator locator;
  if (!locator.available()) return std::nullopt;
  const std::unique_ptr<image::ShotReader> reader = media::OpenShotReader(info, info.frames, kLongSidePx);
  const double scale = static_cast<double>(info.layout.width) / static_cast<double>(reader->analysis_width());
  const int64_t looks = std::min(kLooks, info.frames.size());
  std::optional<project::HintRecord> best;
  int largest = 0;
  for (int64_t k = 0; k < looks; ++k) {
    const int64_t frame = info.frames.begin + (2 * k + 1) * info.frames.size() / (2 * looks);
    const at::Tensor picture = reader->Analysis(frame);
    for (const ingest::FaceBox& face : locator.Find(picture)) {
      if (face.width <= largest) continue;
      const std::optional<ingest::EyeBoxes> eyes = locator.FindEyes(picture, face);
      if (!eyes) continue;
      largest = face.width;
      const auto middle = [&](const ingest::FaceBox& box) {
        // The box of an eye has the brow in it: the iris is below its middle.
        return Scaled(box.x + box.width / 2.0, box.y + box.height * 0.55, scale);
      };
      const cv::Point2d left = middle(eyes->left);
      const cv::Point2d right = middle(eyes->right);
      const std::string value = fmt::format("{:.1f},{:.1f},{:.1f},{:.1f}", left.x, left.y, right.x, right.y);
      best = project::HintRecord{0, clip.id, frame, "eyes-located", value, HashText(value)};
    }
    progress.Update("looking for eyes", k + 1, looks, clip.name);
  }
  return best;
}

// Whether gazes differ enough for the eyeball's size to follow from them.
bool TellsSize(const std::vector<gaze::KnownGaze>& known) {
  constexpr double kApartDeg = 6;
  for (const gaze::KnownGaze& a : known) {
    for (const gaze::KnownGaze& b : known) {
      if (gaze::DegreesBetween(a.gaze, b.gaze) > kApartDeg) return true;
    }
  }
  return false;
}

}  // namespace

ClipEyes FindClipEyes(const project::Project& project, const project::ClipRecord& clip, const media::ClipInfo& info,
                      const EyesWanted& wanted, Progress& progress) {
  ClipEyes found;
  found.person = PersonOf(project, clip, wanted.person);
  project::HintStore hints(project);
  // Where several people are, only what was said of this one counts.
  const bool alone = project::ClipStore(project).PeopleIn(clip.id).size() < 2;
  const auto of = [&](const std::string& kind) {
    std::vector<project::HintRecord> records;
    if (!found.person.empty()) records = hints.Of(clip.id, kind + ":" + found.person);
    if (records.empty() && alone) records = hints.Of(clip.id, kind);
    return records;
  };
  const image::AnalysisSize size = image::ChooseAnalysisSize(info.layout.height, info.layout.width, kEyeLongSidePx);
  const double scale = static_cast<double>(size.width) / info.layout.width;
  std::vector<project::HintRecord> eyes = of("eyes");
  if (eyes.empty()) {
    if (!alone)
      Throw(
          ErrorCode::kData,
          "several people are in \"{}\", and no hint says which eyes are {}'s; say it with \"shotfix hint {} --frame N "
          "--person {} --eyes X,Y,X,Y\"",
          clip.name, found.person, clip.name, found.person);
    if (!wanted.use_locator)
      Throw(ErrorCode::kData,
            "no hint says where the eyes of \"{}\" are, and the locator is off; say it with \"shotfix hint {} --frame "
            "N --eyes X,Y,X,Y\"",
            clip.name, clip.name);
    const std::optional<project::HintRecord> located = Locate(clip, info, progress);
    if (!located)
      Throw(ErrorCode::kData,
            "no face with two eyes was found in \"{}\"; say where they are with \"shotfix hint {} --frame N --eyes "
            "X,Y,X,Y\"",
            clip.name, clip.name);
    for (const project::HintRecord& old : hints.Of(clip.id, "eyes-located")) hints.Remove(clip.id, old.frame, old.kind);
    hints.Put(*located);
    eyes = {*located};
    found.located = true;
    found.note =
        fmt::format("eyes located by Haar boxes on frame {} (\"shotfix hint --eyes\" says it better)", located->frame);
  } else {
    found.note = fmt::format("eyes as the hint on frame {} says", eyes.front().frame);
  }
  found.fit.eyes = EyesFrom(eyes.front(), scale);
  found.fit.learn_search = train::LearnEyeSearch;
  for (const project::HintRecord& hint : of("gaze"))
    found.fit.known.push_back({hint.frame, gaze::ParseDirection(hint.value)});
  // A shot that tells the size itself is not helped by what it told before: the same hints, the same eyes.
  if (!found.person.empty() && !TellsSize(found.fit.known)) {
    if (const auto kept = project::AssetStore(project).Find(kEyeballs, found.person))
      found.fit.travel = nlohmann::json::parse(*kept).at("travel").get<double>();
  }
  return found;
}

void KeepEyeball(const project::Project& project, const std::string& person, const gaze::ShotGaze& shot) {
  if (person.empty() || !shot.travel_measured) return;
  const gaze::EyeBall& ball = shot.shapes[0].ball;
  const nlohmann::json body = {{"travel", ball.travel_px / ball.radius_px}};
  project::AssetStore(project).Put(kEyeballs, person, body.dump());
}

}  // namespace shotfix::pipeline
