// SPDX-License-Identifier: Apache-2.0
// What an eyeline pass found, did and, measured on the finished frames, achieved: for --json and for the report's page.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shotfix/core/progress.h"
#include "shotfix/media/clip_info.h"
#include "shotfix/passes/eyeline.h"

namespace shotfix::pipeline {

struct EyelineRecord {
  std::shared_ptr<const gaze::ShotGaze> shot;
  double clip_scale = 1;  // px of the clip per px of the analysis picture
  std::vector<passes::EyelineFrame> frames;
  std::vector<std::string> warnings;
  std::map<int64_t, gaze::PerEye<gaze::Direction>> achieved;  // by frame, of each eye, seen from the camera

  gaze::Direction Achieved(int64_t frame) const;  // mean of both eyes
  // Between what was asked and what was achieved, over the measured frames; degrees. Nothing without any.
  struct Error {
    double median_deg = 0;
    double most_deg = 0;   // of 90 % of the frames
    double apart_deg = 0;  // median difference of what the two eyes achieved beside what they had to
  };
  std::optional<Error> ErrorOfTurns() const;
};

// Compares irises of source and output, frame by frame, by gaze::MeasureIris, where an eye was turned and is open. The
// output's first frame is the source's `first_frame`; a sequence has the source's numbers. Never throws: what cannot be
// read back is left out, with a warning.
void MeasureAchieved(EyelineRecord& record, const media::ClipInfo& source, const std::filesystem::path& output,
                     int64_t first_frame, Progress& progress);

std::string ToJson(const EyelineRecord& record);

}  // namespace shotfix::pipeline
