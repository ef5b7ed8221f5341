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
template <typename Section>
struct Key {
  const char* name;
  double low;
  double high;
  std::function<double(const Section&)> get;
  std::function<void(Section&, double)> set;
};

template <typename Section, typename T>
Key<Section> Row(const char* name, T Section::*member, double low, double high) {
  return {name, low, high, [member](const Section& recipe) { return static_cast<double>(recipe.*member); },
          [member](Section& recipe, double value) { recipe.*member = static_cast<T>(value); }};
}

template <typename Section>
const std::vector<Key<Section>>& Keys();

template <>
const std::vector<Key<GazeRecipe>>& Keys() {
  using R = GazeRecipe;
  static const std::vector<Key<R>> keys = {
      Row("channels", &R::channels, 8, 48), Row("steps", &R::steps, 1, 1e6),
      Row("batch", &R::batch, 1, 256),      Row("learning_rate", &R::learning_rate, 1e-6, 1),
      Row("ema", &R::ema, 0, 0.9999),       Row("held_out_every", &R::held_out_every, 1, 1e5)};
  return keys;
}

template <>
const std::vector<Key<LightRecipe>>& Keys() {
  using R = LightRecipe;
  static const std::vector<Key<R>> keys = {Row("channels", &R::channels, 8, 48),
                                           Row("steps", &R::steps, 1, 1e6),
                                           Row("batch", &R::batch, 1, 256),
                                           Row("views", &R::views, 1, 1e3),
                                           Row("ema", &R::ema, 0, 0.9999),
                                           Row("learning_rate", &R::learning_rate, 1e-6, 1),
                                           Row("held_out_every", &R::held_out_every, 1, 1e5)};
  return keys;
}

template <>
const std::vector<Key<MatteRecipe>>& Keys() {
  using R = MatteRecipe;
  static const std::vector<Key<R>> keys = {Row("base_channels", &R::base_channels, 8, 64),
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

// What a recipe's section is called, for errors.
struct Place {
  const std::string& recipe;
  std::string_view section;
};

template <typename Section>
void Read(const toml::table& table, const Place& place, Section& recipe) {
  for (const auto& [key, node] : table) {
    const std::string_view key_name = key.str();
    const Key<Section>* row = nullptr;
    for (const Key<Section>& candidate : Keys<Section>()) {
      if (key_name == candidate.name) row = &candidate;
    }
    if (row == nullptr)
      Throw(ErrorCode::kConfig, "recipe \"{}\": {}.{} is not a key", place.recipe, place.section, key_name);
    const std::optional<double> value = node.template value<double>();
    if (!value)
      Throw(ErrorCode::kConfig, "recipe \"{}\": {}.{} is not a number", place.recipe, place.section, key_name);
    // Before it is set: a number that no integer holds must not become one.
    if (!(*value >= row->low && *value <= row->high)) {
      Throw(ErrorCode::kConfig, "recipe \"{}\": {}.{} is {}; allowed is {} to {}", place.recipe, place.section,
            key_name, *value, row->low, row->high);
    }
    row->set(recipe, *value);
  }
}

template <typename Section>
void Check(const Section& section, const Place& place) {
  for (const Key<Section>& key : Keys<Section>()) {
    const double value = key.get(section);
    if (value >= key.low && value <= key.high) continue;
    Throw(ErrorCode::kConfig, "recipe \"{}\": {}.{} is {}; allowed is {} to {}", place.recipe, place.section, key.name,
          value, key.low, key.high);
  }
}

Recipe Parse(const std::string& name, const std::string& text) {
  Recipe recipe;
  recipe.name = name;
  recipe.toml = text;
  try {
    const toml::table document = toml::parse(text);
    for (const auto& [key, node] : document) {
      const Place place{name, key.str()};
      if (node.is_table() && place.section == "matte") Read(*node.as_table(), place, recipe.matte);
      else if (node.is_table() && place.section == "gaze") Read(*node.as_table(), place, recipe.gaze);
      else if (node.is_table() && place.section == "light") Read(*node.as_table(), place, recipe.light);
      else
        Throw(ErrorCode::kConfig, "recipe \"{}\": \"{}\" is not a section; [matte], [gaze] and [light] are", name,
              key.str());
    }
  } catch (const toml::parse_error& problem) {
    Throw(ErrorCode::kConfig, "recipe \"{}\", line {}: {}", name, problem.source().begin.line, problem.description());
  }
  recipe.Validate();
  return recipe;
}

}  // namespace

void Recipe::Validate() const {
  Check(matte, {name, "matte"});
  Check(gaze, {name, "gaze"});
  Check(light, {name, "light"});
  if (light.channels % 8 != 0)
    Throw(ErrorCode::kConfig, "recipe \"{}\": light.channels is {}; allowed are multiples of 8", name, light.channels);
  if (gaze.channels % 8 != 0)
    Throw(ErrorCode::kConfig, "recipe \"{}\": gaze.channels is {}; allowed are multiples of 8", name, gaze.channels);
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
