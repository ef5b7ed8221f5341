// SPDX-License-Identifier: Apache-2.0
#include "shotfix/pipeline/plate_source.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "shotfix/core/error.h"
#include "shotfix/image/convert.h"
#include "shotfix/image/resample.h"
#include "shotfix/media/decoder.h"

namespace shotfix::pipeline {
namespace {

class FilePlate final : public passes::PlateSource {
 public:
  FilePlate(const media::ClipInfo& plate, const media::ClipInfo& shot, const PlateOptions& options)
      : decoder_(plate),
        shot_(shot),
        options_(options),
        shot_from_plate_(image::RgbFromRgb(shot.space.primaries, plate.space.primaries)) {}

  at::Tensor Linear(int64_t frame) override { return At(PlateIndex(frame)); }
  at::Tensor Reference() override { return At(0); }

 private:
  int64_t PlateIndex(int64_t frame) const {
    const int64_t count = decoder_.info().frame_count();
    const int64_t index = frame - shot_.frames.begin + options_.start;
    return options_.end == PlateEnd::kLoop ? index % count : std::min(index, count - 1);
  }

  at::Tensor At(int64_t index) {
    if (index == cached_index_) return cached_;
    if (index != next_index_) decoder_.Seek(decoder_.info().frames.begin + index);
    const std::optional<image::Frame> frame = decoder_.Next();
    SHOTFIX_CHECK(frame.has_value());
    cached_ = Fit(image::ApplyMatrix(frame->rgb, shot_from_plate_));
    cached_index_ = index;
    next_index_ = index + 1;
    return cached_;
  }

  at::Tensor Fit(const at::Tensor& picture) const {
    const auto height = static_cast<double>(shot_.layout.height);
    const auto width = static_cast<double>(shot_.layout.width);
    double scale_y = height / static_cast<double>(picture.size(1));
    double scale_x = width / static_cast<double>(picture.size(2));
    if (options_.fit == PlateFit::kFill) scale_x = scale_y = std::max(scale_x, scale_y);
    if (options_.fit == PlateFit::kFit) scale_x = scale_y = std::min(scale_x, scale_y);
    scale_x *= options_.scale;
    scale_y *= options_.scale;
    const auto fitted_h = std::max<int64_t>(1, std::llround(static_cast<double>(picture.size(1)) * scale_y));
    const auto fitted_w = std::max<int64_t>(1, std::llround(static_cast<double>(picture.size(2)) * scale_x));
    const at::Tensor fitted = image::Resize(picture, fitted_h, fitted_w);
    const bool centred = options_.offset_x_px == 0 && options_.offset_y_px == 0;
    if (fitted_h == shot_.layout.height && fitted_w == shot_.layout.width && centred) return fitted;
    const at::Tensor x = at::full({shot_.layout.height, shot_.layout.width},
                                  (static_cast<double>(fitted_w) - width) / 2 - options_.offset_x_px);
    const at::Tensor y = at::full({shot_.layout.height, shot_.layout.width},
                                  (static_cast<double>(fitted_h) - height) / 2 - options_.offset_y_px);
    const at::Tensor offset = at::stack({x, y}).to(at::kFloat);
    // Where the plate does not reach, black: the editor sees it, nothing is made up.
    return image::SampleAtOffset(fitted, offset, image::Filter::kBilinear) *
           image::InsideMask(offset, fitted_h, fitted_w);
  }

  media::Decoder decoder_;
  media::ClipInfo shot_;
  PlateOptions options_;
  std::array<float, 9> shot_from_plate_;
  int64_t cached_index_ = -1;
  int64_t next_index_ = 0;
  at::Tensor cached_;
};

}  // namespace

PlateFit ParsePlateFit(const std::string& name) {
  if (name == "fill") return PlateFit::kFill;
  if (name == "fit") return PlateFit::kFit;
  if (name == "stretch") return PlateFit::kStretch;
  Throw(ErrorCode::kUsage, "--plate-fit \"{}\" is not known; use fill, fit or stretch", name);
}

PlateEnd ParsePlateEnd(const std::string& name) {
  if (name == "hold") return PlateEnd::kHold;
  if (name == "loop") return PlateEnd::kLoop;
  if (name == "error") return PlateEnd::kError;
  Throw(ErrorCode::kUsage, "--plate-end \"{}\" is not known; use hold, loop or error", name);
}

void PlateOptions::Validate() const {
  if (!(scale >= 0.1 && scale <= 10)) Throw(ErrorCode::kUsage, "--plate-scale is {}; allowed is 0.1 to 10", scale);
  if (start < 0) Throw(ErrorCode::kUsage, "--plate-start is {}; allowed is 0 or more", start);
}

std::shared_ptr<passes::PlateSource> OpenPlate(const media::ClipInfo& plate, const media::ClipInfo& shot,
                                               const PlateOptions& options) {
  options.Validate();
  const int64_t needed = shot.frame_count() + options.start;
  // A still is never too short: it is one picture for all frames.
  const bool still = plate.is_sequence && plate.frame_count() == 1;
  if (options.end == PlateEnd::kError && !still && plate.frame_count() < needed) {
    Throw(ErrorCode::kData,
          "the plate \"{}\" has {} frames, the shot needs {}; use --plate-end hold or loop, or a longer plate",
          plate.path.string(), plate.frame_count(), needed);
  }
  return std::make_shared<FilePlate>(plate, shot, options);
}

}  // namespace shotfix::pipeline
