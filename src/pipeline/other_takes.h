// SPDX-License-Identifier: Apache-2.0
// Other takes of the same actor, in other light, as a user names them.
#pragma once

#include <string>
#include <vector>

#include "shotfix/light/lights.h"

namespace shotfix::pipeline {

struct NamedTake {
  std::string clip;       // catalogue name
  std::string key_text;   // "AZ,EL[,COLOUR]"
  light::KeyRequest key;  // where that take's own key stands
};
// "CLIP,AZ,EL[,COLOUR]", up to four. Throws kUsage.
std::vector<NamedTake> ParseTakes(const std::vector<std::string>& texts);

}  // namespace shotfix::pipeline
