// SPDX-License-Identifier: Apache-2.0
#include "shotfix/train/shot_inputs.h"

#include <ATen/ATen.h>

#include "shotfix/core/error.h"
#include "shotfix/image/analysis.h"
#include "shotfix/image/resample.h"
#include "shotfix/media/clip_files.h"
#include "shotfix/media/shot_reader.h"
#include "shotfix/media/still.h"
#include "shotfix/project/hint_store.h"

namespace fs = std::filesystem;

namespace shotfix::train {

media::ClipInfo OpenCatalogued(const project::ClipRecord& record) {
  media::ProbeOptions options;
  if (!record.in_space.empty()) options.in_space = image::ParseColourSpace(record.in_space);
  media::ClipInfo info = media::Probe(record.path, options);
  const media::FileStamp stamp = media::StampOf(record.path);
  const bool touched = stamp != media::FileStamp{record.size_bytes, record.mtime_ns};
  if (touched && media::HashClip(record.path) != record.sha256) {
    Throw(ErrorCode::kData, "\"{}\" is not the footage that was ingested as \"{}\"; ingest it again", record.path,
          record.name);
  }
  return info;
}

project::ClipRecord FindClip(const project::Project& project, const std::string& name_or_path) {
  const project::ClipStore clips(project);
  if (const auto record = clips.FindByName(name_or_path)) return *record;
  const std::string path = fs::absolute(name_or_path).lexically_normal().string();
  if (const auto record = clips.FindByPath(path)) return *record;
  Throw(ErrorCode::kNoInput,
        "\"{}\" is not in this project; \"shotfix ingest {}\" adds a file, \"shotfix list\" shows the names",
        name_or_path, name_or_path);
}

ShotInputs LoadShotInputs(const project::Project& project, const project::ClipRecord& clip, const media::ClipInfo& info,
                          const CleanPlateChoice& choice, int64_t long_side_px) {
  const image::AnalysisSize size = image::ChooseAnalysisSize(info.layout.height, info.layout.width, long_side_px);
  ShotInputs inputs;
  for (const project::HintRecord& hint : project::HintStore(project).Of(clip.id, "matte")) {
    const at::Tensor matte = media::ReadMatte(project.folder() / "hints" / hint.value);
    inputs.matte.painted[hint.frame] = image::Resize(matte, size.height, size.width).clamp(0, 1);
    inputs.painted_key += std::to_string(hint.frame) + ":" + hint.sha256 + ";";
  }
  std::optional<media::ClipInfo> plate;
  if (choice.file) {
    media::ProbeOptions options;
    if (!clip.in_space.empty()) options.in_space = image::ParseColourSpace(clip.in_space);
    plate = media::Probe(*choice.file, options);
    inputs.clean_plate_name = *choice.file;
    inputs.clean_plate_key = media::HashClip(*choice.file);
  } else if (const auto record =
                 choice.use_catalogue ? project::ClipStore(project).CleanPlateFor(clip) : std::nullopt) {
    plate = OpenCatalogued(*record);
    inputs.clean_plate_name = record->name;
    inputs.clean_plate_key = record->sha256;
  }
  if (plate) inputs.matte.supplied_plate = media::MedianPicture(*plate, size.height, size.width);
  return inputs;
}

}  // namespace shotfix::train
