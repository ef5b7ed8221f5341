// SPDX-License-Identifier: Apache-2.0
#include "shotfix/pipeline/verify.h"

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command_table.h"
#include "cli/verify_print.h"
#include "shotfix/compliance/deliverable.h"
#include "shotfix/core/atomic_file.h"
#include "shotfix/core/error.h"
#include "shotfix/core/log.h"
#include "shotfix/project/solution_store.h"
#include "shotfix/train/shot_inputs.h"

namespace shotfix::cli {
namespace {

struct VerifyCommand {
  std::string result, source, reference, region, in_space, before_after;
  std::optional<int64_t> source_begin;
  pipeline::VerifyLimits limits;
};

media::ClipInfo OpenAny(const std::string& path, const media::ProbeOptions& options) {
  return media::Probe(path, options);
}

// The project's record of where the render wrote, found through the label.
void FindRecord(const VerifyCommand& command, const GlobalOptions& global, pipeline::VerifyInputs& inputs) {
  const std::optional<compliance::LabelRecord> label = compliance::ReadLabel(compliance::LabelPath(command.result));
  if (!label || label->edit_record.empty()) return;
  try {
    const project::Project project = OpenProject(global);
    if (project.production_id() != label->production_id) return;
    const std::optional<image::Solution> record = project::SolutionStore(project).Find(label->edit_record);
    if (!record) return;
    inputs.support = record->track;
    const nlohmann::json body = nlohmann::json::parse(record->body, nullptr, false);
    if (body.is_object() && body.contains("source_begin") && body["source_begin"].is_number_integer())
      inputs.source_begin = body["source_begin"];
  } catch (const Error& problem) {
    log::Warning("the record of the edit is not at hand ({}); what lies outside the edit is not measured",
                 problem.what());
  }
}

int RunVerify(const VerifyCommand& command, const GlobalOptions& global) {
  media::ProbeOptions options;
  if (!command.in_space.empty()) options.in_space = image::ParseColourSpace(command.in_space);
  pipeline::VerifyInputs inputs;
  inputs.source = OpenAny(command.source, options);
  inputs.result = OpenAny(command.result, options);
  if (!command.reference.empty()) inputs.reference = OpenAny(command.reference, options);
  if (!command.region.empty()) inputs.region = OpenAny(command.region, options);
  inputs.source_begin = inputs.source.frames.begin;
  FindRecord(command, global, inputs);
  if (command.source_begin) inputs.source_begin = *command.source_begin;
  const pipeline::VerifyReport report = pipeline::Verify(inputs, *MakeProgress(global));
  const std::vector<std::string> misses = pipeline::Misses(report, command.limits);
  if (!command.before_after.empty()) WriteBeforeAfter(command.before_after, inputs);
  PrintResult(global, ReportJson(report, misses), ReportText(report, misses));
  return misses.empty() ? 0 : static_cast<int>(ErrorCode::kCheckFailed);
}

}  // namespace

void AddVerifyCommand(const CommandHost& host) {
  auto command = std::make_shared<VerifyCommand>();
  pipeline::VerifyLimits& limits = command->limits;
  CLI::App* app =
      host.app.add_subcommand("verify", "Measure a result against its source; with limits, a gate for CI (exit 1)");
  app->add_option("OUT", command->result, "The result: file or sequence")->required();
  app->add_option("--source", command->source, "What it was made from")->required();
  app->add_option("--reference", command->reference, "The wanted picture: adds PSNR and SSIM");
  app->add_option("--region", command->region, "A matte clip: PSNR and SSIM over its bounding box only");
  app->add_option("--source-begin", command->source_begin,
                  "Source frame under the result's first (else from the render's record)");
  app->add_option("--in-space", command->in_space, "What untagged files are");
  app->add_option("--before-after", command->before_after, "Write a PNG: source above result, four frames");
  app->add_option("--max-outside-error", limits.max_outside_error, "Codes outside the edit; 0 for lossless outputs");
  app->add_option("--max-warp-ratio", limits.max_warp_ratio, "Warp error over the source's own");
  app->add_option("--max-flicker", limits.max_flicker_stops, "Stops, rms");
  app->add_option("--max-altered", limits.max_altered_share, "Share of altered pixels, 0 to 1");
  app->add_option("--min-psnr", limits.min_psnr_db, "dB, against --reference");
  app->add_option("--min-ssim", limits.min_ssim, "0 to 1, against --reference");
  app->footer(
      "Example: shotfix verify take_3_street.mkv --source take_3.mov --max-outside-error 0 --max-warp-ratio 1.05");
  app->callback([command, host] { host.exit_code = RunVerify(*command, host.global); });
}

}  // namespace shotfix::cli
