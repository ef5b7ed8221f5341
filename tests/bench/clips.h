// SPDX-License-Identifier: Apache-2.0
// Frames of clips, and how far they are from a truth: what benches of relit shots share.
#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <string>
#include <vector>

#include "shotfix/image/convert.h"
#include "shotfix/media/decoder.h"

namespace shotfix {

// Chosen frames of a clip, scene-linear [3,H,W].
inline std::vector<at::Tensor> ReadFrames(const std::string& path, const std::vector<int64_t>& frames) {
  media::ProbeOptions options;
  options.in_space = image::ParseColourSpace("srgb");
  const media::ClipInfo info = media::Probe(path, options);
  media::Decoder decoder(info);
  std::vector<at::Tensor> pictures;
  for (const int64_t frame : frames) {
    decoder.Seek(info.frames.begin + std::min(frame, info.frame_count() - 1));
    pictures.push_back(decoder.Next()->rgb);
  }
  return pictures;
}

inline std::vector<at::Tensor> ReadAlpha(const std::string& path, const std::vector<int64_t>& frames) {
  const media::ClipInfo info = media::Probe(path, {});
  media::Decoder decoder(info);
  std::vector<at::Tensor> alphas;
  for (const int64_t frame : frames) {
    decoder.Seek(frame);
    const image::PixelPlanes planes = *decoder.NextSamples()->source;
    const image::Plane& grey = planes.planes[0];
    at::Tensor alpha = at::empty({1, planes.layout.height, planes.layout.width});
    for (size_t k = 0; k < grey.codes.size(); ++k)
      alpha.mutable_data_ptr<float>()[k] = static_cast<float>(grey.codes[k]) / 255;
    alphas.push_back(alpha);
  }
  return alphas;
}

inline at::Tensor Rows(const at::Tensor& picture, const at::Tensor& mask) {
  const at::Tensor places = mask.reshape({-1}).nonzero().squeeze(1);
  return picture.reshape({picture.size(0), -1}).index_select(1, places).t().to(at::kDouble);
}

// PSNR in the sRGB curve, of rows.
inline double Psnr(const at::Tensor& a, const at::Tensor& b) {
  const auto shown = [](const at::Tensor& rows) {
    return image::PerceptualFromLinear(rows.clamp(0, 1).to(at::kFloat).contiguous());
  };
  return -10 * std::log10((shown(a) - shown(b)).square().mean().item<double>());
}

// The 3x4 matrix in linear light that takes the source nearest to the truth.
inline at::Tensor BestGrade(const at::Tensor& source, const at::Tensor& truth) {
  const at::Tensor x = at::cat({source, at::ones({source.size(0), 1}, source.options())}, 1);
  return x.mm(at::linalg_solve(x.t().mm(x), x.t().mm(truth))).clamp(0, 1);
}

}  // namespace shotfix
