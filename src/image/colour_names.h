// SPDX-License-Identifier: Apache-2.0
// Which configured space stands behind an enumerator.
#pragma once

#include <memory>
#include <string>

#include "image/colour_config.h"
#include "shotfix/image/colour.h"

namespace shotfix::image {

// Null for spaces that are given by formula (H.273).
std::shared_ptr<const ConfigSpace> ConfigOf(Transfer transfer);
std::shared_ptr<const ConfigSpace> ConfigOf(Primaries primaries);

}  // namespace shotfix::image
