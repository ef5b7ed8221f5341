// SPDX-License-Identifier: Apache-2.0
#include "shotfix/temporal/clean_plate.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "shotfix/core/error.h"
#include "shotfix/image/resample.h"

namespace shotfix::temporal {
namespace {

struct Canvas {
  int64_t height = 0;
  int64_t width = 0;
  Homography canvas_from_reference = kIdentity;
};

// The bounding box of all frames in reference coordinates, at most twice the frame's size each way.
Canvas PlanCanvas(const CameraTrack& camera, int64_t height, int64_t width) {
  double left = 0;
  double top = 0;
  auto right = static_cast<double>(width);
  auto bottom = static_cast<double>(height);
  for (const auto& [frame, h] : camera.reference_from_frame) {
    for (const auto& [x, y] : {std::pair{0.0, 0.0},
                               {static_cast<double>(width), 0.0},
                               {0.0, static_cast<double>(height)},
                               {static_cast<double>(width), static_cast<double>(height)}}) {
      const double w = h[6] * x + h[7] * y + h[8];
      left = std::min(left, (h[0] * x + h[1] * y + h[2]) / w);
      right = std::max(right, (h[0] * x + h[1] * y + h[2]) / w);
      top = std::min(top, (h[3] * x + h[4] * y + h[5]) / w);
      bottom = std::max(bottom, (h[3] * x + h[4] * y + h[5]) / w);
    }
  }
  const double half_w = static_cast<double>(width) / 2;
  const double half_h = static_cast<double>(height) / 2;
  left = std::floor(std::max(left, -half_w));
  top = std::floor(std::max(top, -half_h));
  right = std::min(right, static_cast<double>(width) + half_w);
  bottom = std::min(bottom, static_cast<double>(height) + half_h);
  Canvas canvas;
  canvas.width = static_cast<int64_t>(std::ceil(right - left));
  canvas.height = static_cast<int64_t>(std::ceil(bottom - top));
  canvas.canvas_from_reference = {1, 0, -left, 0, 1, -top, 0, 0, 1};
  return canvas;
}

struct Samples {
  std::vector<at::Tensor> rgb;    // [3,h,w] uint8
  std::vector<at::Tensor> valid;  // [1,h,w] bool
};

void AddSample(Samples& samples, const at::Tensor& picture, const at::Tensor& is_background, const at::Tensor& offset) {
  const at::Tensor moved = image::SampleAtOffset(picture, offset, image::Filter::kBilinear);
  const at::Tensor background = image::SampleAtOffset(is_background, offset, image::Filter::kBilinear);
  const at::Tensor inside = image::InsideMask(offset, picture.size(1), picture.size(2));
  samples.rgb.push_back((moved.clamp(0, 1) * 255 + 0.5).to(at::kByte));
  samples.valid.push_back(((background > 0.99) & (inside > 0.5)));
}

// Median over the valid samples of each pixel, in bands of rows to bound memory.
at::Tensor MaskedMedian(const Samples& samples, const at::Tensor& count) {
  constexpr int64_t kBand = 32;
  const at::Tensor& first = samples.rgb.front();
  at::Tensor result = at::zeros(first.sizes(), at::kFloat);
  for (int64_t begin = 0; begin < first.size(1); begin += kBand) {
    const int64_t rows = std::min(kBand, first.size(1) - begin);
    std::vector<at::Tensor> band;
    for (size_t k = 0; k < samples.rgb.size(); ++k) {
      const at::Tensor values = samples.rgb[k].narrow(1, begin, rows).to(at::kShort);
      band.push_back(values.masked_fill(samples.valid[k].narrow(1, begin, rows).logical_not(), 1000));
    }
    const at::Tensor sorted = std::get<0>(at::stack(band).sort(0));
    const at::Tensor middle = ((count.narrow(1, begin, rows).to(at::kLong) - 1).clamp_min(0) / 2)
                                  .to(at::kLong)
                                  .expand({3, rows, first.size(2)})
                                  .unsqueeze(0);
    result.narrow(1, begin, rows).copy_(sorted.gather(0, middle).squeeze(0).to(at::kFloat) / 255.0);
  }
  return result.clamp(0, 1);
}

}  // namespace

at::Tensor FillUnknown(const at::Tensor& picture, const at::Tensor& valid) {
  const int64_t height = picture.size(1);
  const int64_t width = picture.size(2);
  const at::Tensor known = picture * valid;
  if (height <= 2 || width <= 2) return known.sum({1, 2}, true) / valid.sum().clamp_min(1e-6) * at::ones_like(picture);
  const int64_t half_h = (height + 1) / 2;
  const int64_t half_w = (width + 1) / 2;
  const at::Tensor weight = image::Resize(valid, half_h, half_w);
  const at::Tensor small = image::Resize(known, half_h, half_w) / weight.clamp_min(1e-6);
  const at::Tensor filled = FillUnknown(small, weight.clamp(0, 1).gt(1e-4).to(at::kFloat));
  return known + image::Resize(filled, height, width) * (1 - valid);
}

CleanPlate GatherPlate(image::ShotReader& shot, const CameraTrack& camera, const ForegroundOf& foreground,
                       const PlateOptions& options) {
  const FrameRange frames = shot.frames();
  const int64_t height = shot.analysis_height();
  const int64_t width = shot.analysis_width();
  const Canvas canvas = PlanCanvas(camera, height, width);
  const int64_t count = std::min<int64_t>(options.max_samples, frames.size());
  Samples samples;
  for (int64_t k = 0; k < count; ++k) {
    const int64_t frame = frames.begin + (count > 1 ? k * (frames.size() - 1) / (count - 1) : 0);
    const at::Tensor matte = foreground(frame);
    at::Tensor background = at::ones({1, height, width}, at::kFloat);
    if (matte.defined())
      background =
          1 - image::Dilate((matte > options.foreground_limit).to(at::kFloat), std::max<int64_t>(2, width / 160));
    const Homography frame_from_canvas =
        Multiply(Invert(camera.reference_from_frame.at(frame)), Invert(canvas.canvas_from_reference));
    AddSample(samples, shot.Analysis(frame), background, OffsetOf(frame_from_canvas, canvas.height, canvas.width));
  }
  at::Tensor seen = at::zeros({1, canvas.height, canvas.width}, at::kInt);
  for (const at::Tensor& valid : samples.valid) seen += valid.to(at::kInt);
  CleanPlate plate;
  plate.canvas_from_reference = canvas.canvas_from_reference;
  const int64_t needed = std::min<int64_t>(options.min_samples, count);
  plate.valid = (seen >= needed).to(at::kFloat);
  plate.rgb = FillUnknown(MaskedMedian(samples, seen), plate.valid);
  return plate;
}

PlateView ViewPlate(const CleanPlate& plate, const Homography& reference_from_frame, int64_t height, int64_t width) {
  SHOTFIX_CHECK(plate.defined());
  const at::Tensor offset = OffsetOf(Multiply(plate.canvas_from_reference, reference_from_frame), height, width);
  PlateView view;
  view.rgb = image::SampleAtOffset(plate.rgb, offset, image::Filter::kBilinear);
  view.valid = image::SampleAtOffset(plate.valid, offset, image::Filter::kBilinear) *
               image::InsideMask(offset, plate.rgb.size(1), plate.rgb.size(2));
  return view;
}

}  // namespace shotfix::temporal
