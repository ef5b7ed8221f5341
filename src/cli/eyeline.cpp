// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "cli/render_options.h"

namespace shotfix::cli {
namespace {

struct EyelineCommand {
  RenderOptions render;
  pipeline::EyelineRequest request;
  bool no_locator = false;
  bool no_head = false;
};

void RunEyeline(EyelineCommand command, const GlobalOptions& global) {
  command.request.use_locator = !command.no_locator;
  command.request.use_head = !command.no_head;
  // --person is an option of every render; here it also says whose eyes.
  if (!command.render.job.people.empty()) command.request.person = command.render.job.people.front();
  command.render.job.passes = {command.request};
  RunAndPrint(command.render, global);
}

void AddTargets(CLI::App& app, pipeline::EyelineRequest& request) {
  app.add_option("--to", request.to, "YAW,PITCH in degrees: a fixed gaze (+ is picture right, + is up); see --space");
  app.add_option("--by", request.by, "YAW,PITCH: beside the actor's own gaze");
  app.add_flag("--camera", request.camera, "Into the lens");
  app.add_option("--look-at", request.look_at, "X,Y[@FRAME]: a point of the picture; repeat with frames to move it")
      ->allow_extra_args(false);
  app.add_option("--at", request.at,
                 "The shot of the other side of the conversation: its gaze, mirrored about the axis between them");
  app.add_option("--at-person", request.at_person, "With --at: whose gaze, where several people are in that shot");
  app.add_option("--keys", request.keys, "A CSV of frame,yaw,pitch: a gaze that moves");
  app.add_option("--space", request.space, "What --to and --keys are measured from: head or camera")
      ->capture_default_str();
  app.add_option("--left-by", request.left_by, "YAW,PITCH added to the eye at picture left alone");
  app.add_option("--right-by", request.right_by, "YAW,PITCH added to the eye at picture right alone");
}

}  // namespace

void AddEyelineCommand(const CommandHost& host) {
  auto command = std::make_shared<EyelineCommand>();
  pipeline::EyelineRequest& request = command->request;
  CLI::App* app = host.app.add_subcommand("eyeline", "Turn an actor's eyes to where the scene needs them");
  app->add_option("CLIP", command->render.job.clip, "Catalogue name or file")->required();
  AddTargets(*app, request);
  app->add_option("--during", request.during, "A:B, half-open: turn the eyes there only, with an ease at both ends");
  app->add_option("--ease", request.look.ease_frames, "Frames of the ease, 0 to 100")->capture_default_str();
  app->add_option("--strength", request.look.strength, "Share of the turn, 0 to 1")->capture_default_str();
  app->add_option("--lids", request.look.lids, "Share of what the lids follow, 0 to 2")->capture_default_str();
  app->add_option("--depth", request.look.depth, "With --look-at: how far towards the lens the point lies, 0 to 0.95")
      ->capture_default_str();
  app->add_option("--view", request.look.view_deg, "With --look-at: the lens' horizontal angle of view in degrees")
      ->capture_default_str();
  app->add_option("--sheet", request.sheet, "PNG: what was found of the eyes, drawn over them, to look at");
  app->add_flag("--force", request.look.force, "Also turn eyes that are too small or too far away from the target");
  app->add_flag("--no-locator", command->no_locator,
                "Look for no face; \"shotfix hint --eyes\" says where the eyes are");
  app->add_flag("--no-gaze-head", command->no_head, "Leave out what \"shotfix train\" learned of these eyes");
  AddRenderOptions(*app, command->render);
  app->footer(
      "Example: shotfix eyeline take_3 --camera -o take_3_lens.mov\n"
      "         shotfix eyeline take_3 --by 8,-2 --during 40:96 -o take_3_left.mov\n"
      "Everything outside the eyes and their lids stays; see docs/eyeline.md.");
  app->callback([command, host] { RunEyeline(*command, host.global); });
}

}  // namespace shotfix::cli
