// SPDX-License-Identifier: Apache-2.0
// One job: a catalogued clip, passes, an output. What `background` and `run` do.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shotfix/passes/eyeline.h"
#include "shotfix/passes/relight.h"
#include "shotfix/pipeline/eyeline_record.h"
#include "shotfix/pipeline/plate_source.h"
#include "shotfix/pipeline/render.h"
#include "shotfix/project/project.h"
#include "shotfix/temporal/stabiliser.h"
#include "shotfix/train/shot_inputs.h"

namespace shotfix::pipeline {

// A pass as a user asks for it. One struct per kind.
struct IdentityRequest {};
struct BackgroundRequest {
  std::string plate;           // file, sequence pattern or catalogue name; empty with matte_only
  std::string plate_in_space;  // what an untagged plate is
  PlateOptions placing;
  passes::BackgroundOptions look;
  train::CleanPlateChoice clean_plate;
  temporal::StabiliserOptions stabiliser;
  // Relights the actor first, by the plate's own ambient light. light_from as RelightRequest has it.
  bool light_from_plate = false;
  std::string light_from;
};

// Lights as light::ParseKey reads them: "AZ,EL[,KELVIN[,STOPS]]".
struct RelightRequest {
  std::vector<std::string> keys, fills, rims;
  std::string light_from;           // "AZ,EL[,COLOUR]": the shot's own key; empty: found
  std::vector<std::string> beside;  // "CLIP,AZ,EL[,COLOUR]": other takes of the actor, and where their keys stood
  // Panoramas, plates and gobos: a still, a clip's first frame, or a catalogue name.
  std::string hdri;                    // an equirectangular picture: all of the light
  double hdri_turn_deg = 0;            // to picture right, -360 to 360
  std::string ambient_from;            // a plate whose own ambient light is wanted
  double ambient_from_gain_stops = 0;  // of that plate, -10 to 10
  int64_t ambient_from_frame = 0;      // of that plate, from its first; past its end: its last
  std::string gobo;                    // before the first key
  std::string picture_in_space;        // what those are where they are untagged
  std::string match;                   // catalogue name of a shot whose light is wanted
  std::string light;                   // name of a light that was saved in this project
  std::string save_light;              // saves the light that is wanted under this name
  std::string take;  // catalogue name of a light-reference take; empty: the actor's, where there is one
  bool use_take = true;
  bool use_head = true;         // where there is no take: the actor's light head, where the model has one
  bool use_face = true;         // where there is no take: the face that a hint or the locator finds
  bool use_locator = true;      // where no hint says where the eyes are
  passes::RelightOptions look;  // its lights are set from the texts above
  train::CleanPlateChoice clean_plate;
  temporal::StabiliserOptions stabiliser{.gain_radius = 8};  // light moves slowly: longer than a matte's window

  passes::RelightOptions Look() const;  // throws kUsage
};

// Targets as passes::eyeline reads them: "YAW,PITCH", "X,Y[@FRAME]".
struct EyelineRequest {
  std::string to, by;
  bool camera = false;
  std::vector<std::string> look_at;
  std::string keys;               // CSV file of frame,yaw,pitch
  std::string at;                 // catalogue name of the other side's shot
  std::string at_person;          // whose eyes there; empty: of the one who is there
  std::string left_by, right_by;  // "YAW,PITCH" added to the eye at picture left or right
  std::string space = "head";
  std::string during;           // "A:B": where the eyes are turned; empty: everywhere
  std::string person;           // whose eyes; empty: of the one who is there
  bool use_locator = true;      // where no hint says where the eyes are
  bool use_head = true;         // the actor's gaze head, where "shotfix train" kept one
  std::string sheet;            // PNG: a contact sheet of what was found of the eyes
  passes::EyelineOptions look;  // its targets are set from the texts above

  // All but `at` and `during`, which need clips. Throws kUsage, kNoInput, kData.
  passes::EyelineOptions Look() const;
  std::string TargetText() const;  // "by 10,0"
};

using PassRequest = std::variant<BackgroundRequest, IdentityRequest, RelightRequest, EyelineRequest>;
const char* NameOf(const PassRequest& request);  // of the pass: "background"

struct Job {
  std::string clip;                 // catalogue name or path; "-" is standard input (NUT or Y4M)
  std::string in_space;             // what standard input is; other clips have it from ingest
  std::vector<std::string> people;  // who is on standard input
  std::filesystem::path output;     // "-" is standard output (NUT, or Y4M with --codec y4m)
  std::filesystem::path layers;     // --layers: the edits as EXR layers; equal to `output`: in the same files
  std::vector<PassRequest> passes;  // in order
  std::string frames;               // "A:B", empty: all
  media::OnBadFrame on_bad_frame = media::OnBadFrame::kStop;
  bool resume = true;  // keep finished frames until the deliverable is there, and go on from them
  media::Codec codec = media::Codec::kByFileName;
  int quality_crf = 14;
  bool copy_sound = true;
  bool matte_only = false;  // --matte-only: the picture untouched with the matte as alpha
  bool overwrite = false;
  bool dry_run = false;
  c10::Device device{c10::DeviceType::CPU};
  std::string command_line;  // for the label

  // What is really done, in order: a background that asks for its plate's light brings a relight pass before it.
  std::vector<PassRequest> AllPasses() const;
  // Effective options, as JSON; stored with the run and in the label.
  std::string OptionsJson() const;
  void Validate() const;  // throws kUsage
};

struct JobResult {
  RenderStats stats;
  std::filesystem::path output;
  std::filesystem::path label;
  int64_t run_id = 0;
  std::string plan;                      // what --dry-run prints
  std::string notes;                     // what the passes' analyses found, a line each
  std::optional<EyelineRecord> eyeline;  // of the last eyeline pass, where there is one
};

// Throws the errors of its parts; the catalogue's run says "failed" or "stopped" then, and nothing appears under
// `output`. Throws kData too when the source or a plate is not at the end what it was at the start.
JobResult RunJob(const project::Project& project, const Job& job, Progress& progress);

// Reads a job from TOML. Keys are the options' long names with underscores. Unknown keys are errors. Throws kConfig,
// kNoInput.
Job ReadJob(const std::filesystem::path& recipe);

}  // namespace shotfix::pipeline
