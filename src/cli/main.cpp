// SPDX-License-Identifier: Apache-2.0
#include "shotfix/cli/commands.h"
#include "shotfix/core/stop.h"
#include "shotfix/image/device.h"

int main(int argc, char** argv) {
  shotfix::image::InitialiseDevices();
  shotfix::InstallStopHandlers();
  return shotfix::cli::RunCommandLine({argv + 1, argv + argc});
}
