// SPDX-License-Identifier: Apache-2.0
// What the catalogue knows that helps to pull a clip's matte: painted mattes and the clean plate.
#pragma once

#include <optional>
#include <string>

#include "shotfix/media/clip_info.h"
#include "shotfix/project/clip_store.h"
#include "shotfix/temporal/matte_shot.h"

namespace shotfix::train {

// The clip's header, read with the colour rule that ingest stored. Throws kNoInput when the file has gone, kData when
// its content is no longer what was ingested (size or time differ and so does the hash).
media::ClipInfo OpenCatalogued(const project::ClipRecord& record);
// A clip by catalogue name or by the path it was ingested from. Throws kNoInput and says how to ingest it.
project::ClipRecord FindClip(const project::Project& project, const std::string& name_or_path);

struct CleanPlateChoice {
  bool use_catalogue = true;        // the clean-plate take of the same scene
  std::optional<std::string> file;  // wins over the catalogue
};

struct ShotInputs {
  temporal::MatteShotInputs matte;
  std::string painted_key;  // hashes, for keys of stored solutions
  std::string clean_plate_key;
  std::string clean_plate_name;  // for the log; empty: none
};
ShotInputs LoadShotInputs(const project::Project& project, const project::ClipRecord& clip, const media::ClipInfo& info,
                          const CleanPlateChoice& choice, int64_t long_side_px);

}  // namespace shotfix::train
