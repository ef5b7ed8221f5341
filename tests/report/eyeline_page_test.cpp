// SPDX-License-Identifier: Apache-2.0
#include "shotfix/report/eyeline_page.h"

#include "support/test.h"

#include "shotfix/core/atomic_file.h"
#include "support/temp_dir.h"

namespace shotfix {

TEST_CASE("the page of an eyeline draws three lines, breaks where nothing was measured, and escapes names") {
  const testing::TempDir folder;
  report::EyelinePage page;
  page.title = "Eyeline of <b>";
  page.warnings = {"frames 3: the eyes are half closed"};
  for (int k = 0; k < 4; ++k) {
    report::EyelinePageFrame frame{k, {1.0 * k, 0}, {10, 2}, report::GazePoint{9.5, 2}, 1};
    if (k == 2) {
      frame.achieved.reset();
      frame.weight = 0;
    }
    page.frames.push_back(frame);
  }
  report::WriteEyelinePage(folder / "e.html", page);
  const std::string html = ReadFile(folder / "e.html", 1 << 20);
  CHECK(html.find("Eyeline of &lt;b&gt;") != std::string::npos);
  CHECK(html.find("half closed") != std::string::npos);
  size_t paths = 0;
  for (size_t at = html.find("<path"); at != std::string::npos; at = html.find("<path", at + 1)) ++paths;
  CHECK(paths == 6);  // before, asked and achieved, of yaw and pitch
  const size_t achieved = html.find("stroke='#e80'");
  REQUIRE(achieved != std::string::npos);
  const std::string line = html.substr(achieved, html.find("/>", achieved) - achieved);
  CHECK(std::count(line.begin(), line.end(), 'M') == 2);  // broken at frame 2
  CHECK(html.find("<rect") != std::string::npos);
}

}  // namespace shotfix
