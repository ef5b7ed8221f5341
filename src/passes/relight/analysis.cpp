// SPDX-License-Identifier: Apache-2.0
#include "passes/relight/analysis.h"

#include <ATen/ATen.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "passes/relight/colours.h"
#include "passes/relight/confidence.h"
#include "passes/relight/gain.h"
#include "passes/relight/surface.h"
#include "shotfix/core/error.h"
#include "shotfix/image/convert.h"
#include "shotfix/image/resample.h"

namespace shotfix::passes::relight {
namespace {

constexpr int64_t kMostFrames = 8;       // that the light is found from, and the face's own
constexpr int64_t kBesidePx = 4;         // of the analysis picture: so far from the subject is background
constexpr int kRounds = 2;               // the take is found again under the light that it helped to find
constexpr double kLeastLikeness = 0.45;  // below, the take is of something else, or seen from elsewhere
constexpr double kMostUncertainDeg = 15;
constexpr double kFewestTurnedDeg = 10;  // of a head, for its shading to tell where the light is
constexpr double kShapeErrorDeg = 7;  // of the direction, from the shape's own errors: 4 to 9 on the sample production

std::vector<Sample> TakeSamples(image::ShotReader& shot, const AnalysisInputs& asked, const ShotFacts& facts,
                                const image::FrameTrack& track) {
  const FrameRange frames = shot.frames();
  const int64_t count = std::min(kMostFrames, frames.size());
  std::set<int64_t> chosen;
  for (int64_t k = 0; k < count; ++k) chosen.insert(frames.begin + (2 * k + 1) * frames.size() / (2 * count));
  if (asked.inputs.face && frames.Contains(asked.inputs.face->frame)) chosen.insert(asked.inputs.face->frame);
  constexpr double kLeastShare = 0.005;  // of the picture: frames before the actor comes in tell nothing
  std::vector<Sample> samples;
  for (const int64_t frame : chosen) {
    const at::Tensor picture = shot.Analysis(frame);
    Sample sample{frame, at::nan_to_num(image::LinearFromPerceptual(picture), 0.0, 1.0, 0.0),
                  model::InferMatte(asked.head, facts, track, frame, picture).cpu()};
    if (sample.matte.mean().item<double>() >= kLeastShare) samples.push_back(std::move(sample));
  }
  if (samples.empty()) Throw(ErrorCode::kData, "no actor was found in this shot; look at its matte with --matte-only");
  return samples;
}

void CountSaturated(const std::vector<Sample>& samples, ShotFacts& facts) {
  constexpr double kWhite = 0.99;  // scene-linear
  double clipped = 0;
  double saturated = 0;
  double all = 0;
  for (const Sample& sample : samples) {
    const at::Tensor inside = (sample.matte > 0.5).to(at::kFloat);
    clipped += (inside * (sample.linear.amax(0, true) > kWhite)).sum().item<double>();
    saturated += (inside * Saturated(sample.linear)).sum().item<double>();
    all += inside.sum().item<double>();
  }
  facts.clipped = clipped / std::max(1.0, all);
  facts.saturated = saturated / std::max(1.0, all);
}

// Spread over the shot.
std::vector<Sample> Metered(const std::vector<Sample>& samples) {
  constexpr size_t kMost = 3;
  const size_t count = std::min(kMost, samples.size());
  std::vector<Sample> metered;
  for (size_t k = 0; k < count; ++k) metered.push_back(samples[(2 * k + 1) * samples.size() / (2 * count)]);
  return metered;
}

double BackgroundLuminance(const std::vector<Sample>& samples) {
  double light = 0;
  double all = 0;
  for (const Sample& sample : samples) {
    const at::Tensor outside = (image::Dilate(sample.matte, kBesidePx) < 0.02).to(at::kFloat);
    const at::Tensor mean = (at::nan_to_num(sample.linear, 0, 1, 0) * outside).sum({1, 2});
    light += light::LuminanceOf({mean[0].item<double>(), mean[1].item<double>(), mean[2].item<double>()});
    all += outside.sum().item<double>();
  }
  return light / std::max(1.0, all);
}

// The take's own picture that is most like the shot: a first idea of its light.
at::Tensor MostAlike(const light::LightTake& take, const Sample& sample) {
  at::Tensor best;
  double likeness = -1;
  for (const at::Tensor& contrast : take.contrasts) {
    const FrameSurface surface = SurfaceFromTake(take, contrast, sample);
    if (surface.likeness <= likeness) continue;
    likeness = surface.likeness;
    best = contrast;
  }
  return best;
}

light::LightFit FitTo(const std::vector<FrameSurface>& surfaces, const std::vector<Sample>& samples,
                      const std::optional<light::KeyRequest>& light_from) {
  std::vector<light::LitSurface> evidence;
  for (size_t k = 0; k < samples.size(); ++k)
    evidence.push_back({samples[k].linear, surfaces[k].normals, surfaces[k].albedo, surfaces[k].known});
  std::optional<light::Vector> known;
  if (light_from) known = light::DirectionOf(light_from->from);
  return light::FitLight(evidence, known);
}

void FindFromTake(const light::LightTake& take, const std::vector<Sample>& samples, const RelightOptions& options,
                  ShotFacts& facts) {
  at::Tensor contrast = MostAlike(take, samples[samples.size() / 2]);
  for (int round = 0; round <= kRounds; ++round) {
    std::vector<FrameSurface> surfaces;
    facts.likeness = 0;
    for (const Sample& sample : samples) {
      surfaces.push_back(SurfaceFromTake(take, contrast, sample));
      facts.likeness += surfaces.back().likeness / static_cast<double>(samples.size());
    }
    if (!(facts.likeness >= kLeastLikeness))
      Throw(ErrorCode::kData,
            "the light-reference take does not fit this shot (likeness {:.2f}, {} is needed); shoot it with the same "
            "lens and framing, or leave it out with --no-take (the light head that \"shotfix train\" made of it then "
            "tells the "
            "shape, where there is one)",
            facts.likeness, kLeastLikeness);
    facts.found = FitTo(surfaces, samples, options.light_from);
    contrast = ContrastUnder(take, facts.found.light);
  }
  if (!options.light_from) facts.found.uncertainty_deg = std::hypot(facts.found.uncertainty_deg, kShapeErrorDeg);
}

// A soft sky leaves a face less shaded than a lamp does: then what is dark is another material and not in the shade.
// Nothing where the face is as hard as people light, or none is known.
std::optional<double> SoftAmbient(const std::vector<light::ShadedPicture>& faces) {
  const std::optional<double> ambient = light::AmbientBySpread(faces);
  return ambient && *ambient > light::Materials::kUsualAmbient ? ambient : std::nullopt;
}

// The key's colour lies in what was found for the materials: it is told apart only by what is said of it.
void FindFromOutline(const std::vector<Sample>& samples, const light::KeyRequest& own, ShotFacts& facts) {
  const light::Vector direction = light::DirectionOf(own.from);
  std::vector<light::ShadedPicture> frames;
  std::vector<light::ShadedPicture> faces;
  for (const Sample& sample : samples) {
    const FrameSurface surface = facts.shape.In(sample);
    frames.push_back(ShadedBy(surface, sample.linear, direction));
    if (surface.head.defined()) faces.push_back({sample.linear, InnerFace(surface), frames.back().key});
  }
  const std::optional<double> soft = SoftAmbient(faces);
  facts.materials = light::Materials::Find(frames, soft.value_or(light::Materials::kUsualAmbient));
  std::vector<at::Tensor> albedos;
  for (const light::ShadedPicture& frame : frames) albedos.push_back(facts.materials.AlbedoOf(frame));
  facts.found = light::FitLightBySpread(frames, albedos, direction, soft);
  if (!own.colour) return;
  // The deepest orange lamp still has some blue, and what is divided by none is no albedo.
  constexpr double kLeastOfAChannel = 0.05;
  light::Rgb colour = *own.colour;
  for (double& channel : colour) channel = std::max(kLeastOfAChannel, channel);
  facts.materials = facts.materials.Under(colour);
  for (size_t c = 0; c < 3; ++c) {
    facts.found.light.keys.front().rgb[c] *= colour[c];
    facts.found.light.ambient[c] *= colour[c];
  }
}

// Of a guessed shape: where the key stands is known, so its shading mends the guess, and a better guess its materials.
// What an actor's light head learned is nearer to the truth than shading tells.
void FindFromGuess(const std::vector<Sample>& samples, const light::KeyRequest& own,
                   const std::vector<OtherTake>& takes, ShotFacts& facts) {
  FindFromOutline(samples, own, facts);
  if (facts.tier == GeometryTier::kLightHead) return;
  facts.shape.Refine(samples, facts.found, facts.materials, takes);
  FindFromOutline(samples, own, facts);
}

SetShape FindSet(image::ShotReader& shot, const AnalysisInputs& asked, const ShotFacts& facts,
                 const image::FrameTrack& track, const AnalysisProgress& progress) {
  if (facts.camera.is_static) return SetShape::Unknown("the camera stands still");
  const auto actor_in = [&](int64_t frame) {
    return model::InferMatte(asked.head, facts, track, frame, shot.Analysis(frame)).cpu();
  };
  return SetShape::Find(shot, actor_in,
                        [&](int64_t done) { progress("finding the set's planes", done, shot.frames().size()); });
}

// Throws kData, with what to say instead, where the shot cannot tell.
light::MotionLight KeyFromTurns(const OwnShape& shape, const std::vector<Sample>& samples) {
  constexpr double kShapeSoftDeg = 4;  // terminators as they are: where they lie is what tells the direction
  const auto ask = [](const std::string& why) {
    Throw(ErrorCode::kData,
          "this shot cannot tell where its light stands: {}; give --light-from AZ,EL[,COLOUR] (0 is at the lens, + at "
          "picture right, + above), or ingest a light-reference take of this actor",
          why);
  };
  if (!shape.has_head())
    ask("no face was found (shotfix hint CLIP --frame N --eyes X,Y,X,Y places one; where that head turns it tells)");
  const std::vector<light::TurnedSurface> turns = shape.TurnsOf(samples);
  if (turns.empty()) ask("no two of its frames show the same head");
  light::MotionLight seen;
  try {
    seen = light::FindLightFromMotion(turns, kShapeSoftDeg);
  } catch (const Error& problem) {
    if (problem.code() != ErrorCode::kData) throw;
    ask(problem.what());
  }
  if (seen.turned_deg < kFewestTurnedDeg)
    ask(fmt::format("the head turns by {:.0f} degrees, {} are needed", seen.turned_deg, kFewestTurnedDeg));
  return seen;
}

}  // namespace

ShotFacts AnalyseShot(image::ShotReader& shot, const AnalysisInputs& asked, image::FrameTrack& track,
                      const AnalysisProgress& progress) {
  const RelightInputs& inputs = asked.inputs;
  const RelightOptions& options = asked.options;
  ShotFacts facts;
  static_cast<model::MatteFacts&>(facts) =
      model::AnalyseMattes(shot, {inputs.painted, inputs.clean_plate}, asked.head, track, progress);
  progress("finding the light", 0, 1);
  const std::vector<Sample> samples = TakeSamples(shot, asked, facts, track);
  CountSaturated(samples, facts);
  facts.background = BackgroundLuminance(samples);
  facts.metered = Metered(samples);
  if (options.colours_only) {
    facts.tier = GeometryTier::kColour;
    facts.shape = OwnShape::Guess(samples, inputs.face, nullptr);  // that nothing mends: it tells the lit side alone
    facts.colours = FindColours(samples, facts.shape);
    progress("finding the light", 1, 1);
    return facts;
  }
  if (inputs.take) {
    facts.tier = GeometryTier::kLightReference;
    FindFromTake(*inputs.take, samples, options, facts);
  } else {
    facts.shape = OwnShape::Guess(samples, inputs.face, asked.light_head);
    facts.tier = facts.shape.has_head() ? GeometryTier::kFaceRelief : GeometryTier::kOutline;
    if (asked.light_head) {
      facts.tier = GeometryTier::kLightHead;
      facts.head_error_deg = inputs.light_head->held_out_mad;
    }
    if (options.light_from) {
      FindFromGuess(samples, *options.light_from, inputs.others, facts);
    } else {
      const light::MotionLight seen = KeyFromTurns(facts.shape, samples);
      FindFromGuess(samples, {light::AnglesOf(seen.direction), std::nullopt, 0}, inputs.others, facts);
      facts.found.uncertainty_deg = std::hypot(seen.uncertainty_deg, kShapeErrorDeg);
    }
  }
  if (!options.light_from && facts.found.uncertainty_deg > kMostUncertainDeg)
    Throw(ErrorCode::kData,
          "the light's direction is known to {:.0f} degrees only, {} is needed; give --light-from AZ,EL",
          facts.found.uncertainty_deg, kMostUncertainDeg);
  progress("finding the light", 1, 1);
  if (options.on != LitPart::kPerson) facts.set = FindSet(shot, asked, facts, track, progress);
  return facts;
}

}  // namespace shotfix::passes::relight
