// SPDX-License-Identifier: Apache-2.0
// Where the eyes of a catalogued clip are and where they look, as far as somebody or something has said.
#pragma once

#include <string>

#include "shotfix/core/progress.h"
#include "shotfix/gaze/shot_gaze.h"
#include "shotfix/media/clip_info.h"
#include "shotfix/project/clip_store.h"
#include "shotfix/project/project.h"

namespace shotfix::pipeline {

inline constexpr int64_t kEyeLongSidePx = 1920;  // eyes are looked at no larger than this

struct EyesWanted {
  std::string person;       // empty: the one who is in the clip
  bool use_locator = true;  // where no hint says it
};
struct ClipEyes {
  gaze::FitInputs fit;   // px of a picture with kEyeLongSidePx
  std::string person;    // empty: nobody is recorded
  bool located = false;  // by boxes, which are around what is seen of an eye and not around the iris
  std::string note;      // where it is known from; for people
};

// Hints first ("eyes" and "gaze" of this clip), then the size of the eyeball from other shots of the person, then a
// locator's boxes, which are recorded as a hint of kind "eyes-located". Throws kData with the next step when nothing
// tells where the eyes are, kUsage when there are several people and none is named.
ClipEyes FindClipEyes(const project::Project& project, const project::ClipRecord& clip, const media::ClipInfo& info,
                      const EyesWanted& wanted, Progress& progress);

// Keeps what a shot told about a person's eyeballs, for other shots. Nothing when it told nothing.
void KeepEyeball(const project::Project& project, const std::string& person, const gaze::ShotGaze& shot);

}  // namespace shotfix::pipeline
