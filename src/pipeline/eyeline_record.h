// SPDX-License-Identifier: Apache-2.0
// What an eyeline pass found and did, frame by frame, as JSON: for --json and for the report's plot.
#pragma once

#include <string>
#include <vector>

#include "shotfix/passes/eyeline.h"

namespace shotfix::pipeline {

std::string EyelineJson(const gaze::ShotGaze& shot, const std::vector<passes::EyelineFrame>& frames, double clip_scale);

}  // namespace shotfix::pipeline
