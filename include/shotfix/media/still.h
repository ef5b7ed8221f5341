// SPDX-License-Identifier: Apache-2.0
// Single pictures: plates, painted mattes, thumbnails, contact sheets.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>

#include "shotfix/image/frame.h"
#include "shotfix/media/clip_info.h"

namespace shotfix::media {

// PNG, TIFF, DPX, EXR, JPEG. Untagged PNG and JPEG are sRGB, EXR is linear.
image::Frame ReadStill(const std::filesystem::path& path, const ProbeOptions& options = {});
// A painted matte as [1,H,W] in [0,1], without any transfer curve: the alpha plane when the file has one, else luma
// codes.
at::Tensor ReadMatte(const std::filesystem::path& path);
// 8-bit PNG of [3,H,W] or [1,H,W] in [0,1], as bytes (reports embed them) and as a file.
std::string EncodePng(const at::Tensor& picture);
void WritePng(const std::filesystem::path& path, const at::Tensor& picture);
// 16-bit grey PNG of [1,H,W] in [0,1].
void WriteMattePng(const std::filesystem::path& path, const at::Tensor& matte);

}  // namespace shotfix::media
