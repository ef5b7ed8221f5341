// SPDX-License-Identifier: Apache-2.0
#include "shotfix/report/eyeline_page.h"

#include <algorithm>
#include <functional>

#include "report/html.h"
#include "shotfix/core/atomic_file.h"

namespace shotfix::report {
namespace {

constexpr double kWidth = 900;
constexpr double kHeight = 220;

using Value = std::function<std::optional<double>(const EyelinePageFrame&)>;

struct Range {
  double low = -5;
  double high = 5;
  double Y(double value) const { return kHeight * (high - value) / (high - low); }
};

Range RangeOf(const EyelinePage& page, const std::vector<Value>& values) {
  Range range;
  for (const EyelinePageFrame& frame : page.frames) {
    for (const Value& value : values) {
      if (const std::optional<double> at = value(frame)) {
        range.low = std::min(range.low, *at - 1);
        range.high = std::max(range.high, *at + 1);
      }
    }
  }
  return range;
}

double X(const EyelinePage& page, size_t k) {
  return kWidth * (static_cast<double>(k) + 0.5) / static_cast<double>(page.frames.size());
}

// Broken where there is no value.
std::string Line(const EyelinePage& page, const Range& range, const Value& value, const char* colour) {
  std::string path;
  bool drawing = false;
  for (size_t k = 0; k < page.frames.size(); ++k) {
    const std::optional<double> at = value(page.frames[k]);
    if (at) path += fmt::format("{}{:.1f},{:.1f} ", drawing ? "L" : "M", X(page, k), range.Y(*at));
    drawing = at.has_value();
  }
  return fmt::format("<path fill='none' stroke='{}' stroke-width='2' d='{}'/>", colour, path);
}

std::string Plot(const EyelinePage& page, const char* name, double GazePoint::*part) {
  const std::vector<Value> values = {
      [part](const EyelinePageFrame& f) { return std::optional(f.before.*part); },
      [part](const EyelinePageFrame& f) { return f.weight > 0 ? std::optional(f.asked.*part) : std::nullopt; },
      [part](const EyelinePageFrame& f) { return f.achieved ? std::optional((*f.achieved).*part) : std::nullopt; }};
  const Range range = RangeOf(page, values);
  std::string svg = fmt::format("<h2>{}</h2><svg viewBox='-40 -6 {:.0f} {:.0f}' width='{:.0f}' role='img'>", name,
                                kWidth + 46, kHeight + 24, kWidth);
  const double column = kWidth / static_cast<double>(page.frames.size());
  for (size_t k = 0; k < page.frames.size(); ++k) {
    if (page.frames[k].weight <= 0)
      svg += fmt::format("<rect x='{:.1f}' y='0' width='{:.1f}' height='{:.0f}' fill='#333'/>", X(page, k) - column / 2,
                         column, kHeight);
  }
  for (double at = std::ceil(range.low / 5) * 5; at <= range.high; at += 5)
    svg += fmt::format(
        "<line x1='0' x2='{:.0f}' y1='{:.1f}' y2='{:.1f}' stroke='#444'/><text x='-36' y='{:.1f}' fill='#999'>{:.0f}"
        "</text>",
        kWidth, range.Y(at), range.Y(at), range.Y(at) + 4, at);
  svg += fmt::format(
      "<text x='0' y='{0:.0f}' fill='#999'>{1}</text><text x='{2:.0f}' y='{0:.0f}' fill='#999' "
      "text-anchor='end'>{3}</text>",
      kHeight + 16, page.frames.front().frame, kWidth, page.frames.back().frame);
  return svg + Line(page, range, values[0], "#888") + Line(page, range, values[1], "#48c") +
         Line(page, range, values[2], "#e80") + "</svg>";
}

}  // namespace

void WriteEyelinePage(const std::filesystem::path& path, const EyelinePage& page) {
  std::string html = PageHead(page.title, page.facts);
  html +=
      "<p><b style='color:#888'>before</b>, <b style='color:#48c'>asked</b>, <b style='color:#e80'>achieved</b> "
      "(measured on the finished frames), degrees from the camera; dark: nothing was turned</p>";
  if (!page.frames.empty())
    html += Plot(page, "Yaw, + is picture right", &GazePoint::yaw_deg) +
            Plot(page, "Pitch, + is up", &GazePoint::pitch_deg);
  if (!page.warnings.empty()) html += "<h2>Look at</h2><ul>";
  for (const std::string& warning : page.warnings) html += "<li>" + Escape(warning) + "</li>";
  if (!page.warnings.empty()) html += "</ul>";
  WriteFileAtomically(path, html + "</html>\n", Overwrite::kAllow);
}

}  // namespace shotfix::report
