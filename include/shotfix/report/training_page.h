// SPDX-License-Identifier: Apache-2.0
// The page that shows how a training went: one HTML file with everything in it.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace shotfix::report {

struct TrainingPagePoint {
  int64_t step = 0;
  double loss = 0;
  double held_out = -1;
};
struct TrainingPageRow {
  std::string label;
  std::vector<at::Tensor> pictures;  // [3,h,w] in [0,1]
};
struct TrainingPage {
  std::string title;
  std::vector<std::pair<std::string, std::string>> facts;  // "recipe" -> "fast"
  std::vector<TrainingPagePoint> curve;
  std::vector<std::string> columns;  // heads of the contact sheet
  std::vector<TrainingPageRow> sheet;
};

// `encode_png` turns a picture into PNG bytes (media::EncodePng; this module knows no codecs). Throws kCannotCreate,
// kIo.
void WriteTrainingPage(const std::filesystem::path& path, const TrainingPage& page,
                       const std::function<std::string(const at::Tensor&)>& encode_png);

}  // namespace shotfix::report
