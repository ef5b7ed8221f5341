// SPDX-License-Identifier: Apache-2.0
#include "pipeline/edit_layers.h"

#include <ATen/ATen.h>

#include "shotfix/image/resample.h"

namespace shotfix::pipeline {
namespace {

// [2,H,W] float32: normalised places of `warp` (px, x right, y down).
at::Tensor StMap(const at::Tensor& warp) {
  const int64_t height = warp.size(1);
  const int64_t width = warp.size(2);
  const at::Tensor x = at::arange(width, warp.options()).view({1, -1}) + 0.5 + warp[0];
  const at::Tensor y = at::arange(height, warp.options()).view({-1, 1}) + 0.5 + warp[1];
  return at::stack({x / static_cast<double>(width), 1 - y / static_cast<double>(height)});
}

}  // namespace

std::vector<media::PictureLayer> LayersOf(const std::string& pass, const image::Edit& edit, int64_t height,
                                          int64_t width) {
  std::vector<media::PictureLayer> layers;
  const auto add = [&](const char* name, std::vector<std::string> channels, const char* meaning,
                       const at::Tensor& values, bool as_half = true) {
    layers.push_back({pass + "." + name, std::move(channels), meaning, values.cpu(), as_half});
  };
  if (edit.empty()) return layers;
  if (edit.alpha.defined()) add("matte", {"A"}, "1 where the source stays, 0 where the fill shows", 1 - edit.alpha);
  if (edit.fill.defined()) {
    const at::Tensor cover = edit.alpha.defined() ? edit.alpha : at::ones_like(edit.support);
    add("fill", {"R", "G", "B", "A"}, "scene-linear, not premultiplied", at::cat({edit.fill, cover}));
  }
  if (edit.gain.defined()) add("gain", {"R", "G", "B"}, "stops", image::Resize(edit.gain, height, width).contiguous());
  if (edit.warp.defined())
    add("stmap", {"R", "G"}, "where the source is sampled, 0 to 1, G upwards, pixel centres", StMap(edit.warp), false);
  add("support", {"Y"}, "where the edit may write; 0 is the source's own samples", edit.support);
  return layers;
}

}  // namespace shotfix::pipeline
