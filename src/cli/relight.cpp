// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "cli/render_options.h"
#include "shotfix/image/colour.h"

namespace shotfix::cli {
namespace {

struct RelightCommand {
  RenderOptions render;
  pipeline::RelightRequest request;
  std::string on = "person";
  bool no_take = false, no_head = false, no_face = false, no_locator = false, no_shadows = false,
       no_clean_plate = false;
};

void RunRelight(RelightCommand command, const GlobalOptions& global) {
  command.request.look.on = passes::ParseLitPart(command.on);
  command.request.use_take = !command.no_take;
  command.request.use_head = !command.no_head;
  command.request.use_face = !command.no_face;
  command.request.use_locator = !command.no_locator;
  command.request.look.shadows = !command.no_shadows;
  command.request.clean_plate.use_catalogue = !command.no_clean_plate;
  command.render.job.passes = {command.request};
  RunAndPrint(command.render, global);
}

void AddLights(CLI::App& app, pipeline::RelightRequest& request) {
  const auto lights = [&](const char* names, std::vector<std::string>& texts, const char* help) {
    app.add_option(names, texts, help)->allow_extra_args(false);
  };
  lights("--key", request.keys,
         "AZ,EL[,COLOUR[,STOPS]]: a key in place of the shot's own; up to three. AZ 0 is at the lens, + at picture "
         "right, 180 behind; EL + is above. COLOUR in kelvin or as R:G:B. STOPS beside the shot's own key");
  lights("--fill", request.fills, "AZ,EL[,COLOUR[,STOPS]]: a soft light beside the key, -2 stops by default");
  lights("--rim,--kicker", request.rims, "AZ,EL[,COLOUR[,STOPS]]: a light from behind, -0.5 stops by default");
  app.add_option(
      "--light-from", request.light_from,
      "AZ,EL[,COLOUR]: the shot's own key; found where there is a take, or a head that turns by 10 degrees. Its "
      "colour counts without a take, unsaid 6500");
  app.add_option("--beside", request.beside,
                 "CLIP,AZ,EL[,COLOUR]: another take of the actor in like framing, and where its key stood; what that "
                 "shades tells more of the shape. Without a light-reference take; up to four")
      ->allow_extra_args(false);
  app.add_option(
      "--match", request.match,
      "The light of another shot with the same actor, by catalogue name; where both share no light-reference "
      "take, its colours and the side that is lit");
  app.add_option("--light", request.light, "A light of this project that --save-light named");
  app.add_option("--save-light", request.save_light, "Names the light that results, for other shots of the same actor");
  app.add_option("--soften", request.look.soften_deg, "Radius of the keys in degrees, 0 to 60: how soft they are")
      ->capture_default_str();
  app.add_option("--ambient", request.look.ambient_stops, "Ambient light beside the shot's own in stops, -6 to 6")
      ->capture_default_str();
  app.add_flag("--hold-exposure", request.look.hold_exposure,
               "The face keeps its mean level: the lights are made as much stronger or weaker as that needs");
}

void AddSurroundings(CLI::App& app, pipeline::RelightRequest& request) {
  app.add_option(
      "--hdri", request.hdri,
      "A panorama, equirectangular, EXR: all of the light, at the strength of the shot's own. Its lamps become "
      "keys. Its middle is what stands behind the actor");
  app.add_option("--hdri-turn", request.hdri_turn_deg, "Turns the panorama to picture right, degrees")
      ->capture_default_str();
  app.add_option("--hdri-stops", request.look.environment_stops, "Its strength beside the shot's own light, -6 to 6")
      ->capture_default_str();
  app.add_option("--ambient-from", request.ambient_from,
                 "A plate whose own light becomes the ambient light: what will stand behind the actor");
  app.add_option(
      "--gobo", request.gobo,
      "A picture before the first key: white lets its light through. Upright as seen from the lamp, its middle "
      "on the frame's");
  app.add_option("--gobo-size", request.look.gobo_size, "Its height in heights of the frame, 0.05 to 20")
      ->capture_default_str();
  app.add_option("--picture-in-space", request.picture_in_space,
                 "What an untagged panorama, plate or gobo is: " + image::ColourSpaceNames());
}

}  // namespace

void AddRelightCommand(const CommandHost& host) {
  auto command = std::make_shared<RelightCommand>();
  pipeline::RelightRequest& request = command->request;
  CLI::App* app = host.app.add_subcommand("relight", "Move, colour and soften the light on an actor");
  app->add_option("CLIP", command->render.job.clip, "Catalogue name or file")->required();
  AddLights(*app, request);
  AddSurroundings(*app, request);
  app->add_option("--on", command->on,
                  "What is relit: person; set, by its planes where the camera moves through it, else as a wall that "
                  "faces the lens; or all of the picture")
      ->capture_default_str();
  app->add_option("--take", request.take, "The light-reference take to use (else the actor's own in the catalogue)");
  app->add_flag("--no-take", command->no_take,
                "Use none: the actor's light head, else outline and mean face tell the shape");
  app->add_flag("--no-head", command->no_head, "No light head: without a take outline and mean face tell the shape");
  app->add_flag("--no-face", command->no_face,
                "No mean face where the eyes are: without a take the outline alone tells the shape");
  app->add_flag("--no-locator", command->no_locator, "Look for no face: only a hint of the eyes places one");
  app->add_option("--strength", request.look.strength, "Share of the change, 0 to 1")->capture_default_str();
  app->add_option("--most-stops", request.look.most_stops, "No pixel changes by more, 0.5 to 6")->capture_default_str();
  app->add_flag("--no-shadows", command->no_shadows, "Cast none");
  app->add_flag("--no-clean-plate", command->no_clean_plate, "Use none; one is gathered from the shot");
  app->add_option("--gain-radius", request.stabiliser.gain_radius, "Frames on each side that steady the light, 0 to 16")
      ->capture_default_str();
  AddRenderOptions(*app, command->render);
  app->footer(
      "Example: shotfix relight take_3 --key 45,30,3200 -o take_3_key.mov\n"
      "Without a light-reference take: shotfix relight take_3 --light-from -40,25,3200 --key 45,30,5600 -o "
      "take_3_key.mov\n"
      "The shot's own detail, grain and what is outside the actor stay; see docs/relight.md.");
  app->callback([command, host] { RunRelight(*command, host.global); });
}

}  // namespace shotfix::cli
