// SPDX-License-Identifier: Apache-2.0
#include "cli/verify_print.h"

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "shotfix/core/error.h"
#include "shotfix/image/analysis.h"
#include "shotfix/media/decoder.h"
#include "shotfix/media/still.h"

namespace shotfix::cli {

nlohmann::json ReportJson(const pipeline::VerifyReport& report, const std::vector<std::string>& misses) {
  nlohmann::json json = {{"frames", report.frames},
                         {"same_layout", report.same_layout},
                         {"altered_share", report.altered_share},
                         {"warp_error", report.warp_error},
                         {"warp_error_source", report.warp_error_source},
                         {"warp_error_ratio", report.warp_error_ratio},
                         {"warp_error_as_lit", report.warp_error_as_lit},
                         {"flicker_stops", report.flicker_stops},
                         {"misses", misses},
                         {"passed", misses.empty()}};
  json["outside_max_error"] = report.outside_known ? nlohmann::json(report.outside_max_error) : nlohmann::json();
  json["outside_altered_share"] =
      report.outside_known ? nlohmann::json(report.outside_altered_share) : nlohmann::json();
  if (report.psnr_db) json["psnr_db"] = *report.psnr_db;
  if (report.ssim) json["ssim"] = *report.ssim;
  return json;
}

std::string ReportText(const pipeline::VerifyReport& report, const std::vector<std::string>& misses) {
  std::string text = fmt::format("frames                      {}\n", report.frames);
  text += fmt::format("altered pixels              {:.3f} %\n", 100 * report.altered_share);
  if (report.outside_known) {
    text += fmt::format("untouched samples changed   {:.4f} % (largest error {:.6g} {})\n",
                        100 * report.outside_altered_share, report.outside_max_error,
                        report.same_layout ? "codes" : "of 255");
  } else {
    text += "untouched samples changed   not known (no record of the edit here)\n";
  }
  text += fmt::format("warp error over source's    {:.4f} ({:.3e} over {:.3e})\n", report.warp_error_ratio,
                      report.warp_error, report.warp_error_source);
  text += fmt::format("  at the result's level     {:.4f}\n", report.warp_error_as_lit);
  text += fmt::format("flicker                     {:.5f} stops rms\n", report.flicker_stops);
  if (report.psnr_db) text += fmt::format("PSNR against reference      {:.2f} dB\n", *report.psnr_db);
  if (report.ssim) text += fmt::format("SSIM against reference      {:.4f}\n", *report.ssim);
  for (const std::string& miss : misses) text += "MISSED: " + miss + "\n";
  return text;
}

void WriteBeforeAfter(const std::filesystem::path& path, const pipeline::VerifyInputs& inputs) {
  constexpr int64_t kColumns = 4;
  constexpr int64_t kLongSidePx = 480;
  media::Decoder source(inputs.source);
  media::Decoder result(inputs.result);
  const int64_t count = inputs.result.frame_count();
  std::vector<at::Tensor> columns;
  for (int64_t k = 0; k < std::min(kColumns, count); ++k) {
    const int64_t step = count > 1 ? k * (count - 1) / std::max<int64_t>(1, std::min(kColumns, count) - 1) : 0;
    source.Seek(inputs.source_begin + step);
    result.Seek(inputs.result.frames.begin + step);
    const std::optional<image::Frame> before = source.Next();
    const std::optional<image::Frame> after = result.Next();
    SHOTFIX_CHECK(before && after);
    const image::AnalysisSize size = image::ChooseAnalysisSize(before->height(), before->width(), kLongSidePx);
    columns.push_back(
        at::cat({image::AnalysisPicture(before->rgb, size), image::AnalysisPicture(after->rgb, size)}, 1));
  }
  media::WritePng(path, at::cat(columns, 2));
}

}  // namespace shotfix::cli
