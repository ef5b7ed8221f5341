// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "cli/render_options.h"

namespace shotfix::cli {
namespace {

struct RunCommand {
  std::string recipe;
  std::string clip;
  RenderOptions render;
};

// The recipe first, then whatever the command line says over it.
void RunRun(const RunCommand& command, const CLI::App& app, const GlobalOptions& global) {
  RenderOptions options = command.render;
  options.job = pipeline::ReadJob(command.recipe);
  const pipeline::Job& typed = command.render.job;
  if (!command.clip.empty()) options.job.clip = command.clip;
  if (app.count("--output") > 0) options.job.output = typed.output;
  if (app.count("--crf") > 0) options.job.quality_crf = typed.quality_crf;
  if (app.count("--frames") > 0) options.job.frames = typed.frames;
  if (app.count("--layers") > 0) options.job.layers = typed.layers;
  if (app.count("--on-bad-frame") == 0) options.on_bad_frame = media::ToString(options.job.on_bad_frame);
  options.job.in_space = typed.in_space;
  options.job.people = typed.people;
  options.job.overwrite = typed.overwrite;
  options.job.dry_run = typed.dry_run;
  RunAndPrint(options, global);
}

}  // namespace

void AddRunCommand(const CommandHost& host) {
  auto command = std::make_shared<RunCommand>();
  CLI::App* app = host.app.add_subcommand("run", "Run the passes of a recipe with one decode and one encode");
  app->add_option("RECIPE", command->recipe, "TOML: clip, output and one [[pass]] section per pass")->required();
  app->add_option("--clip", command->clip, "Instead of the recipe's clip");
  AddRenderOptions(*app, command->render);
  app->footer(
      "Example: shotfix run night_street.toml --clip take_4 -o take_4.mov\n"
      "A recipe:\n  clip = \"take_3\"\n  output = \"take_3.mov\"\n  [[pass]]\n  type = \"background\"\n  plate = "
      "\"street.exr\"\n  light_wrap = 0.1");
  app->callback([command, app, host] { RunRun(*command, *app, host.global); });
}

}  // namespace shotfix::cli
