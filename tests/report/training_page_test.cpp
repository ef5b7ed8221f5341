// SPDX-License-Identifier: Apache-2.0
#include "shotfix/report/training_page.h"

#include "support/test.h"

#include "shotfix/core/atomic_file.h"
#include "support/temp_dir.h"

namespace shotfix::report {

TEST_CASE("the training page holds everything itself and escapes names", "[report]") {
  const testing::TempDir folder;
  TrainingPage page;
  page.title = "matte <head>";
  page.curve = {{10, 0.5, 20}, {20, 0.25, 10}};
  page.columns = {"picture"};
  page.sheet = {{"take & 1", {at::zeros({3, 2, 2})}}};
  WriteTrainingPage(folder / "page.html", page, [](const at::Tensor&) { return std::string("ab"); });
  const std::string html = ReadFile(folder / "page.html");
  CHECK(html.find("matte &lt;head&gt;") != std::string::npos);
  CHECK(html.find("take &amp; 1") != std::string::npos);
  CHECK(html.find("data:image/png;base64,YWI=") != std::string::npos);
  CHECK(html.find("<polyline") != std::string::npos);
  CHECK(html.find("http") == std::string::npos);
}

}  // namespace shotfix::report
