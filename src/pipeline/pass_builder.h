// SPDX-License-Identifier: Apache-2.0
// What a job's passes share, and the passes themselves, ready to render.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "shotfix/core/progress.h"
#include "shotfix/model/mini_model.h"
#include "shotfix/pipeline/job.h"
#include "shotfix/project/clip_store.h"

namespace shotfix::pipeline {

struct Stock {
  project::ClipRecord clip;
  media::ClipInfo info;
  std::optional<model::MiniModel> model;  // loaded when a pass needs it
  std::string model_sha256;               // empty without a model
};

// Finds the clip, checks that it is what was ingested, loads the model where a pass needs one. Throws kNoInput, kData,
// kNoPermission.
Stock LoadStock(const project::Project& project, const Job& job);

model::Head MatteHeadOf(const project::Project& project, const Stock& stock);  // throws kNoInput

// Turns requests into passes that are ready to render; keeps what they point to alive.
class PassBuilder {
 public:
  PassBuilder(const project::Project& project, const Job& job, const Stock& stock, Progress& progress)
      : project_(project), job_(job), stock_(stock), progress_(progress) {}

  RenderPass Build(const PassRequest& request, const compliance::ConsentGrant& grant);
  // Everything beside the footage and the options that the passes built so far depend on: plates, paint, clean plates.
  const std::string& content_key() const { return content_key_; }
  // What the analyses have to tell a person, a line each.
  const std::string& notes() const { return notes_; }
  // Of the last eyeline pass, where there is one.
  const std::optional<EyelineRecord>& eyeline() const { return eyeline_; }
  // Throws kData when a plate is not what it was when its pass was built.
  void CheckPlates() const;

 private:
  std::unique_ptr<passes::EditPass> MakeBackground(const BackgroundRequest& request,
                                                   const compliance::ConsentGrant& grant);
  std::unique_ptr<passes::EditPass> MakeEyeline(const EyelineRequest& request, const compliance::ConsentGrant& grant);
  gaze::Direction GazeOf(const EyelineRequest& request);
  void RecordEyeline(const EyelineRequest& request, const image::Solution& solution);
  std::unique_ptr<passes::EditPass> MakeRelight(const RelightRequest& request, const compliance::ConsentGrant& grant);
  passes::RelightInputs RelightInputsOf(const RelightRequest& request, const project::ClipRecord& clip,
                                        const media::ClipInfo& info);
  void UseLightHead(const project::ClipRecord& clip, passes::RelightInputs& inputs);
  std::optional<passes::FaceHint> FaceIn(const RelightRequest& request, const project::ClipRecord& clip,
                                         const media::ClipInfo& info, int64_t analysis_width);
  media::ClipInfo UsePlate(const std::string& name, const std::string& in_space);
  at::Tensor PictureOf(const std::string& name, const std::string& in_space, int64_t frame_index = 0);
  light::SceneLight EnvironmentOf(const RelightRequest& request);
  light::SceneLight AmbientOf(const RelightRequest& request);
  bool MatchesByColour(const RelightRequest& request) const;
  static RelightRequest ForColours(RelightRequest request);
  passes::FoundShotColours ColoursOf(const RelightRequest& request);
  struct OtherShot {
    image::Solution solution;
    std::string key;  // names all of it
  };
  // Of a shot that this one is compared with; `option` named it.
  OtherShot AnalyseOther(const std::string& option, const project::ClipRecord& clip, const RelightRequest& request);
  static RelightRequest Guessed(const RelightRequest& request);
  light::SceneLight LightOf(const std::string& name, const std::string& take);
  void UseOtherTakes(const RelightRequest& request, passes::RelightInputs& inputs);
  light::SceneLight SavedLight(const std::string& name, const std::string& take_key);
  void SaveLight(const RelightRequest& request, const image::Solution& solution);
  image::Solution Solve(const passes::EditPass& pass, int64_t long_side_px);

  const project::Project& project_;
  const Job& job_;
  const Stock& stock_;
  Progress& progress_;
  std::vector<std::unique_ptr<passes::EditPass>> passes_;
  std::map<std::string, int> names_;                     // how often each was built
  std::map<std::filesystem::path, std::string> plates_;  // SHA-256 of each
  passes::RelightOptions relight_look_;                  // of the relight pass that was built last
  std::string relight_take_key_;
  passes::EyelineOptions eyeline_look_;  // of the eyeline pass that was built last
  std::string eyeline_person_;
  std::optional<EyelineRecord> eyeline_;
  std::string content_key_;
  std::string notes_;
};

}  // namespace shotfix::pipeline
