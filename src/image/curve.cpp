// SPDX-License-Identifier: Apache-2.0
// Transfer curves: ITU-R BT.709-6, IEC 61966-2-1 (sRGB), SMPTE ST 2084 (PQ), ITU-R BT.2100 (HLG).
#include "shotfix/image/curve.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>

#include "image/colour_names.h"
#include "shotfix/core/error.h"

namespace shotfix::image {
namespace {

constexpr float kPqReferenceWhite = 203.0F / 10000.0F;
constexpr float kPqM1 = 2610.0F / 16384.0F;
constexpr float kPqM2 = 2523.0F / 32.0F;
constexpr float kPqC1 = 3424.0F / 4096.0F;
constexpr float kPqC2 = 2413.0F / 128.0F;
constexpr float kPqC3 = 2392.0F / 128.0F;
constexpr float kVideoAlpha = 1.0992968268F;  // H.273 table 3, codes 1, 6, 14 and 15
constexpr float kVideoBeta = 0.0180539685F;
constexpr float kHlgA = 0.17883277F;
constexpr float kHlgB = 0.28466892F;
constexpr float kHlgC = 0.55991073F;
constexpr float kHlgWhite = 0.2649626F;  // light of 75 % signal, peak 1

float PqLinear(float code) {
  const float power = std::pow(code, 1.0F / kPqM2);
  return std::pow(std::max(power - kPqC1, 0.0F) / (kPqC2 - kPqC3 * power), 1.0F / kPqM1) / kPqReferenceWhite;
}

float PqCode(float linear) {
  const float power = std::pow(linear * kPqReferenceWhite, kPqM1);
  return std::pow((kPqC1 + kPqC2 * power) / (1.0F + kPqC3 * power), kPqM2);
}

float HlgLinear(float code) {
  const float light = code <= 0.5F ? code * code / 3.0F : (std::exp((code - kHlgC) / kHlgA) + kHlgB) / 12.0F;
  return light / kHlgWhite;
}

float HlgCode(float linear) {
  const float light = linear * kHlgWhite;
  return light <= 1.0F / 12.0F ? std::sqrt(3.0F * light) : kHlgA * std::log(12.0F * light - kHlgB) + kHlgC;
}

float PositiveLinear(Transfer transfer, float code) {
  switch (transfer) {
    case Transfer::kSrgb: return code <= 0.04045F ? code / 12.92F : std::pow((code + 0.055F) / 1.055F, 2.4F);
    case Transfer::kLinear: return code;
    case Transfer::kGamma22: return std::pow(code, 2.2F);
    case Transfer::kGamma28: return std::pow(code, 2.8F);
    case Transfer::kPq: return PqLinear(code);
    case Transfer::kHlg: return HlgLinear(code);
    default:
      return code < 4.5F * kVideoBeta ? code / 4.5F : std::pow((code + kVideoAlpha - 1) / kVideoAlpha, 1.0F / 0.45F);
  }
}

float PositiveCode(Transfer transfer, float linear) {
  switch (transfer) {
    case Transfer::kSrgb:
      return linear <= 0.0031308F ? linear * 12.92F : 1.055F * std::pow(linear, 1.0F / 2.4F) - 0.055F;
    case Transfer::kLinear: return linear;
    case Transfer::kGamma22: return std::pow(linear, 1.0F / 2.2F);
    case Transfer::kGamma28: return std::pow(linear, 1.0F / 2.8F);
    case Transfer::kPq: return PqCode(linear);
    case Transfer::kHlg: return HlgCode(linear);
    default: return linear < kVideoBeta ? linear * 4.5F : kVideoAlpha * std::pow(linear, 0.45F) - (kVideoAlpha - 1);
  }
}

// The formula; only for transfers with an H.273 code point.
float Formula(Transfer transfer, Curve::Direction direction, float x) {
  const auto positive = direction == Curve::Direction::kLinearFromCode ? &PositiveLinear : &PositiveCode;
  return x < 0 ? -positive(transfer, -x) : positive(transfer, x);
}

std::vector<float> Evaluate(Transfer transfer, Curve::Direction direction, const std::vector<float>& at) {
  if (const std::shared_ptr<const ConfigSpace> config = ConfigOf(transfer)) {
    return direction == Curve::Direction::kLinearFromCode ? config->LinearFromCode(at) : config->CodeFromLinear(at);
  }
  std::vector<float> values;
  for (const float x : at) values.push_back(Formula(transfer, direction, x));
  return values;
}

// Code to light: position 0 is kLowCode.
constexpr float kLowCode = -0.25F;
constexpr float kStepsPerCode = 1 << 15;
constexpr int kCodeSteps = 3 << 14;

// Light to code: kOctaves octaves from 2^kLowExponent up on each side of 0, with 0 between them.
constexpr int kLowExponent = -40;
constexpr int kOctaves = 56;
constexpr int kStepsPerOctave = 256;
constexpr int kSideSteps = kOctaves * kStepsPerOctave;
constexpr uint32_t kLowBits = static_cast<uint32_t>(127 + kLowExponent) << 23;
constexpr int kBitsPerStep = 15;  // a float's 23 bits of mantissa in 256 steps

// The light at a distance of `step` steps from 0.
float LinearAtStep(int step) {
  if (step == 0) return 0;
  const uint32_t bits = kLowBits + (static_cast<uint32_t>(std::abs(step) - 1) << kBitsPerStep);
  const auto value = std::bit_cast<float>(bits);
  return step < 0 ? -value : value;
}

}  // namespace

float LinearFromCode(Transfer transfer, float code) {
  return Evaluate(transfer, Curve::Direction::kLinearFromCode, {code}).front();
}
float CodeFromLinear(Transfer transfer, float linear) {
  return Evaluate(transfer, Curve::Direction::kCodeFromLinear, {linear}).front();
}

Curve::Curve(Transfer transfer, Direction direction) : direction_(direction) {
  if (transfer == Transfer::kLinear) return;
  std::vector<float> at;
  if (direction == Direction::kLinearFromCode) {
    for (int k = 0; k <= kCodeSteps; ++k) at.push_back(kLowCode + static_cast<float>(k) / kStepsPerCode);
  } else {
    for (int k = -kSideSteps - 1; k <= kSideSteps + 1; ++k) at.push_back(LinearAtStep(k));
  }
  table_ = Evaluate(transfer, direction, at);
}

const Curve& Curve::Get(Transfer transfer, Direction direction) {
  static std::mutex mutex;
  static std::map<std::pair<Transfer, Direction>, std::unique_ptr<Curve>> curves;
  const std::lock_guard lock(mutex);
  std::unique_ptr<Curve>& curve = curves[{transfer, direction}];
  if (!curve) curve.reset(new Curve(transfer, direction));
  return *curve;
}

// Where x lies in the table, in steps.
float Curve::Position(float x) const {
  if (direction_ == Direction::kLinearFromCode) return (x - kLowCode) * kStepsPerCode;
  const uint32_t bits = std::bit_cast<uint32_t>(std::fabs(x));
  // Below the first octave the way to 0 is one straight step.
  const float steps = bits < kLowBits
                          ? std::fabs(x) * std::bit_cast<float>(static_cast<uint32_t>(127 - kLowExponent) << 23)
                          : static_cast<float>(static_cast<int32_t>(bits - kLowBits)) / (1 << kBitsPerStep) + 1;
  return (x < 0 ? -steps : steps) + (kSideSteps + 1);
}

float Curve::operator()(float x) const {
  if (table_.empty()) return x;
  const float position = Position(x);
  const auto last = static_cast<float>(table_.size() - 2);
  // Written so that a NaN takes the first step and stays a NaN.
  const auto index = static_cast<size_t>(position > 0 ? std::min(position, last) : 0.0F);
  const float fraction = position - static_cast<float>(index);
  return table_[index] + fraction * (table_[index + 1] - table_[index]);
}

// Blocks: where each value lies is found by code that the compiler can vectorise, the table is then read one by one.
void Curve::Apply(float* values, int64_t count) const {
  if (table_.empty()) return;
  constexpr int64_t kBlock = 256;
  std::array<float, kBlock> positions;
  const auto last = static_cast<float>(table_.size() - 2);
  const float* table = table_.data();
  for (int64_t begin = 0; begin < count; begin += kBlock) {
    const int64_t size = std::min(kBlock, count - begin);
    float* block = values + begin;
    for (int64_t k = 0; k < size; ++k) positions[static_cast<size_t>(k)] = Position(block[k]);
    for (int64_t k = 0; k < size; ++k) {
      const float position = positions[static_cast<size_t>(k)];
      const auto index = static_cast<int32_t>(position > 0 ? std::min(position, last) : 0.0F);
      block[k] = table[index] + (position - static_cast<float>(index)) * (table[index + 1] - table[index]);
    }
  }
}

// The same steps as operator(), one operation a line, for devices that have no scalar code.
at::Tensor Curve::ApplyByTensorOps(const at::Tensor& picture) const {
  const at::Tensor table =
      at::from_blob(const_cast<float*>(table_.data()), {static_cast<int64_t>(table_.size())}, at::kFloat)
          .to(picture.device(), at::kFloat, false, true);
  at::Tensor position;
  if (direction_ == Direction::kLinearFromCode) {
    position = (picture - kLowCode) * kStepsPerCode;
  } else {
    const at::Tensor magnitude = picture.abs();
    const at::Tensor bits = magnitude.view(at::kInt);
    const at::Tensor high = (bits - static_cast<int64_t>(kLowBits)).to(at::kFloat) / (1 << kBitsPerStep) + 1;
    const at::Tensor low = magnitude * std::exp2(static_cast<double>(-kLowExponent));
    const at::Tensor steps = at::where(bits < static_cast<int64_t>(kLowBits), low, high);
    position = at::where(picture < 0, -steps, steps) + (kSideSteps + 1);
  }
  const auto last = static_cast<double>(table_.size() - 2);
  const at::Tensor index = at::where(position > 0, position, at::zeros_like(position)).clamp_max(last).to(at::kLong);
  const at::Tensor base = table.index_select(0, index.flatten()).view_as(picture);
  const at::Tensor next = table.index_select(0, (index + 1).flatten()).view_as(picture);
  return base + (position - index.to(at::kFloat)) * (next - base);
}

at::Tensor Curve::Apply(const at::Tensor& picture) const {
  if (table_.empty()) return picture;
  if (!picture.device().is_cpu()) return ApplyByTensorOps(picture.contiguous());
  const at::Tensor in = picture.contiguous();
  at::Tensor out = at::empty_like(in);
  const float* from = in.const_data_ptr<float>();
  float* to = out.mutable_data_ptr<float>();
  at::parallel_for(0, in.numel(), 1 << 14, [&](int64_t begin, int64_t end) {
    std::copy(from + begin, from + end, to + begin);
    Apply(to + begin, end - begin);
  });
  return out;
}

}  // namespace shotfix::image
