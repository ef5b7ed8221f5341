// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command_table.h"
#include "shotfix/core/error.h"
#include "shotfix/core/hash.h"
#include "shotfix/core/log.h"
#include "shotfix/media/still.h"
#include "shotfix/project/hint_store.h"
#include "shotfix/train/shot_inputs.h"

namespace shotfix::cli {
namespace {

struct HintOptions {
  std::string clip;
  std::optional<int64_t> frame;
  std::string matte;
  bool remove = false;
};

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
  CLI::App* app = host.app.add_subcommand("hint", "Store an editor's painted matte: what the model learns from");
  app->add_option("CLIP", options->clip, "Catalogue name or file")->required();
  app->add_option("--frame", options->frame, "Frame, in the clip's own numbering")->required();
  app->add_option("--matte", options->matte,
                  "8- or 16-bit PNG or TIFF (alpha, else luma: white is the actor), or EXR with alpha");
  app->add_flag("--remove", options->remove, "Take the painted matte of this frame away");
  app->footer(
      "Example: shotfix hint take_3 --frame 12 --matte take_3.0012.png\nThree frames, spread over the shot's poses, "
      "are a good start.");
  app->callback([options, host] { RunHint(*options, host.global); });
}

}  // namespace shotfix::cli
