// SPDX-License-Identifier: Apache-2.0
#include "passes/background/proposal.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "shotfix/composite/light_wrap.h"
#include "shotfix/composite/soft_edge.h"
#include "shotfix/image/convert.h"
#include "shotfix/image/resample.h"

namespace shotfix::passes::background {
namespace {

constexpr double kSmallestAlpha = 1.0 / 512;  // an edit weaker than this changes no code of a 10-bit clip
constexpr int64_t kSupportMarginPx = 4;       // the stabiliser may move an edge by this much
constexpr double kMaxBlurPx = 3.0;
constexpr double kSpillReach = 0.02;  // of the frame's height: how far a screen's light is taken out of the actor
constexpr double kSmallestSpill = 1e-3;

// Moves the matte's edge by a fraction of a pixel at a time: a blurred step, cut elsewhere than at one half.
at::Tensor Shrink(const at::Tensor& matte, double pixels) {
  if (pixels == 0) return matte;
  const auto whole = static_cast<int64_t>(std::fabs(pixels));
  const double rest = std::fabs(pixels) - static_cast<double>(whole);
  const auto step = [&](const at::Tensor& m, int64_t radius) {
    return pixels > 0 ? image::Erode(m, radius) : image::Dilate(m, radius);
  };
  const at::Tensor low = step(matte, whole);
  return rest > 0 ? low * (1 - rest) + step(matte, whole + 1) * rest : low;
}

at::Tensor Levels(const at::Tensor& matte, const BackgroundOptions& options) {
  return ((matte - options.matte_low) / (options.matte_high - options.matte_low)).clamp(0, 1);
}

// The channel of a green or blue screen: most of the known plate has one hue, well saturated. Nothing for a set.
std::optional<int64_t> FindScreen(const temporal::CleanPlate& plate) {
  const at::Tensor linear = image::LinearFromPerceptual(plate.rgb);
  const double known = plate.valid.sum().item<double>();
  if (known < 1) return std::nullopt;
  for (const int64_t channel : {int64_t{1}, int64_t{2}}) {
    const at::Tensor others = at::max(linear[0], linear[3 - channel]);
    const at::Tensor of_screen = (linear[channel] > others * 1.4).to(at::kFloat) * plate.valid[0];
    if (of_screen.sum().item<double>() > 0.7 * known) return channel;
  }
  return std::nullopt;
}

// What a screen's light has added to a colour: its channel beyond the larger of the other two, [3,H,W].
at::Tensor ScreenSpill(const at::Tensor& colours, int64_t channel) {
  at::Tensor spill = at::zeros_like(colours);
  spill[channel].copy_((colours[channel] - at::max(colours[0], colours[3 - channel])).clamp_min(0));
  return spill;
}

}  // namespace

BackgroundProposer::BackgroundProposer(const BackgroundOptions& options, const BackgroundInputs& inputs,
                                       const model::MatteHead& head, const image::Solution& solution)
    : options_(options),
      inputs_(inputs),
      head_(head),
      track_(solution.track),
      facts_(Unpack(solution)),
      plate_blur_px_(PlateBlurSigma()),
      screen_channel_(FindScreen(facts_.plate)) {}

at::Tensor BackgroundProposer::FullMatte(const image::Frame& frame, const at::Tensor& perceptual) const {
  const at::Tensor matte = model::InferFullMatte(head_, facts_, *track_, frame, perceptual);
  return Levels(Shrink(matte, options_.matte_shrink_px), options_);
}

at::Tensor BackgroundProposer::Foreground(const image::Frame& frame, const at::Tensor& matte) const {
  const model::KnownPlate plate = model::PlateAt(facts_, frame.index, frame.height(), frame.width());
  return composite::EstimateForeground(frame.rgb, matte, plate.linear.to(matte.device()),
                                       plate.valid.to(matte.device()));
}

double BackgroundProposer::PlateBlurSigma() const {
  if (!inputs_.plate || !options_.match_blur || !facts_.background_blur_px) return options_.plate_blur_px;
  const double shot_px = *facts_.background_blur_px;
  const double own_px =
      composite::EdgeBlurSigma(image::PerceptualFromLinear(inputs_.plate->Reference()), {}).value_or(shot_px);
  return std::min(kMaxBlurPx, std::sqrt(std::max(0.0, shot_px * shot_px - own_px * own_px))) + options_.plate_blur_px;
}

at::Tensor BackgroundProposer::NewBackground(const image::Frame& frame) const {
  at::Tensor plate = inputs_.plate->Linear(frame.index).to(frame.rgb.device());
  if (options_.plate_gain_stops != 0) plate = plate * std::exp2(options_.plate_gain_stops);
  if (options_.follow_camera && !facts_.camera.is_static) {
    const double scale_x = static_cast<double>(frame.width()) / static_cast<double>(facts_.size.width);
    const double scale_y = static_cast<double>(frame.height()) / static_cast<double>(facts_.size.height);
    const temporal::Homography reference_from_frame =
        temporal::ScaleHomography(model::ReferenceFromFrame(facts_, frame.index), scale_x, scale_y);
    const at::Tensor offset =
        temporal::OffsetOf(reference_from_frame, frame.height(), frame.width()).to(frame.rgb.device());
    plate = image::SampleAtOffset(plate, offset, image::Filter::kBicubic).clamp_min(0);
  }
  plate = image::GaussianBlur(plate, plate_blur_px_);
  if (!options_.match_grain || facts_.grain.MeanSigma() < 1e-4F) return plate;
  // Grain is added where codes can hold it; brighter than white stays as it is.
  const at::Tensor clean = image::PerceptualFromLinear(plate);
  at::Tensor grainy = image::LinearFromPerceptual(composite::AddGrain(clean, facts_.grain, frame.index, options_.seed));
  return grainy.sub_(image::LinearFromPerceptual(clean)).add_(plate);
}

// Note [Carrying a composite]: the wanted picture is aF + (1-a)N. An edit gives (1-A)I + A * fill with its own alpha A,
// so any A > 0 carries it with fill = I + (wanted - I) / A. A is 1 - a, grown where wrap or spill reach into the actor;
// where A is 0 nothing is written. It is grown at soft edges too (composite/soft_edge.h). F is used as
// estimated and bounded, not through I - (1-a)O: where the matte does not fit the picture, the difference would go
// below zero and leave a fringe in the screen's complement.
image::Edit BackgroundProposer::Propose(const FrameWindow& window) const {
  const image::Frame& frame = window.current();
  const at::Tensor matte = FullMatte(frame, image::PerceptualFromLinear(frame.rgb));
  image::Edit edit;
  if (inputs_.plate) {
    PutOverPlate(frame, matte, edit);
  } else {
    edit.alpha = 1 - matte;
    edit.fill = at::zeros_like(frame.rgb);
  }
  edit.support = (image::Dilate(edit.alpha, kSupportMarginPx) > kSmallestAlpha).to(at::kFloat);
  return edit;
}

void BackgroundProposer::PutOverPlate(const image::Frame& frame, const at::Tensor& matte, image::Edit& edit) const {
  // In place where it can be: at UHD each picture is 100 MB.
  const at::Tensor inverse = 1 - matte;
  at::Tensor foreground = Foreground(frame, matte);
  const at::Tensor new_background = NewBackground(frame);
  foreground = foreground.sub_(frame.rgb).mul_(options_.despill).add_(frame.rgb);
  at::Tensor change = (matte * foreground).add_(inverse * new_background).sub_(frame.rgb);
  edit.alpha = composite::AlphaThatHolds(inverse, frame.rgb, change);
  // Wrap and screen spill reach into the actor, where alpha is 0: alpha grows there just enough to carry them.
  const double wrap_px = options_.light_wrap_size * static_cast<double>(frame.height());
  if (options_.light_wrap > 0 && wrap_px > 0) {
    change.add_(composite::LightWrap(new_background, matte, wrap_px, options_.light_wrap));
    const at::Tensor reach = image::GaussianBlur(inverse, wrap_px) * options_.light_wrap;
    edit.alpha = at::max(edit.alpha, at::where(reach > kSmallestAlpha, reach, at::zeros_like(reach)));
  }
  if (screen_channel_ && options_.despill > 0) {
    const at::Tensor near =
        (image::GaussianBlur(inverse, kSpillReach * static_cast<double>(frame.height())) * 2).clamp(0, 1);
    const at::Tensor spill = ScreenSpill(foreground, *screen_channel_) * (options_.despill * matte * near);
    change.sub_(spill);
    edit.alpha = at::max(edit.alpha, near * (spill.amax(0, true) > kSmallestSpill));
  }
  // The fill itself may be negative (a dark plate behind an edge that was bright); the picture that it gives may not.
  foreground = at::Tensor();
  at::Tensor carried = change.add_(frame.rgb).clamp_min_(0).sub_(frame.rgb);
  carried.div_(edit.alpha.clamp_min(kSmallestAlpha)).add_(frame.rgb);
  // An infinite highlight has no difference that could be carried: the new background stands there.
  const at::Tensor carries = at::isfinite(carried).logical_and_(edit.alpha > kSmallestAlpha);
  edit.fill = at::where(carries, carried, new_background);
}

}  // namespace shotfix::passes::background
