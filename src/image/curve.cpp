// SPDX-License-Identifier: Apache-2.0
// Transfer curves: ITU-R BT.709-6, IEC 61966-2-1 (sRGB), SMPTE ST 2084 (PQ), ITU-R BT.2100 (HLG).
#include <cmath>
#include <map>
#include <memory>
#include <mutex>

#include "shotfix/core/error.h"
#include "shotfix/image/colour.h"

namespace shotfix::image {
namespace {

constexpr float kPqReferenceWhite = 203.0F / 10000.0F;
constexpr float kPqM1 = 2610.0F / 16384.0F;
constexpr float kPqM2 = 2523.0F / 32.0F;
constexpr float kPqC1 = 3424.0F / 4096.0F;
constexpr float kPqC2 = 2413.0F / 128.0F;
constexpr float kPqC3 = 2392.0F / 128.0F;
constexpr float kHlgA = 0.17883277F;
constexpr float kHlgB = 0.28466892F;
constexpr float kHlgC = 0.55991073F;

float PqLinear(float code) {
  const float power = std::pow(code, 1.0F / kPqM2);
  return std::pow(std::max(power - kPqC1, 0.0F) / (kPqC2 - kPqC3 * power), 1.0F / kPqM1) / kPqReferenceWhite;
}

float PqCode(float linear) {
  const float power = std::pow(linear * kPqReferenceWhite, kPqM1);
  return std::pow((kPqC1 + kPqC2 * power) / (1.0F + kPqC3 * power), kPqM2);
}

float PositiveLinear(Transfer transfer, float code) {
  switch (transfer) {
    case Transfer::kSrgb: return code <= 0.04045F ? code / 12.92F : std::pow((code + 0.055F) / 1.055F, 2.4F);
    case Transfer::kLinear: return code;
    case Transfer::kGamma22: return std::pow(code, 2.2F);
    case Transfer::kGamma28: return std::pow(code, 2.8F);
    case Transfer::kPq: return PqLinear(code);
    case Transfer::kHlg: return code <= 0.5F ? code * code / 3.0F : (std::exp((code - kHlgC) / kHlgA) + kHlgB) / 12.0F;
    default: return code < 0.081F ? code / 4.5F : std::pow((code + 0.099F) / 1.099F, 1.0F / 0.45F);
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
    case Transfer::kHlg:
      return linear <= 1.0F / 12.0F ? std::sqrt(3.0F * linear) : kHlgA * std::log(12.0F * linear - kHlgB) + kHlgC;
    default: return linear < 0.018F ? linear * 4.5F : 1.099F * std::pow(linear, 0.45F) - 0.099F;
  }
}

bool NeedsFunction(Transfer transfer, Curve::Direction direction) {
  if (transfer == Transfer::kPq || transfer == Transfer::kHlg) return true;
  const bool pure_gamma = transfer == Transfer::kGamma22 || transfer == Transfer::kGamma28;
  return pure_gamma && direction == Curve::Direction::kCodeFromLinear;
}

}  // namespace

float LinearFromCode(Transfer transfer, float code) {
  return code < 0 ? -PositiveLinear(transfer, -code) : PositiveLinear(transfer, code);
}
float CodeFromLinear(Transfer transfer, float linear) {
  return linear < 0 ? -PositiveCode(transfer, -linear) : PositiveCode(transfer, linear);
}

Curve::Curve(Transfer transfer, Direction direction) : transfer_(transfer), direction_(direction) {
  if (NeedsFunction(transfer, direction)) return;
  table_.resize(kSize + 2);
  for (int k = 0; k < kSize + 2; ++k) {
    const float x = kLimit * static_cast<float>(k) / kSize;
    table_[static_cast<size_t>(k)] =
        direction == Direction::kLinearFromCode ? LinearFromCode(transfer, x) : CodeFromLinear(transfer, x);
  }
}

const Curve& Curve::Get(Transfer transfer, Direction direction) {
  static std::mutex mutex;
  static std::map<std::pair<Transfer, Direction>, std::unique_ptr<Curve>> curves;
  const std::lock_guard lock(mutex);
  std::unique_ptr<Curve>& curve = curves[{transfer, direction}];
  if (!curve) curve.reset(new Curve(transfer, direction));
  return *curve;
}

float Curve::operator()(float x) const {
  if (transfer_ == Transfer::kLinear) return x;
  const float magnitude = std::fabs(x);
  if (table_.empty() || !(magnitude < kLimit)) {
    return direction_ == Direction::kLinearFromCode ? LinearFromCode(transfer_, x) : CodeFromLinear(transfer_, x);
  }
  const float position = magnitude * (kSize / kLimit);
  const auto index = static_cast<size_t>(position);
  const float fraction = position - static_cast<float>(index);
  const float value = table_[index] + fraction * (table_[index + 1] - table_[index]);
  return x < 0 ? -value : value;
}

}  // namespace shotfix::image
