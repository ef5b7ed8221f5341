// SPDX-License-Identifier: Apache-2.0
// A production's own model: named heads and the record of what they learned from.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "shotfix/core/frame_range.h"

namespace shotfix::model {

struct FootageUse {
  std::string clip_name;
  std::string sha256;  // of the file's content
  std::vector<int64_t> painted_frames;
  FrameRange frames;  // that training or its analysis read
};

struct CurvePoint {
  int64_t step = 0;
  double loss = 0;
  double held_out_mad = -1;  // as the head's; negative where it was not measured
};

// One head: weights of a small network and how it came to be.
struct Head {
  std::map<std::string, at::Tensor> weights;  // by parameter name, float32, CPU
  std::map<std::string, int64_t> shape;       // what the network needs to be built again: "base_channels" ...
  std::string recipe;                         // name
  std::string recipe_toml;                    // effective, whole
  std::vector<FootageUse> footage;
  std::vector<std::string> consent_ids;
  std::vector<CurvePoint> curve;
  double held_out_mad = -1;  // mean absolute error x 1000; of a light head degrees
  int64_t seed = 0;
  int64_t steps = 0;
};

struct MiniModel {
  std::string production_id;
  std::map<std::string, Head> heads;  // "matte", "gaze:PERSON", "light:PERSON"; later mouth, flow

  void Save(const std::filesystem::path& path) const;
  // Throws kNoInput, kData.
  static MiniModel Load(const std::filesystem::path& path);
};

}  // namespace shotfix::model
