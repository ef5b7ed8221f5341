// SPDX-License-Identifier: Apache-2.0
// Recipes: how large a head is and how it is trained. Read from TOML; the shipped ones live in models/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace shotfix::train {

struct MatteRecipe {
  // Network.
  int64_t base_channels = 24;  // 8 to 64, multiple of 8
  int64_t levels = 4;          // 2 to 5
  int64_t long_side_px = 640;  // 64 to 4096: analysis size the head works at
  // Schedule.
  int64_t steps = 900;           // 1 to 1,000,000
  int64_t batch = 8;             // crops a step, 1 to 256
  int64_t crop_px = 128;         // 32 to 1024, multiple of 32
  double learning_rate = 2e-3;   // 1e-6 to 1
  double weight_decay = 1e-4;    // 0 to 1
  double ema = 0.99;             // 0 to 0.9999: weights kept are a moving average
  int64_t held_out_every = 100;  // steps between measurements, 1 to 100,000
  int64_t patience = 6;          // measurements without improvement before an early stop, 1 to 1000
  // Data.
  double recomposite_share = 0.5;  // 0 to 1: crops whose actor is put anew over the plate
  double prior_dropout = 0.3;      // 0 to 1: crops that must do without the propagated matte
  // Loss weights, each 0 to 100.
  double weight_bce = 0.5;
  double weight_l1 = 1.0;
  double weight_band = 2.0;  // added to the weight of pixels in the soft band
  double weight_laplacian = 0.5;
};

struct GazeRecipe {
  int64_t channels = 16;         // 8 to 48, multiple of 8
  int64_t steps = 800;           // 1 to 1,000,000
  int64_t batch = 12;            // pairs a step, 1 to 256
  double learning_rate = 2e-3;   // 1e-6 to 1
  double ema = 0.99;             // 0 to 0.9999
  int64_t held_out_every = 100;  // steps between measurements, 1 to 100,000
};

struct LightRecipe {
  int64_t channels = 16;         // 8 to 48, multiple of 8
  int64_t steps = 600;           // 1 to 1,000,000
  int64_t batch = 4;             // pictures a step, 1 to 256
  int64_t views = 96;            // turns and framings of the takes, 1 to 1,000: 7 MB each
  double learning_rate = 1e-3;   // 1e-6 to 1
  double ema = 0.98;             // 0 to 0.9999
  int64_t held_out_every = 100;  // steps between measurements, 1 to 100,000
};

struct Recipe {
  std::string name;  // "fast", or the file's name
  std::string toml;  // the text it came from
  MatteRecipe matte;
  GazeRecipe gaze;
  LightRecipe light;

  // Throws kConfig: names the key, the value and what is allowed.
  void Validate() const;
};

// "fast", "standard", "hero", or a path to a TOML file. Unknown keys are errors. Throws kConfig, kNoInput.
Recipe LoadRecipe(const std::string& name_or_path);
std::vector<std::string> ShippedRecipes();

}  // namespace shotfix::train
