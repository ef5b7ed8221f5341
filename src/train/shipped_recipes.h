// SPDX-License-Identifier: Apache-2.0
// The recipes of models/, built in.
#pragma once

#include <string>
#include <vector>

namespace shotfix::train {

struct ShippedRecipe {
  std::string name;
  std::string toml;
};
const std::vector<ShippedRecipe>& ShippedRecipeTable();

}  // namespace shotfix::train
