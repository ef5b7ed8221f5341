// SPDX-License-Identifier: Apache-2.0
#include "report/html.h"

#include <fmt/core.h>

namespace shotfix::report {

std::string Escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '&') out += "&amp;";
    else if (c == '"') out += "&quot;";
    else out += c;
  }
  return out;
}

std::string PageHead(const std::string& title, const std::vector<std::pair<std::string, std::string>>& facts) {
  std::string html = fmt::format(
      "<!doctype html><html lang='en'><meta "
      "charset='utf-8'><title>{0}</title><style>body{{background:#222;color:#ddd;font:14px sans-serif;margin:2em}}"
      "svg{{background:#181818}}td,th{{padding:2px "
      "8px;text-align:left}}img{{max-width:22vw}}</style><h1>{0}</h1><table>",
      Escape(title));
  for (const auto& [name, value] : facts)
    html += fmt::format("<tr><th>{}</th><td>{}</td></tr>", Escape(name), Escape(value));
  return html + "</table>";
}

}  // namespace shotfix::report
