// SPDX-License-Identifier: Apache-2.0
// src/image/studio.ocio, built in.
#pragma once

#include <string_view>

namespace shotfix::image {

std::string_view StudioConfigText();

}  // namespace shotfix::image
