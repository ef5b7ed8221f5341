// SPDX-License-Identifier: Apache-2.0
#include "passes/relight/proposal.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "passes/relight/colours.h"
#include "shotfix/composite/foreground.h"
#include "shotfix/composite/soft_edge.h"
#include "shotfix/core/error.h"
#include "shotfix/image/colour.h"
#include "shotfix/image/convert.h"
#include "shotfix/image/resample.h"
#include "shotfix/light/environment.h"

namespace shotfix::passes::relight {
namespace {

constexpr double kSmallestAlpha = 1.0 / 512;
constexpr double kBrightest = 65504;  // of half floats
constexpr int64_t kSupportMarginPx = 2;
constexpr int64_t kInsetPx = 2;  // of the analysis picture: a matte may be wrong by this much

// Foreground colours, next to the edge no brighter than what lies just inside allows: where the matte is a pixel too
// wide a piece of bright wall would count as actor, and be lit. Like `foreground`, of any size.
at::Tensor Plausible(const at::Tensor& foreground, const at::Tensor& matte, int64_t inset_px) {
  constexpr double kBrighter = 1.5;
  constexpr int64_t kReachInsets = 4;
  const at::Tensor inside = image::Erode((matte > 0.99).to(at::kFloat), inset_px);
  const auto mean = [&](const at::Tensor& picture) {
    return image::BoxMean(image::BoxMean(picture.contiguous(), kReachInsets * inset_px), kReachInsets * inset_px);
  };
  const at::Tensor total = mean(inside);
  // One infinite highlight would spread over the whole running sum.
  const at::Tensor finite = at::nan_to_num(foreground, 0.0, kBrightest, 0.0);
  const at::Tensor limit = mean(finite * inside) / total.clamp_min(1e-4) * kBrighter;
  const at::Tensor bounded = (inside < 0.5).logical_and(total > 1e-3);
  return at::where(bounded, at::minimum(foreground, limit), foreground);
}

// Where the camera clipped, [1,h,w] in [0,1]. Logs and PQ go on beyond diffuse white, and floats do not clip at all.
at::Tensor ClippedBy(const image::Frame& frame, image::AnalysisSize size) {
  if (frame.space.transfer == image::Transfer::kLinear) return at::zeros({1, size.height, size.width});
  const double white = image::LinearFromCode(frame.space.transfer, 1);
  const at::Tensor of_white = at::nan_to_num(frame.rgb / white, 0.0, 1.0, 0.0);
  return Saturated(image::Resize(of_white, size.height, size.width).cpu());
}

// The light as a set sees it. How strong the ambient light is was read from what the key leaves in the shade of the
// actor; of a guessed shape that is wrong by a stop either way, and here no measured light makes up for it: half of it
// is believed, and half what people use. (Found on the rendered shots: 2.9 to 5 stops under the key; the truth is 3.4.)
light::SceneLight OnSet(const ShotFacts& facts) {
  light::SceneLight light = facts.found.light;
  const bool from_shade = facts.materials.count() > 0 && facts.materials.ambient() == light::Materials::kUsualAmbient;
  if (!from_shade) return light;
  const double ratio = light::LuminanceOf(light.ambient) / light::LuminanceOf(light.keys.front().rgb);
  const double factor = std::sqrt(light::Materials::kUsualAmbient / ratio);
  for (double& channel : light.ambient) channel *= factor;
  return light;
}

// The matte's core is exactly the actor, its outside exactly not.
at::Tensor Levels(const at::Tensor& matte) { return ((matte - 0.04) / 0.92).clamp(0, 1); }

}  // namespace

RelightProposer::RelightProposer(const RelightOptions& options, const RelightInputs& inputs,
                                 const model::MatteHead& head, const image::Solution& solution)
    : options_(options), inputs_(inputs), head_(head), track_(solution.track), facts_(Unpack(solution)) {
  if (options.match_colours) {
    SHOTFIX_CHECK(facts_.colours);
    transfer_ = TransferBetween(*facts_.colours, *options.match_colours);
    return;
  }
  wanted_ = WantedLight(options, {facts_.found.light, facts_.background});
  if (inputs.take) contrast_ = ContrastUnder(*inputs.take, facts_.found.light);
  const double factor = options.hold_exposure ? FactorToHold(MeteredFrames(), Change(), options) : 1.0;
  found_on_set_ = OnSet(facts_);
  wanted_on_set_ = light::Scaled(WantedLight(options, {found_on_set_, facts_.background}), factor);
  wanted_ = light::Scaled(wanted_, factor);
}

LightChange RelightProposer::Change() const { return {facts_.found.light, wanted_, facts_.tier, inputs_.gobo}; }

std::vector<MeteredFrame> RelightProposer::MeteredFrames() const {
  std::vector<MeteredFrame> frames;
  for (const Sample& sample : facts_.metered) frames.push_back({SurfaceIn(sample), sample.linear});
  return frames;
}

FrameSurface RelightProposer::SurfaceIn(const Sample& sample) const {
  if (inputs_.take) return SurfaceFromTake(*inputs_.take, contrast_, sample);
  FrameSurface surface = facts_.shape.In(sample);
  surface.albedo =
      facts_.materials.AlbedoOf(ShadedBy(surface, sample.linear, facts_.found.light.keys.front().direction));
  return surface;
}

at::Tensor RelightProposer::GainOfActor(const Sample& sample) const {
  if (transfer_) return GainOfTransfer(facts_.shape.In(sample), sample.linear, *transfer_, options_);
  return GainBetween(SurfaceIn(sample), sample.linear, Change(), options_);
}

at::Tensor RelightProposer::NormalsOfSet(const Sample& sample) const {
  const int64_t height = sample.linear.size(1);
  const int64_t width = sample.linear.size(2);
  if (facts_.set && facts_.set->known()) return facts_.set->NormalsIn(sample.frame, height, width);
  return at::tensor({0.0F, 0.0F, 1.0F}).view({3, 1, 1}).expand({3, height, width});  // a wall that faces the lens
}

RelightProposer::Gains RelightProposer::GainsOf(const Sample& sample, const at::Tensor& saturated) const {
  const at::Tensor still = at::zeros_like(sample.linear);
  const at::Tensor left = 1 - saturated;
  Gains gains{still, still};
  if (options_.on != LitPart::kSet) gains.actor = GainOfActor(sample) * left;
  if (options_.on != LitPart::kPerson) {
    const LightChange on_set{found_on_set_, wanted_on_set_, facts_.tier, inputs_.gobo};
    gains.set = GainOfSet(NormalsOfSet(sample), on_set, options_) * left;
  }
  return gains;
}

// Note [Relit edges]: I = aF + (1-a)B, and each part is relit by its own gain: the wanted picture is
// I + aF (2^actor - 1) + (1-a)B (2^set - 1). As a gain that is the logarithm of what each part's share of I gives.
// Where only the actor is relit it falls to nothing where the actor ends: a gain that went on would light the wall in
// mixed pixels, and four stops of it leave a bright rim as soon as the stabiliser moves an alpha by a hair. It is exact
// at the analysis size; the fill carries what is left at the frame's own.
at::Tensor RelightProposer::GainToEdges(const Gains& gains, const at::Tensor& linear, const at::Tensor& matte,
                                        int64_t frame) const {
  const model::KnownPlate plate = model::PlateAt(facts_, frame, linear.size(1), linear.size(2));
  const at::Tensor foreground = composite::EstimateForeground(linear, matte, plate.linear, plate.valid);
  const at::Tensor own = Plausible(foreground, matte, kInsetPx);
  const at::Tensor share = (matte * own / linear.clamp_min(1e-4)).clamp(0, 1);
  const at::Tensor times = 1 + share * (gains.actor.exp2() - 1) + (1 - share) * (gains.set.exp2() - 1);
  return times.clamp_min(1e-3).log2();
}

void RelightProposer::CarryEdges(const image::Frame& frame, const at::Tensor& matte, const Gains& gains,
                                 image::Edit& edit) const {
  const auto full = [&](const at::Tensor& picture) {
    return image::Resize(picture, frame.height(), frame.width()).to(frame.rgb.device());
  };
  const model::KnownPlate plate = model::PlateAt(facts_, frame.index, frame.height(), frame.width());
  const at::Tensor foreground = composite::EstimateForeground(frame.rgb, matte, plate.linear.to(frame.rgb.device()),
                                                              plate.valid.to(frame.rgb.device()));
  const int64_t inset = std::max<int64_t>(1, kInsetPx * frame.width() / facts_.size.width);
  const at::Tensor own = matte * Plausible(foreground, matte, inset);
  at::Tensor wanted = frame.rgb + own * (full(gains.actor).exp2() - 1);
  if (options_.on != LitPart::kPerson) wanted = wanted + (frame.rgb - own) * (full(gains.set).exp2() - 1);
  const at::Tensor relit = frame.rgb * full(edit.gain).exp2();
  // An infinite highlight has no difference that could be carried: the gain alone stands there.
  const at::Tensor change = at::nan_to_num(wanted - relit, 0.0, 0.0, 0.0);
  edit.alpha = composite::AlphaThatHolds(1 - matte, at::nan_to_num(relit, 0.0, kBrightest, 0.0), change);
  const at::Tensor carried = relit + change / edit.alpha.clamp_min(kSmallestAlpha);
  // What is no actor stays, also below 0.
  const at::Tensor bounded =
      options_.on == LitPart::kPerson ? at::where(matte > 0, carried.clamp_min(0), frame.rgb) : carried.clamp_min(0);
  edit.fill = at::where(edit.alpha > kSmallestAlpha, bounded, relit);
}

double RelightProposer::HeldShareOf(const Gains& gains, const at::Tensor& actor) const {
  if (options_.on == LitPart::kPerson) return HeldShare(gains.actor, actor, options_);
  if (options_.on == LitPart::kSet) return HeldShare(gains.set, 1 - actor, options_);
  return HeldShare(at::where(actor > 0.5, gains.actor, gains.set), at::ones_like(actor), options_);
}

at::Tensor RelightProposer::SupportOf(const at::Tensor& matte) const {
  if (options_.on == LitPart::kAll) return at::ones_like(matte);
  const at::Tensor part = options_.on == LitPart::kPerson ? matte : 1 - matte;
  return (image::Dilate(part, kSupportMarginPx) > 0).to(at::kFloat);
}

image::Edit RelightProposer::Propose(const FrameWindow& window) const {
  const image::Frame& frame = window.current();
  const at::Tensor picture = image::AnalysisPicture(frame.rgb, facts_.size);
  const at::Tensor small = model::InferMatte(head_, facts_, *track_, frame.index, picture).cpu();
  const at::Tensor matte =
      Levels(model::InferFullMatte(head_, facts_, *track_, frame, image::PerceptualFromLinear(frame.rgb)));
  image::Edit edit;
  const at::Tensor linear = at::nan_to_num(image::LinearFromPerceptual(picture), 0.0, 1.0, 0.0);
  const Gains gains = GainsOf({frame.index, linear, small}, ClippedBy(frame, facts_.size));
  edit.gain = GainToEdges(gains, linear, Levels(small), frame.index).to(frame.rgb.device());
  CarryEdges(frame, matte, gains, edit);
  edit.support = SupportOf(matte);
  edit.held_share = HeldShareOf(gains, (small > 0.5).to(at::kFloat));
  return edit;
}

}  // namespace shotfix::passes::relight
