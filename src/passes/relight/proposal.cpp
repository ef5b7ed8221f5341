// SPDX-License-Identifier: Apache-2.0
#include "passes/relight/proposal.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "passes/relight/surface.h"
#include "shotfix/composite/foreground.h"
#include "shotfix/image/convert.h"
#include "shotfix/image/resample.h"
#include "shotfix/light/relief.h"

namespace shotfix::passes::relight {
namespace {

constexpr double kMeasuredReach = 0.003;  // of the long side: how finely the light that is there is measured
constexpr double kSpreadReach = 0.02;     // of the long side: how far a gain reaches where nothing is known
constexpr double kDarkest = 0.01;         // of the key: less light than this is noise, and no gain may come of it
constexpr double kWholeChangeStops = 0.3;
constexpr double kEdgeHold = 4;  // power
constexpr double kSmallestAlpha = 1.0 / 512;
constexpr int64_t kSupportMarginPx = 2;

at::Tensor SmoothMean(const at::Tensor& picture, double reach) {
  const double side = static_cast<double>(std::max(picture.size(1), picture.size(2)));
  const auto radius = std::max<int64_t>(1, std::llround(reach * side));
  return image::BoxMean(image::BoxMean(picture.contiguous(), radius), radius);
}

// What is known, carried over its border.
at::Tensor SpreadFrom(const at::Tensor& values, const at::Tensor& known) {
  const at::Tensor near = SmoothMean(values * known, kSpreadReach) / SmoothMean(known, kSpreadReach).clamp_min(1e-4);
  return values * known + near * (1 - known);
}

std::vector<at::Tensor> Shadows(const FrameSurface& surface, const light::SceneLight& light) {
  std::vector<at::Tensor> visibility;
  for (const light::Key& key : light.keys) visibility.push_back(light::CastShadow(surface.heights, surface.known, key));
  return visibility;
}

}  // namespace

RelightProposer::RelightProposer(const RelightOptions& options, const RelightInputs& inputs,
                                 const model::MatteHead& head, const image::Solution& solution)
    : options_(options),
      inputs_(inputs),
      head_(head),
      track_(solution.track),
      facts_(Unpack(solution)),
      wanted_(WantedLight(options, facts_.found.light)) {
  if (inputs.take) contrast_ = ContrastUnder(*inputs.take, facts_.found.light);
}

// Note [Measured light]: the gain is the quotient of two lights. The wanted one must be computed; the one that is there
// need not, where the albedo is known: it is the picture over the albedo, both blurred so that the actor's own detail
// stays. Errors of shape then enter once and not twice, and the old shading leaves where it really is: without this the
// old terminator stays as a blotch. Where nothing is asked for, nothing may change: the measured light counts by how
// far the wanted light differs from the one that is there.
at::Tensor RelightProposer::Gain(const at::Tensor& linear, const at::Tensor& matte) const {
  const FrameSurface surface =
      inputs_.take ? SurfaceFromTake(*inputs_.take, contrast_, linear, matte) : SurfaceFromOutline(linear, matte);
  const light::SceneLight& found = facts_.found.light;
  const bool shadows = options_.shadows;
  const std::vector<at::Tensor> none;
  const double floor = kDarkest * light::LuminanceOf(found.keys.front().rgb);
  const auto stops = [&](const at::Tensor& light) { return light.clamp_min(floor).log2(); };
  const at::Tensor wanted = stops(light::Shade(surface.normals, wanted_, shadows ? Shadows(surface, wanted_) : none));
  const at::Tensor modelled = stops(light::Shade(surface.normals, found, shadows ? Shadows(surface, found) : none));
  at::Tensor gain = wanted - modelled;
  if (inputs_.take) {
    const at::Tensor measured = stops(SmoothMean(linear * surface.known, kMeasuredReach) /
                                      SmoothMean(surface.albedo * surface.known, kMeasuredReach).clamp_min(1e-3));
    const double change = (gain.abs().mean(0, true) * surface.known).sum().item<double>() /
                          std::max(1.0, surface.known.sum().item<double>());
    gain = gain + (modelled - measured) * std::min(1.0, change / kWholeChangeStops);
  }
  gain = SpreadFrom(gain.clamp(-options_.most_stops, options_.most_stops), surface.known);
  return (gain * options_.strength).contiguous();
}

// Soft edges: I = aF + (1-a)B, and only the actor is relit. The wanted picture is I + aF (2^gain - 1). The gain alone
// gives it where a is 1; elsewhere a fill carries it, with an alpha that falls steeply into the actor: (1-A) I 2^gain +
// A fill.
void RelightProposer::CarryEdges(const image::Frame& frame, const at::Tensor& matte, image::Edit& edit) const {
  const temporal::PlateView view =
      temporal::ViewPlate(facts_.plate, temporal::kIdentity, facts_.size.height, facts_.size.width);
  const auto full = [&](const at::Tensor& picture) {
    return image::Resize(picture, frame.height(), frame.width()).to(frame.rgb.device());
  };
  const at::Tensor plate_valid = facts_.camera.is_static ? view.valid : at::zeros_like(view.valid);
  const at::Tensor foreground =
      composite::EstimateForeground(frame.rgb, matte, full(image::LinearFromPerceptual(view.rgb)), full(plate_valid));
  const at::Tensor factor = full(edit.gain).exp2();
  const at::Tensor wanted = frame.rgb + matte * foreground * (factor - 1);
  edit.alpha = 1 - matte.pow(kEdgeHold);
  const at::Tensor relit = frame.rgb * factor;
  const at::Tensor carried = relit + (wanted - relit) / edit.alpha.clamp_min(kSmallestAlpha);
  edit.fill = at::where(edit.alpha > kSmallestAlpha, carried.clamp_min(0), relit);
}

image::Edit RelightProposer::Propose(const FrameWindow& window) const {
  const image::Frame& frame = window.current();
  const at::Tensor picture = image::AnalysisPicture(frame.rgb, facts_.size);
  const at::Tensor small = model::InferMatte(head_, facts_, *track_, frame.index, picture).cpu();
  const at::Tensor perceptual = image::PerceptualFromLinear(frame.rgb);
  at::Tensor matte = small.to(frame.rgb.device());
  if (facts_.size.height != frame.height() || facts_.size.width != frame.width())
    matte = image::GuidedUpsample(perceptual, matte, 3, 1e-4);
  matte = ((matte - 0.04) / 0.92).clamp(0, 1);
  image::Edit edit;
  edit.gain = Gain(image::LinearFromPerceptual(picture), small).to(frame.rgb.device());
  CarryEdges(frame, matte, edit);
  edit.support = (image::Dilate(matte, kSupportMarginPx) > 0).to(at::kFloat);
  return edit;
}

}  // namespace shotfix::passes::relight
