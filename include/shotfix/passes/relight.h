// SPDX-License-Identifier: Apache-2.0
// Relight: a gain that moves, colours, softens and balances the light on an actor, and leaves the actor's own detail.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shotfix/compliance/consent.h"
#include "shotfix/light/face_relief.h"
#include "shotfix/light/shot_colours.h"
#include "shotfix/light/take.h"
#include "shotfix/model/mini_model.h"
#include "shotfix/passes/edit_pass.h"
#include "shotfix/temporal/propagate.h"

namespace shotfix::passes {

// What of the picture the light changes on.
enum class LitPart { kPerson, kSet, kAll };
LitPart ParseLitPart(const std::string& name);  // "person", "set", "all"; throws kUsage
std::string ToString(LitPart part);

// Of an analysis of colours: on the head, where a face was found, and of the whole subject.
struct FoundShotColours {
  std::optional<light::ShotColours> head;
  light::ShotColours all;
};

struct RelightOptions {
  std::vector<light::KeyRequest> keys;    // up to 3; none: the shot's own key stays
  std::vector<light::KeyRequest> extras;  // fill, rim, kicker: added to the keys, up to 4
  // Where the shot's own key stands; nothing: found, which needs a take or a head that turns. Its colour counts without
  // a take alone, where nothing else tells a warm light from warm skin: unsaid it is taken for 6,500 K. No stops.
  std::optional<light::KeyRequest> light_from;
  std::optional<light::SceneLight> match;  // all of the light that is wanted, in place of keys: another shot's
  // The colours of another shot of the subject, in place of all lights: where no light-reference take is shared by
  // both.
  std::optional<FoundShotColours> match_colours;
  bool colours_only = false;  // the analysis looks for colours and for no light; with match_colours, always
  // Surroundings in units of their own, brought to the strength of the shot's light: all of the light but the extras.
  std::optional<light::SceneLight> environment;
  double environment_stops = 0;  // beside the shot's own strength, -6 to 6
  // What will stand behind the actor, by its own light (light::AmbientOfPlate): takes the place of the shot's ambient
  // light, as much stronger as the plate is brighter than the background that is there, within 2 stops.
  std::optional<light::SceneLight> plate_ambient;
  LitPart on = LitPart::kPerson;
  double gobo_size = 1;      // height of the gobo in heights of the frame, 0.05 to 20
  double soften_deg = 8;     // radius of the new keys, 0 to 60; fills are 40
  double ambient_stops = 0;  // of the ambient light beside the shot's own, -6 to 6
  double strength = 1;       // share of the change, in stops, 0 to 1
  double most_stops = 4;     // no pixel changes by more, 0.5 to 6
  bool shadows = true;       // cast ones, of the subject on itself
  // All of the wanted light is made as much stronger or weaker as keeps the mean level of the face, or of the subject
  // where no face is known.
  bool hold_exposure = false;

  void Validate() const;  // throws kUsage
};

// Where a face is in a frame of the shot, px of the analysis picture; how far it is turned is read from the outline.
struct FaceHint {
  int64_t frame = 0;
  light::FacePlace place;
};

// Another take of the same subject, in other light: few of its frames, and what its own analysis found of that light.
struct OtherTake {
  std::string name;
  light::SceneLight light;  // one key, in units of its own albedo
  struct Picture {
    at::Tensor linear;  // [3,h,w] scene-linear at the analysis size
    at::Tensor matte;   // [1,h,w]
  };
  std::vector<Picture> pictures;
};
OtherTake ShownIn(const image::Solution& solution, const std::string& name);

struct RelightInputs {
  temporal::PaintedMattes painted;  // at the analysis size
  std::string painted_key;
  at::Tensor clean_plate;  // [3,h,w] perceptual at the analysis size; may be undefined
  std::string clean_plate_key;
  model::Head matte_head;
  std::string model_key;
  std::shared_ptr<const light::LightTake> take;  // at the analysis size; null: the shape is guessed
  std::string take_key;
  std::optional<FaceHint> face;  // where there is no take; nothing: the outline alone tells the shape
  // The actor's own, where there is no take: what it learned from one tells the shape in place of outline and mean
  // face.
  std::optional<model::Head> light_head;
  std::string light_head_name;  // in the model that model_key names
  // Takes whose shading mends a guessed shape beside the shot's own; of the shot's analysis size. Where there is
  // neither a light-reference take nor a light head.
  std::vector<OtherTake> others;
  std::string others_key;
  at::Tensor gobo;  // [3,h,w] in [0,1], before the first key; undefined: none
};

// How the shape of the subject is known, and what that is worth. kColour: hardly, for a match of colours alone.
enum class GeometryTier { kColour, kOutline, kFaceRelief, kLightHead, kLightReference };
std::string ToString(GeometryTier tier);
GeometryTier TierFrom(const std::string& name);  // throws kData
// One sentence: the tier, the error of its normals to expect, and what would raise it. head_error_deg: of a light head,
// as it was measured on what it never saw.
std::string Explain(GeometryTier tier, double head_error_deg = 0);

// What the analysis of a shot found. Through one light-reference take the lights of several shots compare.
struct ShotLight {
  light::SceneLight light;
  double background = 0;  // mean luminance of what is behind the actor, scene-linear; 0: nothing is seen of it
};
ShotLight FoundLight(const image::Solution& solution);
FoundShotColours FoundColours(const image::Solution& solution);
// The light that the options ask for, given the one that was found.
light::SceneLight WantedLight(const RelightOptions& options, const ShotLight& found);

// What the analysis of a shot says about its light; for people.
std::string DescribeLight(const image::Solution& solution);

// Analyse throws kData when the shot cannot tell where its light is (no take, and no head that turns by 10 degrees; or
// known to more than 15) and light_from is not given, when the take does not fit the shot, and when too little of the
// actor is seen or the key that light_from says reaches none of it.
std::unique_ptr<EditPass> MakeRelightPass(const RelightOptions& options, RelightInputs inputs, c10::Device device,
                                          const compliance::ConsentGrant& grant);

}  // namespace shotfix::passes
