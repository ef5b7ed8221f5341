// SPDX-License-Identifier: Apache-2.0
#include "cli/render_options.h"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "shotfix/core/error.h"
#include "shotfix/image/device.h"
#include "shotfix/report/eyeline_page.h"

namespace shotfix::cli {

void AddRenderOptions(CLI::App& app, RenderOptions& options) {
  pipeline::Job& job = options.job;
  app.add_option(
      "-o,--output", job.output,
      "Codec by name: .mov ProRes 422 HQ, .mkv FFV1 (lossless), .mp4 H.264, .mxf DNxHR, NAME.%04d.exr|png|tif|dpx, "
      "- NUT to standard output");
  app.add_option("--codec", options.codec, media::CodecNames());
  app.add_option("--crf", job.quality_crf, "Quality of H.264 and HEVC, 0 to 51, lower is better")
      ->capture_default_str();
  app.add_option("--frames", job.frames, "A:B, half-open, in the clip's own numbering");
  app.add_option(
      "--layers", job.layers,
      "NAME.%04d.exr: the edit as layers (matte, fill, gain, ST map, support); the name of -o puts them there");
  app.add_option("--on-bad-frame", options.on_bad_frame,
                 "A frame that does not decode: stop, hold (the one before again) or skip")
      ->capture_default_str();
  app.add_option("--in-space", job.in_space, "With CLIP -: what the pipe's samples are");
  app.add_option("--person", job.people,
                 "With CLIP -: who is in it; repeat for more. For eyeline the first is whose eyes");
  app.add_flag("--no-resume", options.no_resume, "Keep no finished frames to go on from after a stop or crash");
  app.add_flag("--no-sound", options.no_sound, "Leave the sound out (else it is copied bit for bit)");
  app.add_flag("--overwrite", job.overwrite, "Replace an output that exists");
  app.add_flag("--dry-run", job.dry_run, "Check everything, say what would be done");
  app.add_flag("--timings", options.timings, "Print where the time went");
}

namespace {

// The page of an eyeline, and what it says in a line.
std::string ReportEyeline(const project::Project& project, const pipeline::Job& job,
                          const pipeline::JobResult& result) {
  constexpr double kBadlyKnownDeg = 3;
  const pipeline::EyelineRecord& record = *result.eyeline;
  report::EyelinePage page;
  page.title = "Eyeline of " + job.clip;
  page.facts = {{"output", job.output.string()}, {"run", std::to_string(result.run_id)}};
  page.warnings = record.warnings;
  std::string text;
  if (const auto error = record.ErrorOfTurns()) {
    text = fmt::format("turned as asked within {:.1f} degrees (median), {:.1f} (90 %), measured on {} frames\n",
                       error->median_deg, error->most_deg, record.achieved.size());
    if (error->median_deg > kBadlyKnownDeg)
      text += "the eyes of this shot are badly known: look at what --sheet draws, and say more with \"shotfix hint\"\n";
    page.facts.emplace_back("error, median", fmt::format("{:.1f} degrees", error->median_deg));
    page.facts.emplace_back("error, 90 %", fmt::format("{:.1f} degrees", error->most_deg));
    page.facts.emplace_back("eyes apart", fmt::format("{:.1f} degrees", error->apart_deg));
  }
  const auto point = [](const gaze::Direction& gaze) { return report::GazePoint{gaze.yaw_deg, gaze.pitch_deg}; };
  for (const passes::EyelineFrame& frame : record.frames) {
    report::EyelinePageFrame row{frame.frame, point(frame.before), point(frame.asked), std::nullopt, frame.weight};
    if (record.achieved.contains(frame.frame)) row.achieved = point(record.Achieved(frame.frame));
    page.frames.push_back(row);
  }
  const std::filesystem::path path = project.Subfolder("reports") / fmt::format("eyeline_run-{}.html", result.run_id);
  report::WriteEyelinePage(path, page);
  return text + "report " + path.string() + "\n";
}

}  // namespace

void RunAndPrint(RenderOptions options, const GlobalOptions& global) {
  pipeline::Job& job = options.job;
  if (!options.codec.empty()) job.codec = media::ParseCodec(options.codec);
  job.copy_sound = job.copy_sound && !options.no_sound;
  job.resume = !options.no_resume;
  job.on_bad_frame = media::ParseOnBadFrame(options.on_bad_frame);
  if (media::IsPipe(job.output) && isatty(STDOUT_FILENO) != 0)
    Throw(ErrorCode::kUsage,
          "-o - writes NUT to standard output, which is this terminal; pipe it: ... -o - | ffplay -");
  if (media::IsPipe(job.output)) SendResultsToStderr();
  job.device = image::SelectDevice(global.device);
  job.command_line = global.command_line;
  const project::Project project = OpenProject(global);
  const pipeline::JobResult result = pipeline::RunJob(project, job, *MakeProgress(global));
  if (job.dry_run) return PrintResult(global, {{"plan", result.plan}}, result.plan);
  const double fps = result.stats.seconds > 0 ? static_cast<double>(result.stats.frames) / result.stats.seconds : 0;
  std::string text =
      fmt::format("{}: {} frames, {:.2f} fps, {:.1f} % of the picture altered\nlabel {}\n", result.output.string(),
                  result.stats.frames, fps, 100 * result.stats.altered_share(), result.label.string());
  text += result.notes;
  constexpr double kWorthTelling = 5e-4;
  if (result.stats.held_share > kWorthTelling)
    text += fmt::format("{:.1f} % of what is relit would change by more than --most-stops, and was held there\n",
                        100 * result.stats.held_share);
  if (result.stats.resumed_frames > 0)
    text += fmt::format("went on from {} frames that an earlier run had finished\n", result.stats.resumed_frames);
  for (const int64_t frame : result.stats.bad_frames)
    text += fmt::format("frame {} does not decode: {}\n", frame,
                        job.on_bad_frame == media::OnBadFrame::kHold ? "the one before stands in" : "left out");
  if (options.timings) {
    for (const auto& [stage, seconds] : result.stats.stage_seconds)
      text +=
          fmt::format("  {:<20} {:8.2f} ms a frame\n", stage, 1e3 * seconds / static_cast<double>(result.stats.frames));
  }
  nlohmann::json eyeline;
  if (result.eyeline) {
    eyeline = nlohmann::json::parse(pipeline::ToJson(*result.eyeline));
    text += ReportEyeline(project, job, result);
  }
  PrintResult(global,
              {{"output", result.output.string()},
               {"eyeline", eyeline},
               {"label", result.label.string()},
               {"run", result.run_id},
               {"frames", result.stats.frames},
               {"resumed_frames", result.stats.resumed_frames},
               {"bad_frames", result.stats.bad_frames},
               {"notes", result.notes},
               {"fps", fps},
               {"seconds", result.stats.seconds},
               {"altered_share", result.stats.altered_share()},
               {"held_share", result.stats.held_share},
               {"stage_seconds", result.stats.stage_seconds}},
              text);
}

}  // namespace shotfix::cli
