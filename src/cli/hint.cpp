// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command_table.h"
#include "shotfix/core/error.h"
#include "shotfix/core/frame_csv.h"
#include "shotfix/core/hash.h"
#include "shotfix/core/log.h"
#include "shotfix/gaze/geometry.h"
#include "shotfix/light/lights.h"
#include "shotfix/media/still.h"
#include "shotfix/project/clip_store.h"
#include "shotfix/project/hint_store.h"
#include "shotfix/train/shot_inputs.h"

namespace shotfix::cli {
namespace {

struct HintOptions {
  std::string clip;
  std::optional<int64_t> frame;
  std::string matte;
  std::string light_from;
  std::string lights;
  std::string eyes;
  std::string gaze;
  std::string person;
  bool remove = false;
};

std::map<int64_t, std::string> ReadLights(const std::string& path) {
  std::map<int64_t, std::string> lights;
  for (const auto& [frame, angles] : ReadFrameCsv(path, "frame,azimuth,elevation")) {
    light::ParseAngles(angles);
    lights[frame] = angles;
  }
  return lights;
}

// Where the light of a light-reference take stood.
void StoreLights(const project::Project& project, const HintOptions& options, const GlobalOptions& global) {
  const project::ClipRecord clip = train::FindClip(project, options.clip);
  const media::ClipInfo info = train::OpenCatalogued(clip);
  if (clip.role != project::Role::kLightReference)
    Throw(ErrorCode::kUsage,
          "\"{}\" is no light-reference take (ingest --role light-reference); where an ordinary shot's key stands is "
          "said "
          "with relight --light-from",
          clip.name);
  if (options.remove || !options.matte.empty() || (!options.lights.empty() && !options.light_from.empty()))
    Throw(ErrorCode::kUsage, "give one of --matte, --light-from and --lights at a time; --lights replaces all places");
  std::map<int64_t, std::string> lights;
  if (!options.lights.empty()) lights = ReadLights(options.lights);
  else if (!options.frame) Throw(ErrorCode::kUsage, "--light-from needs --frame N");
  else lights[*options.frame] = options.light_from;
  for (const auto& [frame, angles] : lights) {
    light::ParseAngles(angles);
    if (!info.frames.Contains(frame))
      Throw(ErrorCode::kUsage, "frame {} is outside \"{}\", which has frames {} (the end is not included)", frame,
            clip.name, info.frames.ToString());
  }
  project::HintStore hints(project);
  for (const project::HintRecord& old : hints.Of(clip.id, "light-from")) {
    if (!options.lights.empty()) hints.Remove(clip.id, old.frame, "light-from");
  }
  for (const auto& [frame, angles] : lights) hints.Put({0, clip.id, frame, "light-from", angles, HashText(angles)});
  const size_t count = hints.Of(clip.id, "light-from").size();
  PrintResult(global, {{"clip", clip.name}, {"lights", count}},
              fmt::format("{}: the light is known on {} frames now\n", clip.name, count));
}

// Where an actor's eyes are, or look, on a frame.
void StoreEyes(const project::Project& project, const HintOptions& options, const GlobalOptions& global) {
  if (!options.matte.empty() || (!options.eyes.empty() && !options.gaze.empty()))
    Throw(ErrorCode::kUsage, "give one of --matte, --eyes and --gaze at a time");
  if (!options.frame) Throw(ErrorCode::kUsage, "--eyes and --gaze need --frame N");
  const project::ClipRecord clip = train::FindClip(project, options.clip);
  const media::ClipInfo info = train::OpenCatalogued(clip);
  if (!info.frames.Contains(*options.frame))
    Throw(ErrorCode::kUsage, "--frame {} is outside \"{}\", which has frames {} (the end is not included)",
          *options.frame, clip.name, info.frames.ToString());
  std::string kind = options.eyes.empty() ? "gaze" : "eyes";
  std::string value = options.gaze == "lens" ? "0,0" : options.gaze;
  if (!options.gaze.empty()) {
    gaze::ParseDirection(value);
  } else {
    double x[2], y[2];
    int used = 0;
    const int read = std::sscanf(options.eyes.c_str(), "%lf,%lf,%lf,%lf%n", &x[0], &y[0], &x[1], &y[1], &used);
    if (read != 4 || used != static_cast<int>(options.eyes.size()))
      Throw(ErrorCode::kUsage, "--eyes \"{}\": write X,Y,X,Y, the middles of both irises in px of the clip",
            options.eyes);
    for (size_t eye = 0; eye < 2; ++eye) {
      if (!(x[eye] >= 0 && x[eye] < info.layout.width && y[eye] >= 0 && y[eye] < info.layout.height))
        Throw(ErrorCode::kUsage, "--eyes: {},{} is outside \"{}\", which is {}x{}", x[eye], y[eye], clip.name,
              info.layout.width, info.layout.height);
    }
    if (std::abs(x[1] - x[0]) < 16) Throw(ErrorCode::kUsage, "--eyes: the two eyes are less than 16 px apart");
    value = options.eyes;
  }
  if (!options.person.empty()) {
    const std::vector<std::string> people = project::ClipStore(project).PeopleIn(clip.id);
    if (std::find(people.begin(), people.end(), options.person) == people.end())
      Throw(ErrorCode::kNoInput, "\"{}\" is not recorded in \"{}\"; \"shotfix list\" shows who is", options.person,
            clip.name);
    kind += ":" + options.person;
  }
  project::HintStore hints(project);
  if (!options.eyes.empty()) {  // one place is enough; the last word counts
    for (const project::HintRecord& old : hints.Of(clip.id, kind)) hints.Remove(clip.id, old.frame, kind);
  }
  hints.Put({0, clip.id, *options.frame, kind, value, HashText(value)});
  const size_t count = hints.Of(clip.id, kind).size();
  PrintResult(
      global, {{"clip", clip.name}, {"frame", *options.frame}, {"kind", kind}, {"value", value}, {"hints", count}},
      options.eyes.empty() ? fmt::format("{} frame {}: looks {} from the camera; {} such frames are known now\n",
                                         clip.name, *options.frame, value, count)
                           : fmt::format("{} frame {}: eyes stored\n", clip.name, *options.frame));
}

void CheckMatte(const HintOptions& options, const media::ClipInfo& info) {
  const at::Tensor matte = media::ReadMatte(options.matte);
  if (matte.size(1) != info.layout.height || matte.size(2) != info.layout.width) {
    Throw(ErrorCode::kData, "the matte \"{}\" is {}x{}, the clip is {}x{}; paint it at the clip's size", options.matte,
          matte.size(2), matte.size(1), info.layout.width, info.layout.height);
  }
  const double share = matte.mean().item<double>();
  if (share < 1e-4 || share > 0.9999)
    log::Warning("the matte \"{}\" is {} everywhere; is its alpha or luma what you painted?", options.matte,
                 share < 0.5 ? "black" : "white");
}

void RunHint(const HintOptions& options, const GlobalOptions& global) {
  const project::Project project = OpenProject(global);
  if (!options.light_from.empty() || !options.lights.empty()) return StoreLights(project, options, global);
  if (options.remove && (!options.eyes.empty() || !options.gaze.empty()))
    Throw(ErrorCode::kUsage,
          "--remove takes a painted matte away; another --eyes or --gaze on the same frame takes the old one's place");
  if (!options.eyes.empty() || !options.gaze.empty()) return StoreEyes(project, options, global);
  if (!options.frame) Throw(ErrorCode::kUsage, "hint needs --frame N");
  const project::ClipRecord clip = train::FindClip(project, options.clip);
  const media::ClipInfo info = train::OpenCatalogued(clip);
  if (!info.frames.Contains(*options.frame)) {
    Throw(ErrorCode::kUsage, "--frame {} is outside \"{}\", which has frames {} (the end is not included)",
          *options.frame, clip.name, info.frames.ToString());
  }
  project::HintStore hints(project);
  if (options.remove) {
    if (!hints.Remove(clip.id, *options.frame, "matte"))
      Throw(ErrorCode::kNoInput, "\"{}\" has no painted matte on frame {}", clip.name, *options.frame);
    return PrintResult(global, {{"clip", clip.name}, {"frame", *options.frame}, {"removed", true}},
                       fmt::format("removed the matte of {} frame {}\n", clip.name, *options.frame));
  }
  if (options.matte.empty()) Throw(ErrorCode::kUsage, "hint needs --matte FILE (or --remove)");
  CheckMatte(options, info);
  const std::string sha256 = HashFile(options.matte);
  const std::string name = sha256.substr(0, 24) + std::filesystem::path(options.matte).extension().string();
  const std::filesystem::path stored = project.Subfolder("hints") / name;
  std::error_code problem;
  const std::filesystem::path temp = stored.string() + ".part";
  std::filesystem::copy_file(options.matte, temp, std::filesystem::copy_options::overwrite_existing, problem);
  if (!problem) std::filesystem::rename(temp, stored, problem);
  if (problem) Throw(ErrorCode::kIo, "cannot store \"{}\" in the project: {}", options.matte, problem.message());
  hints.Put({0, clip.id, *options.frame, "matte", name, sha256});
  const size_t count = hints.Of(clip.id, "matte").size();
  PrintResult(global, {{"clip", clip.name}, {"frame", *options.frame}, {"matte", stored.string()}, {"painted", count}},
              fmt::format("{} frame {}: matte stored; the clip has {} now\n", clip.name, *options.frame, count));
}

}  // namespace

void AddHintCommand(const CommandHost& host) {
  auto options = std::make_shared<HintOptions>();
  CLI::App* app = host.app.add_subcommand("hint",
                                          "Store what an editor knows: a painted matte, where eyes are and look, where "
                                          "a light-reference take's light stood");
  app->add_option("CLIP", options->clip, "Catalogue name or file")->required();
  app->add_option("--frame", options->frame, "Frame, in the clip's own numbering");
  app->add_option("--matte", options->matte,
                  "8- or 16-bit PNG or TIFF (alpha, else luma: white is the actor), or EXR with alpha");
  app->add_option(
      "--light-from", options->light_from,
      "AZ,EL: where the light stood on this frame of a light-reference take (0 at the lens, + picture right)");
  app->add_option("--lights", options->lights, "The same for many frames: a CSV of frame,azimuth,elevation");
  app->add_option("--eyes", options->eyes, "X,Y,X,Y: the middles of both irises on this frame, px of the clip");
  app->add_option(
      "--gaze", options->gaze,
      "YAW,PITCH or lens: where the actor looks on this frame, seen from the camera (+ picture right, + up). "
      "One such frame gives the zero of gazes, two that differ the size of the eyeballs");
  app->add_option("--person", options->person, "With --eyes and --gaze: of whom, where several people are in the clip");
  app->add_flag("--remove", options->remove, "Take the painted matte of this frame away");
  app->footer(
      "Example: shotfix hint take_3 --frame 12 --matte take_3.0012.png\nThree frames, spread over the shot's poses, "
      "are a good start.");
  app->callback([options, host] { RunHint(*options, host.global); });
}

}  // namespace shotfix::cli
