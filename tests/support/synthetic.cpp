// SPDX-License-Identifier: Apache-2.0
#include "support/synthetic.h"

#include <ATen/ATen.h>

#include "shotfix/image/resample.h"
#include "shotfix/media/still.h"
#include "support/shell.h"
#include "support/temp_dir.h"

namespace shotfix::testing {
namespace {

at::Tensor Texture(int64_t height, int64_t width, uint64_t seed, double low, double high) {
  at::Generator generator = at::globalContext().defaultGenerator(at::kCPU).clone();
  generator.set_current_seed(seed);
  const at::Tensor coarse = at::rand({3, height / 8, width / 8}, generator, at::TensorOptions(at::kFloat));
  const at::Tensor fine = at::rand({3, height / 2, width / 2}, generator, at::TensorOptions(at::kFloat));
  return (image::Resize(coarse, height, width) * 0.7 + image::Resize(fine, height, width) * 0.3) * (high - low) + low;
}

}  // namespace

SyntheticShot MakeShot(const SyntheticOptions& options) {
  SyntheticShot shot;
  const int64_t wide = options.width * 2;
  const at::Tensor wall = Texture(options.height, wide, options.seed, 0.15, 0.55);
  const at::Tensor skin = Texture(options.height, options.width, options.seed + 1, 0.6, 0.95);
  const double radius = static_cast<double>(options.height) * 0.22;
  at::Generator generator = at::globalContext().defaultGenerator(at::kCPU).clone();
  generator.set_current_seed(options.seed + 2);
  const at::Tensor y = at::arange(options.height, at::kFloat).view({-1, 1});
  const at::Tensor x = at::arange(options.width, at::kFloat).view({1, -1});
  for (int64_t k = 0; k < options.frames; ++k) {
    const double cx = static_cast<double>(options.width) * 0.28 + options.speed_px * static_cast<double>(k);
    const at::Tensor distance = ((x - cx).square() + (y - static_cast<double>(options.height) * 0.5).square()).sqrt();
    const at::Tensor matte = ((radius - distance) / 2 + 0.5).clamp(0, 1).unsqueeze(0);
    const at::Tensor shift = at::full({options.height, options.width}, options.pan_px * static_cast<double>(k));
    const at::Tensor offset = at::stack({shift, at::zeros_like(shift)}).to(at::kFloat);
    const at::Tensor behind = image::SampleAtOffset(wall, offset, image::Filter::kBilinear);
    const at::Tensor move = at::full({options.height, options.width}, -options.speed_px * static_cast<double>(k));
    const at::Tensor disc =
        image::SampleAtOffset(skin, at::stack({move, at::zeros_like(move)}).to(at::kFloat), image::Filter::kBilinear);
    at::Tensor picture = matte * disc + (1 - matte) * behind;
    if (options.grain > 0) picture = picture + at::randn(picture.sizes(), generator, picture.options()) * options.grain;
    shot.pictures.push_back(picture.clamp(0, 1));
    shot.mattes.push_back(matte);
    shot.walls.push_back(behind);
  }
  return shot;
}

int64_t SyntheticReader::analysis_height() const { return shot_.pictures.front().size(1); }
int64_t SyntheticReader::analysis_width() const { return shot_.pictures.front().size(2); }

void WriteClip(const std::vector<at::Tensor>& pictures, const std::filesystem::path& path,
               const std::string& encoding) {
  const TempDir folder;
  for (size_t k = 0; k < pictures.size(); ++k) {
    media::WritePng(folder / ("f." + std::to_string(1000 + k) + ".png"), pictures[k]);
  }
  Ffmpeg("-framerate 24 -start_number 1000 -i '" + (folder / "f.%04d.png") +
         "' -vf scale=out_color_matrix=bt709:out_range=tv "
         "-colorspace bt709 -color_primaries bt709 -color_trc iec61966-2-1 -color_range tv " +
         encoding + " '" + path.string() + "'");
}

}  // namespace shotfix::testing
