// SPDX-License-Identifier: Apache-2.0
#include "train/matte_crops.h"

#include <algorithm>

#include "shotfix/composite/foreground.h"
#include "shotfix/image/resample.h"
#include "shotfix/model/matte_head.h"

namespace shotfix::train {
namespace {

// Channels of the stack.
constexpr int64_t kPicture = 0;     // 3
constexpr int64_t kForeground = 3;  // 3
constexpr int64_t kPlate = 6;       // 3
constexpr int64_t kMatte = 9;
constexpr int64_t kPlateValid = 10;
constexpr int64_t kPrior = 11;
constexpr int64_t kTrust = 12;
constexpr int64_t kTeaches = 13;

at::Tensor Part(const at::Tensor& stack, int64_t channel, int64_t count = 1) { return stack.narrow(0, channel, count); }

ResidentExample MakeResident(const MatteExample& example, const at::Tensor& teaches, c10::Device device) {
  ResidentExample resident;
  resident.has_plate = example.plate.rgb.defined();
  resident.has_prior = example.prior.defined();
  const at::Tensor none = at::zeros_like(example.matte);
  const at::Tensor plate = resident.has_plate ? example.plate.rgb : none.expand({3, -1, -1});
  const at::Tensor valid = resident.has_plate ? example.plate.valid : none;
  const at::Tensor foreground = composite::EstimateForeground(example.perceptual, example.matte, plate, valid);
  const at::Tensor prior = resident.has_prior ? example.prior.matte : none;
  const at::Tensor trust = resident.has_prior ? example.prior.trust : none;
  resident.stack = at::cat({example.perceptual, foreground, plate, example.matte, valid, prior, trust, teaches})
                       .to(device, at::kHalf);
  // Where the matte changes within three pixels: soft edges and hard ones.
  resident.band = at::nonzero((image::Dilate(example.matte, 3) - image::Erode(example.matte, 3))[0] > 0.02);
  return resident;
}

std::pair<int64_t, int64_t> DrawCentre(Rng& rng, const ResidentExample& example) {
  const int64_t height = example.stack.size(1);
  const int64_t width = example.stack.size(2);
  if (example.band.size(0) == 0 || Uniform(rng, 0, 1) < 0.35)
    return {UniformInt(rng, 0, height), UniformInt(rng, 0, width)};
  const int64_t pick = UniformInt(rng, 0, example.band.size(0));
  constexpr int64_t kSpread = 40;
  return {example.band[pick][0].item<int64_t>() + UniformInt(rng, -kSpread, kSpread),
          example.band[pick][1].item<int64_t>() + UniformInt(rng, -kSpread, kSpread)};
}

// An unresampled crop, moved inside the picture; smaller pictures are padded with zeros (and teach nothing there).
at::Tensor CutOut(const at::Tensor& stack, std::pair<int64_t, int64_t> centre, int64_t size) {
  const int64_t height = stack.size(1);
  const int64_t width = stack.size(2);
  const int64_t y = std::clamp<int64_t>(centre.first - size / 2, 0, std::max<int64_t>(0, height - size));
  const int64_t x = std::clamp<int64_t>(centre.second - size / 2, 0, std::max<int64_t>(0, width - size));
  const int64_t rows = std::min(size, height);
  const int64_t columns = std::min(size, width);
  at::Tensor crop = stack.narrow(1, y, rows).narrow(2, x, columns).to(at::kFloat);
  if (rows < size || columns < size) crop = at::constant_pad_nd(crop, {0, size - columns, 0, size - rows}, 0);
  return crop;
}

temporal::Prior ChoosePrior(Rng& rng, const at::Tensor& crop, bool has_prior, double dropout) {
  const double draw = Uniform(rng, 0, 1);
  if (draw < dropout || !has_prior) return {};
  // Painted frames lie far apart, so the prior from the others is worse than most frames will have. Most crops see
  // a prior of some other quality instead.
  if (draw > dropout + (1 - dropout) * 0.4) {
    const DegradedMatte degraded = DegradeMatte(rng, Part(crop, kMatte));
    return {degraded.matte, degraded.trust};
  }
  return {Part(crop, kPrior), Part(crop, kTrust)};
}

// A seen plate is sometimes withheld in patches, so that the network copes where none was seen.
at::Tensor WithholdPatches(Rng& rng, const at::Tensor& valid) {
  if (Uniform(rng, 0, 1) > 0.35) return valid;
  const at::Tensor field = SmoothField(rng, valid.size(1), valid.size(2), UniformInt(rng, 3, 8), valid);
  return valid * (field < Uniform(rng, 0.5, 0.8)).to(at::kFloat);
}

}  // namespace

struct MatteCrops::Crop {
  at::Tensor input;
  at::Tensor truth;
  at::Tensor weight;
};

MatteCrops::MatteCrops(const std::vector<MatteExample>& examples, const std::vector<at::Tensor>& teaches,
                       const MatteRecipe& recipe, c10::Device device)
    : recipe_(recipe) {
  for (size_t k = 0; k < examples.size(); ++k) {
    const bool held_out_whole = teaches[k].max().item<float>() == 0;
    if (!held_out_whole) examples_.push_back(MakeResident(examples[k], teaches[k], device));
  }
}

MatteCrops::Crop MatteCrops::Real(Rng& rng, const ResidentExample& example, double strength) const {
  at::Tensor crop = CutOut(example.stack, DrawCentre(rng, example), recipe_.crop_px);
  if (Uniform(rng, 0, 1) < 0.5) crop = crop.flip(2);
  const ColourJitter light = DrawJitter(rng, 0.12 * strength);
  const at::Tensor picture = Apply(light, Part(crop, kPicture, 3)) +
                             GaussianNoise(rng, Part(crop, kPicture, 3), Uniform(rng, 0, 0.012) * strength);
  temporal::PlateView plate;
  if (example.has_plate) {
    plate.rgb = Apply(DrawJitter(rng, 0.03 * strength), Apply(light, Part(crop, kPlate, 3)));
    plate.valid = WithholdPatches(rng, Part(crop, kPlateValid));
  }
  const temporal::Prior prior = ChoosePrior(rng, crop, example.has_prior, recipe_.prior_dropout);
  return {model::AssembleMatteInput(picture, plate, prior), Part(crop, kMatte), Part(crop, kTeaches)};
}

MatteCrops::Crop MatteCrops::Recomposite(Rng& rng, const ResidentExample& actor, const ResidentExample& set,
                                         double strength) const {
  const int64_t size = recipe_.crop_px;
  const auto [y, x] = DrawCentre(rng, actor);
  Placement placement;
  placement.centre_x = static_cast<double>(x);
  placement.centre_y = static_cast<double>(y);
  placement.angle_rad = Uniform(rng, -0.35, 0.35) * strength;
  placement.scale = std::exp(Uniform(rng, -0.25, 0.25) * strength);
  placement.mirror = Uniform(rng, 0, 1) < 0.5;
  const at::Tensor layer = Place(actor.stack.to(at::kFloat), placement, size);
  const at::Tensor matte = Part(layer, kMatte);
  const at::Tensor foreground = Apply(DrawJitter(rng, 0.12 * strength), Part(layer, kForeground, 3));
  const at::Tensor behind =
      CutOut(set.stack, {UniformInt(rng, 0, set.stack.size(1)), UniformInt(rng, 0, set.stack.size(2))}, size);
  const ColourJitter light = DrawJitter(rng, 0.08 * strength);
  const at::Tensor plate_rgb = Apply(light, Part(behind, kPlate, 3));
  const at::Tensor background = Apply(DrawJitter(rng, 0.03 * strength), plate_rgb);
  // Cameras mix light, older composites mix codes: both occur in footage.
  const bool in_light = Uniform(rng, 0, 1) < 0.5;
  const at::Tensor mixed =
      in_light ? (matte * foreground.clamp_min(0).square() + (1 - matte) * background.clamp_min(0).square())
                     .clamp_min(1e-8)
                     .sqrt()
               : matte * foreground + (1 - matte) * background;
  const at::Tensor picture = mixed + GaussianNoise(rng, mixed, Uniform(rng, 0.002, 0.012));
  temporal::PlateView plate{plate_rgb, WithholdPatches(rng, Part(behind, kPlateValid))};
  temporal::Prior prior;
  if (actor.has_prior && Uniform(rng, 0, 1) > recipe_.prior_dropout) {
    const DegradedMatte degraded = DegradeMatte(rng, matte);
    prior = {degraded.matte, degraded.trust};
  }
  // Where the plate was filled in, its picture is invented: it teaches less.
  const at::Tensor covered = (matte > 0.02).to(at::kFloat);
  const at::Tensor weight = Part(layer, kTeaches) * covered + (1 - covered) * (0.25 + 0.75 * Part(behind, kPlateValid));
  return {model::AssembleMatteInput(picture, plate, prior), matte, weight};
}

MatteCrops::Crop MatteCrops::DrawOne(Rng& rng, double progress) const {
  const auto count = static_cast<int64_t>(examples_.size());
  const ResidentExample& example = examples_[static_cast<size_t>(UniformInt(rng, 0, count))];
  const ResidentExample& set = examples_[static_cast<size_t>(UniformInt(rng, 0, count))];
  // Augmentation ramps up over the first half: easy first, heavy later.
  const double strength = std::min(1.0, 0.4 + 1.2 * progress);
  const bool recomposite = example.has_plate && set.has_plate && Uniform(rng, 0, 1) < recipe_.recomposite_share;
  return recomposite ? Recomposite(rng, example, set, strength) : Real(rng, example, strength);
}

Batch MatteCrops::Draw(int64_t seed, int64_t step, int64_t planned_steps) const {
  Rng rng(static_cast<uint64_t>(seed) * 0x9E3779B97F4A7C15ULL + static_cast<uint64_t>(step));
  std::vector<at::Tensor> input;
  std::vector<at::Tensor> truth;
  std::vector<at::Tensor> weight;
  for (int64_t k = 0; k < recipe_.batch; ++k) {
    const Crop crop = DrawOne(rng, static_cast<double>(step) / static_cast<double>(planned_steps));
    input.push_back(crop.input);
    truth.push_back(crop.truth);
    weight.push_back(crop.weight);
  }
  return {at::stack(input).contiguous(at::MemoryFormat::ChannelsLast), at::stack(truth), at::stack(weight)};
}

}  // namespace shotfix::train
