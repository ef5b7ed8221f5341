// SPDX-License-Identifier: Apache-2.0
#include "passes/relight/gain.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "passes/relight/confidence.h"
#include "passes/relight/highlight.h"
#include "passes/relight/smooth.h"
#include "shotfix/core/error.h"
#include "shotfix/image/resample.h"
#include "shotfix/light/environment.h"
#include "shotfix/light/gobo.h"
#include "shotfix/light/relief.h"

namespace shotfix::passes::relight {
namespace {

constexpr double kMeasuredReach = 0.003;  // of the long side: how finely the light that is there is measured
constexpr double kDarkest = 0.01;         // of the key: less light than this is noise, and no gain may come of it
constexpr double kCalmReach = 0.012;      // of the long side: how far around a place its surroundings are
constexpr double kBrighterStops = 0.8;    // measured light may be so much more than the model's
constexpr double kWholeChangeStops = 0.3;

// [1,h,w], 0 at the outline and 1 inside. Where a guessed shape falls away its heights are anybody's: a lit edge would
// shade itself in dashes.
at::Tensor AwayFromOutline(const at::Tensor& known) {
  constexpr double kReach = 0.012;  // of the long side
  return ((SmoothMean(known, kReach) - 0.5) * 2).clamp(0, 1);
}

// What reaches the surface of each key: past the rest of the surface, and through a gobo before the first.
std::vector<at::Tensor> VisibilityOf(const FrameSurface& surface, const light::SceneLight& light, GeometryTier tier,
                                     const at::Tensor& gobo, const RelightOptions& options) {
  std::vector<at::Tensor> visibility;
  if (!options.shadows && !gobo.defined()) return visibility;
  const at::Tensor sure =
      tier == GeometryTier::kLightReference ? at::ones_like(surface.known) : AwayFromOutline(surface.known);
  for (const light::Key& key : light.keys) {
    const bool first = visibility.empty();
    visibility.push_back(at::ones_like(surface.known));
    if (options.shadows) visibility.back() = 1 - (1 - light::CastShadow(surface.heights, surface.known, key)) * sure;
    if (first && gobo.defined())
      visibility.back() = visibility.back() * light::GoboOn(gobo, surface.heights, key, options.gobo_size);
  }
  return visibility;
}

double Floor(const LightChange& change) { return kDarkest * light::LuminanceOf(change.found.keys.front().rgb); }

// Where the subject has changed since the take (a closed lid over an open eye, an open mouth, a fold) the albedo is
// another one, and picture over albedo no light: it comes out brighter than the key could make it, or of a colour that
// no light here has. There the gain of the surroundings stands in, or the take's own eye would show through the lid.
// [1,h,w] in [0,1].
at::Tensor Trust(const at::Tensor& correction, const at::Tensor& excess, const at::Tensor& known) {
  constexpr double kColourStops = 0.4;  // between channels, away from the surroundings' own
  constexpr double kExcessStops = 0.5;
  constexpr double kSpread = 0.008;  // a change of the subject does not end at a pixel
  const at::Tensor colour = correction - correction.mean(0, true);
  const at::Tensor around = SmoothMean(colour * known, kCalmReach) / SmoothMean(known, kCalmReach).clamp_min(1e-4);
  const at::Tensor strange = (colour - around).abs().amax(0, true) / kColourStops;
  const at::Tensor glaring = excess.amax(0, true).clamp_min(0) / kExcessStops;
  const at::Tensor trust = at::exp(-(strange.square() + glaring.square())) * known;
  return at::minimum(trust, SmoothMean(trust, kSpread).square());
}

// Picture over albedo, both blurred so that the subject's own detail stays.
at::Tensor MeasuredLight(const FrameSurface& surface, const at::Tensor& linear, double reach) {
  return SmoothMean(linear * surface.known, reach) / SmoothMean(surface.albedo * surface.known, reach).clamp_min(1e-3);
}

// A picture's colour apart from its level: stops beside the mean of the channels.
at::Tensor ColourOf(const at::Tensor& stops) { return stops - stops.mean(0, true); }

// The nearest colour that a mix of the key and the ambient light can have.
at::Tensor AsLampsMix(const at::Tensor& colour, const light::SceneLight& found) {
  const light::Key& key = found.keys.front();
  const auto stops = [](const light::Rgb& rgb) {
    const auto value = [&](size_t c) { return static_cast<float>(std::log2(std::max(1e-4, rgb[c]))); };
    return ColourOf(at::tensor({value(0), value(1), value(2)}).view({3, 1, 1}));
  };
  light::Rgb both;
  for (size_t c = 0; c < 3; ++c) both[c] = key.rgb[c] + found.ambient[c];
  const at::Tensor shade = stops(found.ambient);
  const at::Tensor way = stops(both) - shade;
  const at::Tensor share = ((colour - shade) * way).sum(0, true) / way.square().sum().clamp_min(1e-6);
  return shade + way * share.clamp(0, 1);
}

// 0 under a lamp, 1 under a soft sky, by the ambient light beside the key. A sky throws no edges and has one colour:
// what changes within a few pixels there, and in colour, is the actor's own.
double SoftnessOf(const light::SceneLight& found) {
  constexpr double kLamp = 0.22;
  constexpr double kSky = 0.38;
  const double ambient = light::LuminanceOf(found.ambient) / light::LuminanceOf(found.keys.front().rgb);
  return std::clamp((ambient - kLamp) / (kSky - kLamp), 0.0, 1.0);
}

// How finely the light that is there is measured over materials, as a share of the long side. What is fine is a matter
// of the face: in a close-up it is larger. Of a face a 75th of its side, under a sky up to 4 times as much.
double MaterialReach(const FrameSurface& surface, double softness) {
  constexpr double kOfPicture = 0.0025;
  constexpr double kOfFace = 1.0 / 75;
  constexpr double kSofter = 4;
  const auto long_side = static_cast<double>(std::max(surface.known.size(1), surface.known.size(2)));
  const double face = surface.head.defined() ? std::sqrt((surface.head * surface.known).sum().item<double>()) : 0.0;
  return std::max(kOfPicture, kOfFace * face / long_side) * (1 + softness * (kSofter - 1));
}

// In stops, where albedo is one for each material: lips and cheeks differ by their own colour, and must keep it. How
// bright the light is may change within a few pixels, for shadows have edges; its colour changes slowly. Under a lamp
// it is measured all the same, for what clips and what a wall throws back have colours that no lamp has; under a sky it
// is a mix of the lights that were found. What is darker than the ambient light leaves it, even where something stands
// in its way, is dark itself: brows, pupils, an open mouth.
at::Tensor OverMaterials(const FrameSurface& surface, const at::Tensor& linear, const light::SceneLight& found,
                         double floor) {
  constexpr double kColourReaches = 2.4;
  constexpr double kOccludedStops = 1;
  const double softness = SoftnessOf(found);
  const double reach = MaterialReach(surface, softness);
  const auto stops = [&](double of_side) { return MeasuredLight(surface, linear, of_side).clamp_min(floor).log2(); };
  const double darkest = std::log2(std::max(floor, light::LuminanceOf(found.ambient))) - kOccludedStops;
  const at::Tensor colour = ColourOf(stops(kColourReaches * reach));
  return stops(reach).mean(0, true).clamp_min(darkest) + colour + (AsLampsMix(colour, found) - colour) * softness;
}

// A mean face's nose stands beside the actor's, and is of another width: its light is the mean over where it may be.
// Drawn with its own edges it would leave a line where nothing turns. (On a real face, one photograph relit to others:
// the error falls by 36 % where it fell by 34.)
at::Tensor AroundItsPlace(const at::Tensor& shaded, const at::Tensor& head) {
  constexpr double kOfFace = 0.027;  // standard deviation, of the side of a square as large as the face
  const double area = head.sum().item<double>();
  if (area < 1) return shaded;
  const double sigma = kOfFace * std::sqrt(area);
  const at::Tensor near = image::GaussianBlur(head, sigma);
  const at::Tensor mean = image::GaussianBlur(shaded * head, sigma) / near.clamp_min(1e-3);
  return mean * head + shaded * (1 - head);
}

// What the surface sees of the light; beside the head, where there is one, its shape is an outline's, but where the
// actor's light head tells all of it.
at::Tensor ShadeUnsure(const FrameSurface& surface, const light::SceneLight& light, const LightChange& change,
                       const std::vector<at::Tensor>& shadows) {
  const auto off_by = [&](double error_deg) {
    return light::Shade(surface.normals, SeenByUnsure(light, error_deg), shadows);
  };
  const at::Tensor shaded = off_by(ErrorOf(change.tier));
  if (!surface.head.defined() || change.tier == GeometryTier::kLightHead) return shaded;
  const at::Tensor face = AroundItsPlace(shaded, surface.head * surface.known);
  const at::Tensor sure = surface.albedo.defined() ? SkinWithin(surface) : surface.head;
  return face * sure + off_by(ErrorOf(GeometryTier::kOutline)) * (1 - sure);
}

// What is known of a change before the picture itself is asked.
struct Modelled {
  at::Tensor gain;  // [3,h,w] stops between both lights
  at::Tensor now;   // [3,h,w] stops of the light that is there
  double share;     // of the measured light
  double floor;
  const std::vector<at::Tensor>& reached;  // by the wanted keys, as VisibilityOf gives it
};

// Skin and its sheen are two layers, and each has its own gain: see Note [Highlights].
at::Tensor RelitMaterials(const FrameSurface& surface, const at::Tensor& linear, const LightChange& change,
                          const Modelled& modelled) {
  constexpr double kSure = 0.8;  // of what was found to be sheen: more leaves skin dead where it was none
  const auto side = static_cast<double>(std::max(linear.size(1), linear.size(2)));
  const auto reach = std::max<int64_t>(1, std::llround(MaterialReach(surface, 0) * side / 2));
  const Highlights highlights = SeparateHighlights(surface, linear, change.found, reach);
  const at::Tensor matt = linear * WithoutSheen(highlights, 1);
  FrameSurface skin = surface;
  skin.albedo = highlights.albedo;
  const at::Tensor gain =
      modelled.gain + (modelled.now - OverMaterials(skin, matt, change.found, modelled.floor)) * modelled.share;
  const double lost = kSure * modelled.share;
  const at::Tensor shine = SheenUnder(highlights, surface, change.found, change.wanted, modelled.reached);
  const at::Tensor left = WithoutSheen(highlights, lost) * gain.exp2();
  return (left + shine * lost / highlights.seen).log2();
}

}  // namespace

double ErrorOf(GeometryTier tier) {
  if (tier == GeometryTier::kOutline) return 25;
  if (tier == GeometryTier::kFaceRelief) return 10;
  return tier == GeometryTier::kLightHead ? 3 : 5;
}

light::SceneLight SeenByUnsure(light::SceneLight light, double error_deg) {
  constexpr double kWidestDeg = 60;
  for (light::Key& key : light.keys) key.radius_deg = std::min(kWidestDeg, std::hypot(key.radius_deg, 2 * error_deg));
  return light;
}

// Note [Measured light]: the gain is the quotient of two lights. The wanted one must be computed; the one that is there
// need not, where the albedo is known or guessed by materials: it is the picture over the albedo, both blurred so that
// the actor's own detail stays. Errors of shape then enter once and not twice, and the old shading leaves where it
// really is: without this the old terminator stays as a blotch. Where nothing is asked for, nothing may change: the
// measured light counts by how far the wanted light differs from the one that is there.
at::Tensor GainBetween(const FrameSurface& surface, const at::Tensor& linear, const LightChange& change,
                       const RelightOptions& options) {
  const double floor = Floor(change);
  const auto stops = [&](const at::Tensor& light) { return light.clamp_min(floor).log2(); };
  const std::vector<at::Tensor> reached = VisibilityOf(surface, change.wanted, change.tier, change.gobo, options);
  const at::Tensor modelled =
      stops(ShadeUnsure(surface, change.found, change, VisibilityOf(surface, change.found, change.tier, {}, options)));
  at::Tensor gain = stops(ShadeUnsure(surface, change.wanted, change, reached)) - modelled;
  const double mean_change = (gain.abs().mean(0, true) * surface.known).sum().item<double>() /
                             std::max(1.0, surface.known.sum().item<double>());
  const double share = std::min(1.0, mean_change / kWholeChangeStops);
  if (change.tier == GeometryTier::kLightReference) {
    const at::Tensor measured = stops(MeasuredLight(surface, linear, kMeasuredReach));
    const at::Tensor possible = stops(ShadeUnsure(surface, change.found, change, {})) + kBrighterStops;
    const at::Tensor correction = modelled - at::minimum(measured, possible);
    const at::Tensor trust = Trust(correction, measured - possible, surface.known);
    const at::Tensor whole = gain + correction * share;
    const at::Tensor seen = trust + 1e-3 * surface.known;
    const at::Tensor calm = SmoothMean(whole * seen, kCalmReach) / SmoothMean(seen, kCalmReach).clamp_min(1e-6);
    gain = whole + (calm - whole) * (1 - trust) * share;
  } else {
    gain = RelitMaterials(surface, linear, change, {gain, modelled, share, floor, reached});
  }
  gain = SpreadFrom(gain.clamp(-options.most_stops, options.most_stops), surface.known);
  return (gain * options.strength).contiguous();
}

double FactorToHold(const std::vector<MeteredFrame>& frames, const LightChange& change, RelightOptions options) {
  constexpr int kRounds = 4;        // dark places have a floor, which does not scale
  constexpr double kMostStops = 6;  // lights that leave the face alone would burn all else
  constexpr double kHeldStops = 0.005;
  // The light is metered, not how much of it is used.
  options.strength = 1;
  options.most_stops = kMostStops;
  const auto has_head = [](const MeteredFrame& frame) {
    return frame.surface.head.defined() && (frame.surface.head * frame.surface.known).sum().item<double>() >= 1;
  };
  const bool any_head = std::any_of(frames.begin(), frames.end(), has_head);
  double factor = 1;
  for (int round = 0; round < kRounds; ++round) {
    const light::SceneLight scaled = light::Scaled(change.wanted, factor);
    double found = 0;
    double relit = 0;
    for (const MeteredFrame& frame : frames) {
      if (any_head && !has_head(frame)) continue;
      const at::Tensor where = any_head ? frame.surface.head * frame.surface.known : frame.surface.known;
      const auto level = [&](const at::Tensor& linear) {
        // Row by row: the sum of a whole picture hangs on the number of threads.
        return (light::LuminanceOf(linear) * where).sum(-1).sum().item<double>();
      };
      const at::Tensor left = 1 - Saturated(frame.linear);  // what is at white is left alone
      const LightChange now{change.found, scaled, change.tier, change.gobo};
      found += level(frame.linear);
      relit += level(frame.linear * (GainBetween(frame.surface, frame.linear, now, options) * left).exp2());
    }
    factor *= found / relit;
    if (std::abs(std::log2(found / relit)) < kHeldStops) break;
  }
  if (!(std::abs(std::log2(factor)) <= kMostStops))  // nor is it a number where nothing is lit
    Throw(ErrorCode::kData,
          "--hold-exposure cannot hold the level of a subject that the new light hardly reaches; leave it out, or move "
          "the light");
  return factor;
}

at::Tensor GainOfSet(const at::Tensor& normals, const LightChange& change, const RelightOptions& options) {
  const at::Tensor flat = at::zeros_like(normals.narrow(0, 0, 1));
  const double floor = Floor(change);
  std::vector<at::Tensor> through;
  for (const light::Key& key : change.wanted.keys)
    through.push_back(through.empty() && change.gobo.defined()
                          ? light::GoboOn(change.gobo, flat, key, options.gobo_size)
                          : at::ones_like(flat));
  const at::Tensor wanted = light::Shade(normals, change.wanted, through).clamp_min(floor).log2();
  const at::Tensor gain = wanted - light::Shade(normals, change.found, {}).clamp_min(floor).log2();
  return (gain.clamp(-options.most_stops, options.most_stops) * options.strength).contiguous();
}

at::Tensor Saturated(const at::Tensor& linear) {
  constexpr double kFrom = 0.96;
  constexpr double kWhite = 0.995;
  return ((linear.amin(0, true) - kFrom) / (kWhite - kFrom)).clamp(0, 1);
}

double HeldShare(const at::Tensor& gain, const at::Tensor& mask, const RelightOptions& options) {
  constexpr double kAtBound = 0.999;
  const double bound = kAtBound * options.most_stops * options.strength;
  if (bound <= 0) return 0;
  const at::Tensor held = (gain.abs().amax(0, true) >= bound).to(at::kFloat) * mask;
  return held.sum().item<double>() / std::max(1.0, mask.sum().item<double>());
}

}  // namespace shotfix::passes::relight
