// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "cli/render_options.h"
#include "shotfix/image/colour.h"

namespace shotfix::cli {
namespace {

struct BackgroundCommand {
  RenderOptions render;
  pipeline::BackgroundRequest request;
  std::string fit = "fill";
  std::string end = "hold";
  std::vector<double> offset{0, 0};
  std::string clean_plate;
  bool no_clean_plate = false, no_match_grain = false, no_match_blur = false, no_follow = false;
};

void RunBackground(BackgroundCommand command, const GlobalOptions& global) {
  pipeline::BackgroundRequest& request = command.request;
  request.placing.fit = pipeline::ParsePlateFit(command.fit);
  request.placing.end = pipeline::ParsePlateEnd(command.end);
  request.placing.offset_x_px = command.offset.at(0);
  request.placing.offset_y_px = command.offset.at(1);
  request.clean_plate.use_catalogue = !command.no_clean_plate;
  if (!command.clean_plate.empty()) request.clean_plate.file = command.clean_plate;
  request.look.match_grain = !command.no_match_grain;
  request.look.match_blur = !command.no_match_blur;
  request.look.follow_camera = !command.no_follow;
  command.render.job.passes = {request};
  RunAndPrint(command.render, global);
}

void AddLook(CLI::App& app, passes::BackgroundOptions& look) {
  app.add_option("--matte-low", look.matte_low, "Mattes below are background, 0 to 0.5")->capture_default_str();
  app.add_option("--matte-high", look.matte_high, "Mattes above are the actor, untouched, 0.5 to 1")
      ->capture_default_str();
  app.add_option("--matte-shrink", look.matte_shrink_px, "Pixels inwards, -8 to 8")->capture_default_str();
  app.add_option("--despill", look.despill, "How much of the old background leaves soft edges, 0 to 1")
      ->capture_default_str();
  app.add_option("--light-wrap", look.light_wrap, "Strength of the plate's light over the edge, 0 to 1")
      ->capture_default_str();
  app.add_option("--light-wrap-size", look.light_wrap_size, "Its reach as a share of the frame's height, 0 to 0.1")
      ->capture_default_str();
  app.add_option("--plate-gain", look.plate_gain_stops, "Exposure of the plate in stops, -10 to 10")
      ->capture_default_str();
  app.add_option("--plate-blur", look.plate_blur_px, "Extra softness of the plate in pixels, 0 to 50")
      ->capture_default_str();
  app.add_option("--seed", look.seed, "Of the plate's grain")->capture_default_str();
}

}  // namespace

void AddBackgroundCommand(const CommandHost& host) {
  auto command = std::make_shared<BackgroundCommand>();
  pipeline::BackgroundRequest& request = command->request;
  CLI::App* app =
      host.app.add_subcommand("background", "Put a new background behind the actor, or pull the matte alone");
  app->add_option("CLIP", command->render.job.clip, "Catalogue name or file")->required();
  app->add_option("--plate", request.plate, "The new background: still, clip, sequence or catalogue name");
  app->add_option("--plate-in-space", request.plate_in_space,
                  "What an untagged plate is: " + image::ColourSpaceNames());
  app->add_option("--plate-fit", command->fit, "fill, fit or stretch")->capture_default_str();
  app->add_option("--plate-end", command->end, "A plate shorter than the shot: hold, loop or error")
      ->capture_default_str();
  app->add_option("--plate-scale", request.placing.scale, "After fitting, 0.1 to 10")->capture_default_str();
  app->add_option("--plate-offset", command->offset, "X,Y in pixels of the shot")->delimiter(',')->expected(2);
  app->add_option("--plate-start", request.placing.start, "Plate frame under the shot's first")->capture_default_str();
  app->add_option("--clean-plate", command->clean_plate,
                  "The set without the actor (else the catalogue's for this scene)");
  app->add_flag("--no-clean-plate", command->no_clean_plate, "Use none; one is gathered from the shot");
  app->add_flag("--no-match-grain", command->no_match_grain, "Leave the plate's grain as it is");
  app->add_flag("--no-match-blur", command->no_match_blur, "Leave the plate's sharpness as it is");
  app->add_flag("--no-follow-camera", command->no_follow, "Do not move the plate with the camera");
  app->add_flag("--light-from-plate", request.light_from_plate,
                "Relight the actor too, by the plate's own ambient light; needs consent for relight");
  app->add_option("--light-from", request.light_from,
                  "AZ,EL[,COLOUR]: the shot's own key, for --light-from-plate where the shot cannot tell it");
  app->add_flag("--matte-only", command->render.job.matte_only,
                "Write the picture untouched with the matte as alpha: .mov ProRes 4444, EXR, PNG");
  app->add_option("--alpha-radius", request.stabiliser.alpha_radius,
                  "Frames on each side that steady the matte, 0 to 16")
      ->capture_default_str();
  AddLook(*app, request.look);
  AddRenderOptions(*app, command->render);
  app->footer(
      "Example: shotfix background take_3 --plate street.exr -o take_3_street.mov\n"
      "With its light on the actor: shotfix background take_3 --plate street.exr --light-from-plate --light-from "
      "-40,25 "
      "-o take_3_street.mov\n"
      "Outside the edit the source's samples are copied; a lossless output (.mkv, DPX, TIFF, PNG) keeps them bit for "
      "bit.");
  app->callback([command, host] { RunBackground(*command, host.global); });
}

}  // namespace shotfix::cli
