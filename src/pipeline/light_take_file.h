// SPDX-License-Identifier: Apache-2.0
// Light-reference takes of the catalogue: found, and solved from what was recorded about them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "shotfix/image/analysis.h"
#include "shotfix/light/take.h"
#include "shotfix/project/clip_store.h"
#include "shotfix/project/project.h"

namespace shotfix::pipeline {

struct LightTakeFile {
  project::ClipRecord clip;
  std::map<int64_t, light::Vector> lights;  // by frame, from hints
  std::string mask_file;                    // a painted matte of the subject; empty: the whole picture
  std::string key;                          // names all of it
};

// The take called `name`, or the light-reference take with a person who is in `shot`, or, for a shot without people, of
// its scene. Nothing when there is none. Throws kNoInput when `name` is not one, kData when its lights are not known.
std::optional<LightTakeFile> FindLightTake(const project::Project& project, const project::ClipRecord& shot,
                                           const std::string& name);
// Throws kData when the take has another shape of picture than `size`.
std::shared_ptr<const light::LightTake> LoadLightTake(const LightTakeFile& take, image::AnalysisSize size);

}  // namespace shotfix::pipeline
