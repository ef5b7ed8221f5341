// SPDX-License-Identifier: Apache-2.0
// A project with one synthetic take, painted, trained for a moment: what end-to-end tests start from.
#pragma once

#include <string>

#include "support/shell.h"
#include "support/synthetic.h"
#include "support/temp_dir.h"

namespace shotfix::testing {

class SmallProject {
 public:
  explicit SmallProject(const SyntheticOptions& options = {.height = 96, .width = 128, .frames = 16, .speed_px = 3});

  // "shotfix --project P ARGUMENTS"
  ShellResult Run(const std::string& arguments) const { return Shotfix("--project '" + project() + "' " + arguments); }
  std::string project() const { return folder_ / "p.shotfix"; }
  std::string File(const std::string& name) const { return folder_ / name; }
  const SyntheticShot& shot() const { return shot_; }

 private:
  TempDir folder_;
  SyntheticShot shot_;
};

}  // namespace shotfix::testing
