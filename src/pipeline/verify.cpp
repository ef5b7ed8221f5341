// SPDX-License-Identifier: Apache-2.0
#include "shotfix/pipeline/verify.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "shotfix/core/error.h"
#include "shotfix/core/stop.h"
#include "shotfix/image/analysis.h"
#include "shotfix/image/convert.h"
#include "shotfix/image/resample.h"
#include "shotfix/media/decoder.h"
#include "shotfix/temporal/measures.h"

namespace shotfix::pipeline {
namespace {

constexpr int64_t kFlowLongSidePx = 640;
constexpr int64_t kRegionMarginPx = 8;
constexpr double kEightBit = 255.0;

// Per pixel the largest difference of any sample that belongs to it, and per picture of those outside the edit.
struct SampleErrors {
  at::Tensor pixel;  // [1,H,W], codes
  double outside_max = 0;
  int64_t outside_altered = 0;  // samples
  int64_t outside_count = 0;    // samples
};

float SampleDifference(const image::Plane& a, const image::Plane& b, size_t k) {
  return a.values.empty() ? std::fabs(static_cast<float>(a.codes[k]) - static_cast<float>(b.codes[k]))
                          : std::fabs(a.values[k] - b.values[k]);
}

// Compares each plane at its own size. A sample is inside when any pixel that it covers is: luma exactly its own pixel,
// chroma its own block. `support` may be null.
SampleErrors CompareSamplesOf(const image::PixelPlanes& a, const image::PixelPlanes& b, const uint8_t* support) {
  const image::PixelLayout& layout = a.layout;
  SampleErrors errors;
  errors.pixel = at::zeros({1, layout.height, layout.width}, at::kFloat);
  float* out = errors.pixel.mutable_data_ptr<float>();
  for (size_t index = 0; index < a.planes.size(); ++index) {
    const image::Plane& plane = a.planes[index];
    const bool subsampled = plane.width != layout.width || plane.height != layout.height;
    const int shift_x = subsampled ? layout.chroma_shift_x : 0;
    const int shift_y = subsampled ? layout.chroma_shift_y : 0;
    for (int y = 0; y < plane.height; ++y) {
      for (int x = 0; x < plane.width; ++x) {
        const size_t k = static_cast<size_t>(y) * static_cast<size_t>(plane.width) + static_cast<size_t>(x);
        const float difference = SampleDifference(plane, b.planes[index], k);
        bool inside = false;
        for (int row = y << shift_y; row < std::min(layout.height, (y + 1) << shift_y); ++row) {
          for (int column = x << shift_x; column < std::min(layout.width, (x + 1) << shift_x); ++column) {
            const ptrdiff_t pixel = static_cast<ptrdiff_t>(row) * layout.width + column;
            out[pixel] = std::max(out[pixel], difference);
            inside = inside || (support != nullptr && support[pixel] != 0);
          }
        }
        if (inside) continue;
        ++errors.outside_count;
        errors.outside_altered += difference > 0 ? 1 : 0;
        errors.outside_max = std::max(errors.outside_max, static_cast<double>(difference));
      }
    }
  }
  return errors;
}

struct Box {
  int64_t y = 0;
  int64_t x = 0;
  int64_t height = 0;
  int64_t width = 0;
};

// The bounding box of a matte over the whole clip.
Box RegionBox(const media::ClipInfo& region, int64_t frames) {
  media::ClipInfo info = region;
  info.space.transfer = image::Transfer::kLinear;
  if (info.space.matrix == image::Matrix::kUnknown) info.space.matrix = image::Matrix::kBt709;
  if (info.layout.is_grey) info.space.range = image::Range::kFull;
  media::Decoder decoder(info);
  at::Tensor seen;
  for (int64_t k = 0; k < frames; ++k) {
    const std::optional<image::Frame> frame = decoder.Next();
    if (!frame) break;
    const at::Tensor matte = frame->alpha.defined() ? frame->alpha[0] : frame->rgb[1];
    seen = seen.defined() ? at::max(seen, matte) : matte;
  }
  const at::Tensor rows = at::nonzero(seen.amax(1) > 0.05);
  const at::Tensor columns = at::nonzero(seen.amax(0) > 0.05);
  if (rows.numel() == 0) Throw(ErrorCode::kData, "the region \"{}\" is empty in every frame", region.path.string());
  Box box;
  box.y = std::max<int64_t>(0, rows.min().item<int64_t>() - kRegionMarginPx);
  box.x = std::max<int64_t>(0, columns.min().item<int64_t>() - kRegionMarginPx);
  box.height = std::min(seen.size(0), rows.max().item<int64_t>() + kRegionMarginPx + 1) - box.y;
  box.width = std::min(seen.size(1), columns.max().item<int64_t>() + kRegionMarginPx + 1) - box.x;
  return box;
}

class Verifier {
 public:
  explicit Verifier(const VerifyInputs& inputs)
      : inputs_(inputs),
        source_(inputs.source),
        result_(inputs.result),
        flow_(temporal::MakeDisFlow(temporal::FlowQuality::kFast)) {
    const image::PixelLayout& a = inputs.source.layout;
    const image::PixelLayout& b = inputs.result.layout;
    if (a.width != b.width || a.height != b.height) {
      Throw(ErrorCode::kData, "\"{}\" is {}x{}, its source \"{}\" is {}x{}", inputs.result.path.string(), b.width,
            b.height, inputs.source.path.string(), a.width, a.height);
    }
    const int64_t available = inputs.source.frames.end - inputs.source_begin;
    if (inputs.result.frame_count() > available) {
      Throw(ErrorCode::kData,
            "\"{}\" has {} frames, its source has {} from frame {} on; say where it begins with --source-begin",
            inputs.result.path.string(), inputs.result.frame_count(), available, inputs.source_begin);
    }
    if (!inputs.source.frames.Contains(inputs.source_begin)) {
      Throw(ErrorCode::kUsage, "--source-begin {} is outside the source, which has frames {}", inputs.source_begin,
            inputs.source.frames.ToString());
    }
    for (const std::optional<media::ClipInfo>* other : {&inputs.reference, &inputs.region}) {
      if (!*other || ((*other)->layout.width == a.width && (*other)->layout.height == a.height)) continue;
      Throw(ErrorCode::kData, "\"{}\" is {}x{}, the source is {}x{}", (*other)->path.string(), (*other)->layout.width,
            (*other)->layout.height, a.width, a.height);
    }
    if (inputs.reference) reference_.emplace(*inputs.reference);
    if (inputs.region) box_ = RegionBox(*inputs.region, inputs.result.frame_count());
    else box_ = {0, 0, a.height, a.width};
    report_.same_layout = a == b && inputs.source.space.transfer == inputs.result.space.transfer;
    report_.outside_known = inputs.support != nullptr;
  }

  VerifyReport Run(Progress& progress) {
    source_.Seek(inputs_.source_begin);
    while (std::optional<image::Frame> result = result_.Next()) {
      ThrowIfStopped();
      const std::optional<image::Frame> source = source_.Next();
      SHOTFIX_CHECK(source.has_value());
      CompareSamples(*source, *result);
      CompareInTime(*source, *result);
      if (reference_) CompareWithReference(*result);
      ++report_.frames;
      progress.Update("verify", report_.frames, inputs_.result.frame_count(), "");
    }
    return Finish();
  }

 private:
  void CompareSamples(const image::Frame& source, const image::Frame& result) {
    const at::Tensor support = inputs_.support ? inputs_.support->Get(source.index) : at::Tensor();
    if (inputs_.support && !support.defined()) report_.outside_known = false;
    const bool known = support.defined();
    if (report_.same_layout) {
      const SampleErrors errors =
          CompareSamplesOf(*source.source, *result.source, known ? support.const_data_ptr<uint8_t>() : nullptr);
      altered_ += (errors.pixel > 0).sum().item<double>();
      pixels_ += static_cast<double>(errors.pixel.numel());
      if (known) NoteOutside(errors.outside_max, errors.outside_altered, errors.outside_count);
      return;
    }
    // Other samples: pictures are compared, in 8-bit codes of the perceptual curve.
    const at::Tensor difference = image::PerceptualFromLinear(source.rgb) - image::PerceptualFromLinear(result.rgb);
    const at::Tensor error = difference.abs().amax(0, true) * kEightBit;
    altered_ += (error > 0.5).sum().item<double>();
    pixels_ += static_cast<double>(error.numel());
    if (!known) return;
    const at::Tensor outside = error.masked_select(support == 0);
    if (outside.numel() > 0) {
      NoteOutside(outside.max().item<double>(), (outside > 0.5).sum().item<int64_t>(), outside.numel());
    }
  }

  void NoteOutside(double largest, int64_t altered, int64_t count) {
    report_.outside_max_error = std::max(report_.outside_max_error, largest);
    outside_altered_ += static_cast<double>(altered);
    outside_pixels_ += static_cast<double>(count);
  }

  void CompareInTime(const image::Frame& source, const image::Frame& result) {
    const image::AnalysisSize size = image::ChooseAnalysisSize(source.height(), source.width(), kFlowLongSidePx);
    const at::Tensor source_small = image::AnalysisPicture(source.rgb, size);
    const at::Tensor result_small = image::AnalysisPicture(result.rgb, size);
    if (last_source_.defined()) {
      const temporal::FlowLink link = temporal::LinkFrames(*flow_, last_source_, source_small);
      temporal::AddWarpError(warp_, link, {last_source_, source_small}, {last_result_, result_small});
    }
    flicker_.Add(source.rgb, result.rgb, {});
    last_source_ = source_small;
    last_result_ = result_small;
  }

  at::Tensor Crop(const at::Tensor& picture) const {
    return picture.narrow(1, box_.y, box_.height).narrow(2, box_.x, box_.width).contiguous();
  }

  void CompareWithReference(const image::Frame& result) {
    const std::optional<image::Frame> wanted = reference_->Next();
    if (!wanted)
      Throw(ErrorCode::kData, "the reference \"{}\" ends at frame {}", inputs_.reference->path.string(),
            report_.frames);
    const at::Tensor a = Crop(image::PerceptualFromLinear(result.rgb));
    const at::Tensor b = Crop(image::PerceptualFromLinear(wanted->rgb));
    reference_square_ += (a - b).square().to(at::kDouble).mean().item<double>();
    reference_ssim_ += temporal::Ssim(a, b);
  }

  VerifyReport Finish() {
    const auto frames = static_cast<double>(std::max<int64_t>(1, report_.frames));
    report_.altered_share = pixels_ > 0 ? altered_ / pixels_ : 0;
    report_.outside_altered_share = outside_pixels_ > 0 ? outside_altered_ / outside_pixels_ : 0;
    if (warp_.weight > 0) {
      report_.warp_error = warp_.result / warp_.weight;
      report_.warp_error_source = warp_.source / warp_.weight;
      report_.warp_error_ratio = warp_.Ratio();
      report_.warp_error_as_lit = warp_.RatioAsLit();
    }
    report_.flicker_stops = flicker_.StopsRms();
    if (reference_) {
      report_.psnr_db = -10 * std::log10(std::max(1e-12, reference_square_ / frames));
      report_.ssim = reference_ssim_ / frames;
    }
    return report_;
  }

  const VerifyInputs& inputs_;
  media::Decoder source_;
  media::Decoder result_;
  std::optional<media::Decoder> reference_;
  std::unique_ptr<temporal::FlowEstimator> flow_;
  Box box_;
  VerifyReport report_;
  temporal::WarpError warp_;
  temporal::FlickerMeter flicker_;
  at::Tensor last_source_;
  at::Tensor last_result_;
  double altered_ = 0;
  double pixels_ = 0;
  double outside_altered_ = 0;
  double outside_pixels_ = 0;
  double reference_square_ = 0;
  double reference_ssim_ = 0;
};

}  // namespace

VerifyReport Verify(const VerifyInputs& inputs, Progress& progress) { return Verifier(inputs).Run(progress); }

}  // namespace shotfix::pipeline
