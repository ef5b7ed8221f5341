// SPDX-License-Identifier: Apache-2.0
#include "fuzz/seeds.h"

#include <ATen/ATen.h>
#include <zstd.h>

#include "passes/background/analysis.h"
#include "pipeline/frame_pack.h"
#include "shotfix/media/encoder.h"
#include "shotfix/media/still.h"
#include "shotfix/model/mini_model.h"
#include "shotfix/project/solution_store.h"

namespace fs = std::filesystem;

namespace shotfix::fuzz {
namespace {

fs::path SeedPath(const fs::path& folder, const std::string& parser, const std::string& name) {
  fs::create_directories(folder / parser);
  return folder / parser / name;
}

void WriteModel(const fs::path& folder) {
  model::MiniModel model;
  model.production_id = "p";
  model::Head& head = model.heads["matte"];
  head.shape = {{"base_channels", 8}, {"levels", 3}, {"long_side_px", 128}};
  head.weights["w"] = at::zeros({2, 3});
  head.footage = {{"take", "ab", {1, 2}, {0, 10}}};
  head.curve = {{1, 0.5, 3.0}};
  model.Save(SeedPath(folder, "model", "seed-1"));
}

void WriteSolution(const fs::path& folder) {
  const fs::path work = folder / "work.shotfix";
  fs::remove_all(work);
  const project::Project project = project::Project::Create(work);
  project::SolutionStore(project).Make("x", [](const std::shared_ptr<image::FrameTrack>& track) {
    track->Put(0, at::zeros({1, 4, 4}, at::kByte));
    passes::background::ShotFacts facts;
    facts.size = {4, 4};
    facts.camera.is_static = true;
    facts.plate = {at::zeros({3, 4, 4}), at::ones({1, 4, 4}), {1, 0, 0, 0, 1, 0, 0, 0, 1}};
    return passes::background::Pack(facts, track);
  });
  fs::copy_file(work / "solutions/x.solution", SeedPath(folder, "solution", "seed-1"),
                fs::copy_options::overwrite_existing);
  fs::remove_all(work);
}

media::ClipInfo TinyClip(const image::PixelLayout& layout) {
  media::ClipInfo info;
  info.layout = layout;
  info.space = {image::Primaries::kBt709, image::Transfer::kBt709, image::Matrix::kBt709, image::Range::kLimited};
  info.frames = {0, 3};
  info.pts = {0, 1, 2};
  info.timecode = "01:00:00:00";
  return info;
}

void WriteMedia(const fs::path& folder, const std::string& parser, const std::string& ending,
                image::PixelLayout layout) {
  const media::ClipInfo info = TinyClip(layout);
  media::EncodeSettings settings;
  settings.layout = layout;
  settings.space = info.space;
  if (layout.is_float) settings.space.transfer = image::Transfer::kLinear;
  const bool still = ending == ".exr" || ending == ".png" || ending == ".tif" || ending == ".dpx";
  settings.frames = {0, still ? 1 : 3};
  const fs::path path = SeedPath(folder, parser, "seed" + ending);
  media::Encoder encoder(path, settings, info);
  for (int64_t k = 0; k < settings.frames.end; ++k) encoder.Write(image::PixelPlanes::Allocate(layout), k);
  encoder.Finish();
}

}  // namespace

std::string Compressed(std::span<const uint8_t> bytes) {
  std::string packed(ZSTD_compressBound(bytes.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), 1));
  return packed;
}

void WriteSeeds(const fs::path& folder) {
  WriteModel(folder);
  WriteSolution(folder);
  const image::PixelLayout yuv{.width = 32, .height = 16, .bit_depth = 10, .chroma_shift_x = 1};
  const image::PixelLayout rgb{.width = 32, .height = 16, .bit_depth = 10, .is_rgb = true};
  const image::PixelLayout half{.width = 32, .height = 16, .bit_depth = 16, .is_float = true, .is_rgb = true};
  for (const char* ending : {".mkv", ".mov", ".nut", ".y4m"}) WriteMedia(folder, "media", ending, yuv);
  WriteMedia(folder, "dpx", ".dpx", rgb);
  WriteMedia(folder, "exr", ".exr", half);
  media::WriteMattePng(SeedPath(folder, "hint", "seed.png"), at::rand({1, 8, 8}));
}

}  // namespace shotfix::fuzz
