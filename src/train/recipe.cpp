// SPDX-License-Identifier: Apache-2.0
#include "shotfix/train/recipe.h"

#include <toml++/toml.h>

#include <filesystem>
#include <functional>

#include "shotfix/core/atomic_file.h"
#include "shotfix/core/error.h"
#include "train/shipped_recipes.h"

namespace shotfix::train {
namespace {

// One row per key: where it goes and what is allowed. The only place that knows the keys.
struct Key {
  const char* name;
  double low;
  double high;
  std::function<double(const MatteRecipe&)> get;
  std::function<void(MatteRecipe&, double)> set;
};

template <typename T>
Key Row(const char* name, T MatteRecipe::*member, double low, double high) {
  return {name, low, high, [member](const MatteRecipe& recipe) { return static_cast<double>(recipe.*member); },
          [member](MatteRecipe& recipe, double value) { recipe.*member = static_cast<T>(value); }};
}

const std::vector<Key>& Keys() {
  using R = MatteRecipe;
  static const std::vector<Key> keys = {Row("base_channels", &R::base_channels, 8, 64),
                                        Row("levels", &R::levels, 2, 5),
                                        Row("long_side_px", &R::long_side_px, 64, 4096),
                                        Row("steps", &R::steps, 1, 1e6),
                                        Row("batch", &R::batch, 1, 256),
                                        Row("crop_px", &R::crop_px, 32, 1024),
                                        Row("learning_rate", &R::learning_rate, 1e-6, 1),
                                        Row("weight_decay", &R::weight_decay, 0, 1),
                                        Row("ema", &R::ema, 0, 0.9999),
                                        Row("held_out_every", &R::held_out_every, 1, 1e5),
                                        Row("patience", &R::patience, 1, 1000),
                                        Row("recomposite_share", &R::recomposite_share, 0, 1),
                                        Row("prior_dropout", &R::prior_dropout, 0, 1),
                                        Row("weight_bce", &R::weight_bce, 0, 100),
                                        Row("weight_l1", &R::weight_l1, 0, 100),
                                        Row("weight_band", &R::weight_band, 0, 100),
                                        Row("weight_laplacian", &R::weight_laplacian, 0, 100)};
  return keys;
}

void ReadMatte(const toml::table& table, const std::string& name, MatteRecipe& recipe) {
  for (const auto& [key, node] : table) {
    const std::string_view key_name = key.str();
    const Key* row = nullptr;
    for (const Key& candidate : Keys()) {
      if (key_name == candidate.name) row = &candidate;
    }
    if (row == nullptr) Throw(ErrorCode::kConfig, "recipe \"{}\": matte.{} is not a key", name, key_name);
    const std::optional<double> value = node.value<double>();
    if (!value) Throw(ErrorCode::kConfig, "recipe \"{}\": matte.{} is not a number", name, key_name);
    // Before it is set: a number that no integer holds must not become one.
    if (!(*value >= row->low && *value <= row->high)) {
      Throw(ErrorCode::kConfig, "recipe \"{}\": matte.{} is {}; allowed is {} to {}", name, key_name, *value, row->low,
            row->high);
    }
    row->set(recipe, *value);
  }
}

Recipe Parse(const std::string& name, const std::string& text) {
  Recipe recipe;
  recipe.name = name;
  recipe.toml = text;
  try {
    const toml::table document = toml::parse(text);
    for (const auto& [key, node] : document) {
      if (key.str() != "matte" || !node.is_table())
        Throw(ErrorCode::kConfig, "recipe \"{}\": \"{}\" is not a section; [matte] is", name, key.str());
      ReadMatte(*node.as_table(), name, recipe.matte);
    }
  } catch (const toml::parse_error& problem) {
    Throw(ErrorCode::kConfig, "recipe \"{}\", line {}: {}", name, problem.source().begin.line, problem.description());
  }
  recipe.Validate();
  return recipe;
}

}  // namespace

void Recipe::Validate() const {
  for (const Key& key : Keys()) {
    const double value = key.get(matte);
    if (!(value >= key.low && value <= key.high)) {
      Throw(ErrorCode::kConfig, "recipe \"{}\": matte.{} is {}; allowed is {} to {}", name, key.name, value, key.low,
            key.high);
    }
  }
  if (matte.base_channels % 8 != 0)
    Throw(ErrorCode::kConfig, "recipe \"{}\": matte.base_channels is {}; allowed are multiples of 8", name,
          matte.base_channels);
  if (matte.crop_px % 32 != 0)
    Throw(ErrorCode::kConfig, "recipe \"{}\": matte.crop_px is {}; allowed are multiples of 32", name, matte.crop_px);
}

Recipe LoadRecipe(const std::string& name_or_path) {
  for (const ShippedRecipe& shipped : ShippedRecipeTable()) {
    if (shipped.name == name_or_path) return Parse(shipped.name, shipped.toml);
  }
  if (!name_or_path.ends_with(".toml")) {
    Throw(ErrorCode::kUsage, "recipe \"{}\" is not known; use fast, standard, hero or a .toml file", name_or_path);
  }
  constexpr size_t kMaxRecipeBytes = size_t{1} << 20;
  return Parse(std::filesystem::path(name_or_path).stem().string(), ReadFile(name_or_path, kMaxRecipeBytes));
}

std::vector<std::string> ShippedRecipes() {
  std::vector<std::string> names;
  for (const ShippedRecipe& shipped : ShippedRecipeTable()) names.push_back(shipped.name);
  return names;
}

}  // namespace shotfix::train
