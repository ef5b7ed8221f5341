// SPDX-License-Identifier: Apache-2.0
// The pass that changes nothing: proves a farm's set-up and a format's way through shotfix, sample by sample.
#pragma once

#include <memory>

#include "shotfix/passes/edit_pass.h"

namespace shotfix::passes {

// Proposes a gain of 0 stops over the whole frame, so that every sample goes through light and back.
std::unique_ptr<EditPass> MakeIdentityPass();

}  // namespace shotfix::passes
