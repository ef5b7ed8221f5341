// SPDX-License-Identifier: Apache-2.0
#include "pipeline/light_take_file.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "shotfix/core/error.h"
#include "shotfix/image/resample.h"
#include "shotfix/media/shot_reader.h"
#include "shotfix/media/still.h"
#include "shotfix/project/hint_store.h"
#include "shotfix/train/shot_inputs.h"

namespace shotfix::pipeline {
namespace {

constexpr size_t kFewestLights = 4;

bool SharePerson(const project::ClipStore& clips, int64_t a, int64_t b) {
  const std::vector<std::string> people = clips.PeopleIn(a);
  for (const std::string& person : clips.PeopleIn(b)) {
    if (std::find(people.begin(), people.end(), person) != people.end()) return true;
  }
  return false;
}

std::optional<project::ClipRecord> Choose(const project::Project& project, const project::ClipRecord& shot,
                                          const std::string& name) {
  const project::ClipStore clips(project);
  if (!name.empty()) {
    const project::ClipRecord clip = train::FindClip(project, name);
    if (clip.role != project::Role::kLightReference)
      Throw(ErrorCode::kNoInput, "\"{}\" was not ingested with --role light-reference", name);
    return clip;
  }
  std::optional<project::ClipRecord> newest;
  for (const project::ClipRecord& clip : clips.All()) {
    if (clip.role != project::Role::kLightReference) continue;
    const bool people = !clips.PeopleIn(shot.id).empty() || !clips.PeopleIn(clip.id).empty();
    if (newest && newest->id > clip.id) continue;  // a take that was shot again wins
    if (people ? SharePerson(clips, clip.id, shot.id) : !shot.scene.empty() && clip.scene == shot.scene) newest = clip;
  }
  return newest;
}

}  // namespace

std::optional<LightTakeFile> FindLightTake(const project::Project& project, const project::ClipRecord& shot,
                                           const std::string& name) {
  const std::optional<project::ClipRecord> clip = Choose(project, shot, name);
  if (!clip) return std::nullopt;
  LightTakeFile take;
  take.clip = *clip;
  take.key = clip->sha256 + " " + train::OpenCatalogued(*clip).space.ToString();
  const project::HintStore hints(project);
  for (const project::HintRecord& hint : hints.Of(clip->id, "light-from")) {
    take.lights[hint.frame] = light::DirectionOf(light::ParseAngles(hint.value));
    take.key += ";" + std::to_string(hint.frame) + ":" + hint.value;
  }
  if (take.lights.size() < kFewestLights) {
    Throw(ErrorCode::kData,
          "where the light stood in the light-reference take \"{}\" is known for {} frames, {} are needed; say it with "
          "\"shotfix hint {} --lights FILE.csv\" (frame,azimuth,elevation), or leave the take out with --no-take",
          clip->name, take.lights.size(), kFewestLights, clip->name);
  }
  const std::vector<project::HintRecord> painted = hints.Of(clip->id, "matte");
  if (!painted.empty()) {
    take.mask_file = project.folder() / "hints" / painted.front().value;
    take.key += ";" + painted.front().sha256;
  }
  return take;
}

std::shared_ptr<const light::LightTake> LoadLightTake(const LightTakeFile& take, image::AnalysisSize size) {
  const media::ClipInfo info = train::OpenCatalogued(take.clip);
  const int64_t long_side = std::max(size.height, size.width);
  const image::AnalysisSize own = image::ChooseAnalysisSize(info.layout.height, info.layout.width, long_side);
  if (own != size) {
    Throw(ErrorCode::kData,
          "the light-reference take \"{}\" is {}x{} and has another shape than the shot; shoot it with the same "
          "camera, or leave it out with --no-take",
          take.clip.name, info.layout.width, info.layout.height);
  }
  const std::unique_ptr<image::ShotReader> reader =
      media::OpenShotReader(info, info.frames, static_cast<int>(long_side));
  at::Tensor mask = at::ones({1, size.height, size.width});
  if (!take.mask_file.empty())
    mask = (image::Resize(media::ReadMatte(take.mask_file), size.height, size.width) > 0.8).to(at::kFloat);
  return std::make_shared<light::LightTake>(light::SolveTake(*reader, take.lights, mask));
}

}  // namespace shotfix::pipeline
