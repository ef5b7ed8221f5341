// SPDX-License-Identifier: Apache-2.0
#include "support/small_project.h"

#include <fstream>
#include "support/test.h"

#include "shotfix/media/still.h"

namespace shotfix::testing {

SmallProject::SmallProject(const SyntheticOptions& options) : shot_(MakeShot(options)) {
  WriteClip(shot_.pictures, File("take.mkv"), "-c:v ffv1 -g 1 -pix_fmt yuv422p10le");
  WriteClip({shot_.walls[0]}, File("clean.mkv"), "-c:v ffv1 -pix_fmt yuv444p10le");
  media::WritePng(File("plate.png"), at::full({3, options.height, options.width}, 0.3));
  std::ofstream(File("tiny.toml")) << "[matte]\nbase_channels = 8\nlevels = 3\nlong_side_px = 128\nsteps = 30\nbatch = "
                                      "4\ncrop_px = 64\nheld_out_every = 10\n";
  MustSucceed(Shotfix("init '" + project() + "'"));
  MustSucceed(Run("ingest --scene 1 --person Ada '" + File("take.mkv") + "'"));
  MustSucceed(Run("ingest --scene 1 --role clean-plate '" + File("clean.mkv") + "'"));
  MustSucceed(Run("consent add --person Ada --operations training,background --document binder"));
  for (const int64_t frame : {2, 8, 13}) {
    media::WriteMattePng(File("m.png"), shot_.mattes[static_cast<size_t>(frame)]);
    MustSucceed(Run("hint take --frame " + std::to_string(frame) + " --matte '" + File("m.png") + "'"));
  }
  MustSucceed(Run("train --recipe '" + File("tiny.toml") + "'"));
}

}  // namespace shotfix::testing
