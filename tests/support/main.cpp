// SPDX-License-Identifier: Apache-2.0
// The one main of all test programs.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include "shotfix/core/log.h"
#include "shotfix/image/device.h"

int main(int argc, char** argv) {
  shotfix::image::InitialiseDevices();
  shotfix::log::SetLevel(shotfix::log::Level::kError);
  return Catch::Session().run(argc, argv);
}
