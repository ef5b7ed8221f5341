// SPDX-License-Identifier: Apache-2.0
// --match where no take is shared: the colours of another shot.
#include <fmt/ranges.h>

#include "pipeline/light_take_file.h"
#include "pipeline/pass_builder.h"
#include "shotfix/core/error.h"
#include "shotfix/train/train_project.h"

namespace shotfix::pipeline {
namespace {

// What is asked for beside a match of colours, and has no meaning there.
void RefuseBesideColours(const RelightRequest& request) {
  std::vector<std::string> without;
  if (!request.gobo.empty()) without.emplace_back("--gobo");
  if (!request.save_light.empty()) without.emplace_back("--save-light");
  if (!request.beside.empty()) without.emplace_back("--beside");
  if (request.look.on != passes::LitPart::kPerson) without.emplace_back("--on");
  if (request.look.hold_exposure) without.emplace_back("--hold-exposure");
  if (without.empty()) return;
  Throw(ErrorCode::kUsage,
        "\"{}\" and this shot use no light-reference take together, so --match brings its colours and no light, to the "
        "actor alone; leave {} out",
        request.match, fmt::join(without, ", "));
}

}  // namespace

bool PassBuilder::MatchesByColour(const RelightRequest& request) const {
  if (request.match.empty()) return false;
  if (!request.use_take) return true;
  const std::optional<LightTakeFile> own = FindLightTake(project_, stock_.clip, request.take);
  const std::optional<LightTakeFile> other =
      FindLightTake(project_, train::FindClip(project_, request.match), request.take);
  return !own || !other || own->key != other->key;
}

RelightRequest PassBuilder::ForColours(RelightRequest request) {
  RefuseBesideColours(request);
  request.use_take = request.use_head = false;
  request.look.colours_only = true;
  request.light_from.clear();
  return request;
}

// From one person's skin to another's colours do not compare.
passes::FoundShotColours PassBuilder::ColoursOf(const RelightRequest& request) {
  const project::ClipStore clips(project_);
  const project::ClipRecord clip = train::FindClip(project_, request.match);
  if (clips.PeopleIn(stock_.clip.id) != clips.PeopleIn(clip.id))
    Throw(ErrorCode::kNoInput,
          "--match \"{}\" does not show just the people who are in this shot, and by colour one person's skin would "
          "become another's; say the light with --key, or who is where at ingest (--person)",
          clip.name);
  RelightRequest guessed = Guessed(request);
  guessed.look.colours_only = true;
  const OtherShot other = AnalyseOther("--match", clip, guessed);
  content_key_ += other.key;
  notes_ += "matched to " + clip.name + " by colour: no light-reference take is used in both\n";
  return passes::FoundColours(other.solution);
}

}  // namespace shotfix::pipeline
