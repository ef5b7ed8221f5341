// SPDX-License-Identifier: Apache-2.0
#include "pipeline/other_takes.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "pipeline/pass_builder.h"
#include "shotfix/core/error.h"
#include "shotfix/image/analysis.h"
#include "shotfix/train/train_project.h"

namespace shotfix::pipeline {
namespace {

constexpr size_t kMostTakes = 4;

}  // namespace

std::vector<NamedTake> ParseTakes(const std::vector<std::string>& texts) {
  if (texts.size() > kMostTakes)
    Throw(ErrorCode::kUsage, "{} takes --beside the shot; up to {} are allowed", texts.size(), kMostTakes);
  std::vector<NamedTake> takes;
  for (const std::string& text : texts) {
    const size_t comma = text.find(',');
    if (comma == 0 || comma == std::string::npos)
      Throw(ErrorCode::kUsage, "--beside \"{}\" should be CLIP,AZ,EL[,COLOUR]: a take, and where its key stood", text);
    NamedTake take{text.substr(0, comma), text.substr(comma + 1), {}};
    take.key = light::ParseKey(take.key_text);
    if (take.key.stops != 0)
      Throw(ErrorCode::kUsage, "--beside \"{}\" says the light that is there: write CLIP,AZ,EL[,COLOUR], without stops",
            text);
    takes.push_back(std::move(take));
  }
  return takes;
}

// Each through its own analysis, which is stored and serves a relight of that take too.
void PassBuilder::UseOtherTakes(const RelightRequest& request, passes::RelightInputs& inputs) {
  const std::vector<NamedTake> takes = ParseTakes(request.beside);
  if (takes.empty()) return;
  if (inputs.take || inputs.light_head)
    Throw(ErrorCode::kUsage,
          "--beside mends a shape that is guessed, and {} tells it better; leave --beside out, or that with {}",
          inputs.take ? "this actor's light-reference take" : "this actor's light head",
          inputs.take ? "--no-take --no-head" : "--no-head");
  const project::ClipStore clips(project_);
  for (const NamedTake& take : takes) {
    const project::ClipRecord clip = train::FindClip(project_, take.clip);
    if (clip.id == stock_.clip.id)
      Throw(ErrorCode::kUsage, "--beside \"{}\" is this shot itself; name another take of the actor", take.clip);
    const std::vector<std::string> here = clips.PeopleIn(stock_.clip.id);
    const std::vector<std::string> there = clips.PeopleIn(clip.id);
    const bool shared = std::any_of(there.begin(), there.end(), [&](const std::string& person) {
      return std::find(here.begin(), here.end(), person) != here.end();
    });
    if (!shared && !(here.empty() && there.empty()))
      Throw(ErrorCode::kNoInput,
            "--beside \"{}\" shows nobody who is in this shot, and another's face tells nothing; ingest says who is "
            "where (--person)",
            take.clip);
    RelightRequest guessed = Guessed(request);
    guessed.light_from = take.key_text;
    const OtherShot other = AnalyseOther("--beside", clip, guessed);
    inputs.others.push_back(passes::ShownIn(other.solution, clip.name));
    inputs.others_key += other.key;
    const at::Tensor& shown = inputs.others.back().pictures.front().linear;
    const image::AnalysisSize own = image::ChooseAnalysisSize(stock_.info.layout.height, stock_.info.layout.width,
                                                              inputs.matte_head.shape.at("long_side_px"));
    if (shown.size(1) != own.height || shown.size(2) != own.width)
      Throw(ErrorCode::kData, "--beside \"{}\" has another shape of picture than this shot", take.clip);
  }
  content_key_ += inputs.others_key;
}

}  // namespace shotfix::pipeline
