// SPDX-License-Identifier: Apache-2.0
#include "shotfix/report/training_page.h"

#include <algorithm>
#include <array>

#include "report/html.h"
#include "shotfix/core/atomic_file.h"
#include "shotfix/core/error.h"

namespace shotfix::report {
namespace {

constexpr double kPlotWidth = 640;
constexpr double kPlotHeight = 200;

std::string Base64(const std::string& bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t k = 0; k < bytes.size(); k += 3) {
    uint32_t group = 0;
    for (size_t i = 0; i < 3; ++i) group = group << 8 | (k + i < bytes.size() ? static_cast<uint8_t>(bytes[k + i]) : 0);
    for (size_t i = 0; i < 4; ++i) text += k + i > bytes.size() ? '=' : kDigits[group >> (18 - 6 * i) & 63];
  }
  return text;
}

std::string Line(const std::vector<std::pair<double, double>>& points, double max_x, double max_y, const char* colour) {
  std::string path;
  for (const auto& [x, y] : points) {
    path += fmt::format("{:.1f},{:.1f} ", x / max_x * kPlotWidth, kPlotHeight - std::min(1.0, y / max_y) * kPlotHeight);
  }
  return fmt::format("<polyline fill='none' stroke='{}' stroke-width='2' points='{}'/>", colour, path);
}

std::string Plot(const std::vector<TrainingPagePoint>& curve) {
  if (curve.empty()) return "<p>No measurement was made.</p>";
  std::vector<std::pair<double, double>> loss;
  std::vector<std::pair<double, double>> held_out;
  double max_loss = 1e-9;
  double max_held_out = 1e-9;
  for (const TrainingPagePoint& point : curve) {
    loss.emplace_back(static_cast<double>(point.step), point.loss);
    max_loss = std::max(max_loss, point.loss);
    if (point.held_out < 0) continue;
    held_out.emplace_back(static_cast<double>(point.step), point.held_out);
    max_held_out = std::max(max_held_out, point.held_out);
  }
  const double max_x = std::max(1.0, loss.back().first);
  return fmt::format(
      "<svg viewBox='-4 -4 {:.0f} {:.0f}' width='{:.0f}' role='img'>{}{}</svg><p><b style='color:#48c'>loss</b> (top "
      "{:.3f}), "
      "<b style='color:#e80'>held-out error x 1000</b> (top {:.2f}) over {:.0f} steps</p>",
      kPlotWidth + 8, kPlotHeight + 8, kPlotWidth, Line(loss, max_x, max_loss, "#48c"),
      Line(held_out, max_x, max_held_out, "#e80"), max_loss, max_held_out, max_x);
}

}  // namespace

void WriteTrainingPage(const std::filesystem::path& path, const TrainingPage& page,
                       const std::function<std::string(const at::Tensor&)>& encode_png) {
  std::string html = PageHead(page.title, page.facts);
  html += "<h2>Curve</h2>" + Plot(page.curve) + "<h2>Contact sheet</h2><table><tr><th></th>";
  for (const std::string& column : page.columns) html += fmt::format("<th>{}</th>", Escape(column));
  html += "</tr>";
  for (const TrainingPageRow& row : page.sheet) {
    html += fmt::format("<tr><th>{}</th>", Escape(row.label));
    for (const at::Tensor& picture : row.pictures)
      html += "<td><img alt='' src='data:image/png;base64," + Base64(encode_png(picture)) + "'></td>";
    html += "</tr>";
  }
  WriteFileAtomically(path, html + "</table></html>\n", Overwrite::kAllow);
}

}  // namespace shotfix::report
