// SPDX-License-Identifier: Apache-2.0
#include "passes/eyeline/learned.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>

#include "passes/eyeline/eye_layers.h"
#include "shotfix/gaze/eye_parts.h"
#include "shotfix/model/gaze_head.h"

namespace shotfix::passes::eyeline {
namespace {

using model::kGazeGridHeight;
using model::kGazeGridWidth;

// Crop px of the grid's places and back.
class Grid {
 public:
  explicit Grid(const EyeDrawing& drawing)
      : half_w_(drawing.shot.crop_half_width),
        half_h_(drawing.shot.crop_half_height),
        side_(drawing.eye == 0 ? 1 : -1) {}

  cv::Point2d CropAt(int64_t x, int64_t y) const {
    return {side_ * (2.0 * static_cast<double>(x) / (kGazeGridWidth - 1) - 1) * half_w_,
            (2.0 * static_cast<double>(y) / (kGazeGridHeight - 1) - 1) * half_h_};
  }
  cv::Point2d GridAt(cv::Point2d crop) const {
    return {(side_ * crop.x / half_w_ + 1) / 2 * (kGazeGridWidth - 1),
            (crop.y / half_h_ + 1) / 2 * (kGazeGridHeight - 1)};
  }
  // A shift in px of the grid as one in crop px.
  cv::Point2d CropShift(double x, double y) const {
    return {side_ * 2 * x / (kGazeGridWidth - 1) * half_w_, 2 * y / (kGazeGridHeight - 1) * half_h_};
  }
  double side() const { return side_; }

 private:
  double half_w_;
  double half_h_;
  double side_;
};

// Whether the head may act at `crop`: within the open eye and on the lids' edges.
double MayAct(const gaze::LidShape& lid, const gaze::LidState& state, cv::Point2d crop, double radius) {
  const double upper = lid.Upper(state, crop.x);
  if (std::isnan(upper)) return 0;
  const double depth = std::min(crop.y - upper, lid.Lower(state, crop.x) - crop.y) / radius;
  // At the corners the lids meet: nothing ends there at once.
  return Ramp(depth, -0.8, -0.25) * Ramp(lid.Bulge(crop.x), 0, 0.25);
}

}  // namespace

at::Tensor OnGrid(const EyeDrawing& drawing, const cv::Mat& picture, const gaze::Affine& frame_from_crop) {
  const Grid grid(drawing);
  at::Tensor result = at::empty({3, kGazeGridHeight, kGazeGridWidth});
  auto out = result.accessor<float, 3>();
  for (int64_t y = 0; y < kGazeGridHeight; ++y) {
    for (int64_t x = 0; x < kGazeGridWidth; ++x) {
      const cv::Point2d at = frame_from_crop(grid.CropAt(x, y));
      const cv::Vec3f colour = gaze::ColourAt(picture, at.x, at.y);
      for (int c = 0; c < 3; ++c) out[c][y][x] = colour[c];
    }
  }
  return result;
}

HeadView ViewForHead(const EyeDrawing& drawing, cv::Point2d iris, const cv::Mat& drawn) {
  constexpr double kFar = 3;  // iris radii: farther is all the same
  const Grid grid(drawing);
  const gaze::Affine map = drawing.state.frame_from_crop.Shifted(-cv::Point2d(drawing.origin));
  const gaze::EyeShape& shape = drawing.shot.shapes[drawing.eye];
  const gaze::LidShape lid(shape.upper, shape.lower);
  const gaze::LidState state{drawing.state.open, drawing.state.lower};
  const double radius = shape.ball.radius_px;
  at::Tensor places = at::empty({model::kGazeInputChannels - 6, kGazeGridHeight, kGazeGridWidth});
  HeadView view{{}, at::empty({1, kGazeGridHeight, kGazeGridWidth})};
  auto out = places.accessor<float, 3>();
  auto mask = view.mask.accessor<float, 3>();
  const auto near = [&](double value) { return static_cast<float>(std::clamp(value, -kFar, kFar) / kFar); };
  const cv::Point2d move = (iris - drawing.state.iris) / radius;
  for (int64_t y = 0; y < kGazeGridHeight; ++y) {
    for (int64_t x = 0; x < kGazeGridWidth; ++x) {
      const cv::Point2d crop = grid.CropAt(x, y);
      const cv::Point2d after = (crop - iris) / radius;
      const cv::Point2d before = (crop - drawing.state.iris) / radius;
      const double upper = lid.Upper(state, crop.x);
      const double above = std::isnan(upper) ? -kFar : (crop.y - upper) / radius;
      const double below = std::isnan(upper) ? -kFar : (lid.Lower(state, crop.x) - crop.y) / radius;
      const float values[] = {near(grid.side() * after.x),
                              near(after.y),
                              near(grid.side() * before.x),
                              near(before.y),
                              near(above),
                              near(below),
                              near(grid.side() * move.x),
                              near(move.y)};
      for (int c = 0; c < 8; ++c) out[c][y][x] = values[c];
      mask[0][y][x] = static_cast<float>(MayAct(lid, state, crop, radius));
    }
  }
  view.input = at::cat({OnGrid(drawing, drawn, map) - 0.5, OnGrid(drawing, drawing.frame, map) - 0.5, places});
  return view;
}

cv::Mat ApplyFields(const EyeDrawing& drawing, const cv::Mat& drawn, const HeadView& view, const at::Tensor& fields,
                    double share) {
  const Grid grid(drawing);
  const gaze::Affine map = drawing.state.frame_from_crop.Shifted(-cv::Point2d(drawing.origin));
  const gaze::Affine crop_from_frame = map.Inverse();
  const cv::Mat mask = gaze::MatFromTensor(view.mask);
  const cv::Mat shifts = gaze::MatFromTensor(fields.narrow(0, 0, 3));  // the third is light, and not read
  const cv::Mat light = gaze::MatFromTensor(fields.narrow(0, 2, 3));
  cv::Mat result = drawn.clone();
  for (int y = 0; y < drawn.rows; ++y) {
    for (int x = 0; x < drawn.cols; ++x) {
      const cv::Point2d crop = crop_from_frame(cv::Point2d(x, y));
      const cv::Point2d at = grid.GridAt(crop);
      if (at.x < 0 || at.y < 0 || at.x > kGazeGridWidth - 1 || at.y > kGazeGridHeight - 1) continue;
      const double weight = share * gaze::ValueAt(mask, at.x, at.y);
      if (weight <= 0) continue;
      const cv::Vec3f shift = gaze::ColourAt(shifts, at.x, at.y);
      const cv::Point2d by = grid.CropShift(shift[0], shift[1]);
      const cv::Point2d from = map(crop + by * weight);
      result.at<cv::Vec3f>(y, x) =
          gaze::ColourAt(drawn, from.x, from.y) + gaze::ColourAt(light, at.x, at.y) * static_cast<float>(weight);
    }
  }
  return result;
}

}  // namespace shotfix::passes::eyeline
