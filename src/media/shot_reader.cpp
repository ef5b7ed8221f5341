// SPDX-License-Identifier: Apache-2.0
#include "shotfix/media/shot_reader.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <list>

#include "shotfix/core/error.h"
#include "shotfix/core/stop.h"
#include "shotfix/image/analysis.h"
#include "shotfix/image/convert.h"
#include "shotfix/media/decoder.h"

namespace shotfix::media {
namespace {

constexpr int64_t kBlockFrames = 32;
constexpr size_t kBlocksKept = 2;

struct Block {
  int64_t begin = 0;
  std::vector<at::Tensor> pictures;  // [3,h,w] float16
};

class ClipShotReader final : public image::ShotReader {
 public:
  ClipShotReader(const ClipInfo& info, FrameRange frames, int long_side_px)
      : decoder_(info),
        frames_(frames),
        size_(image::ChooseAnalysisSize(info.layout.height, info.layout.width, long_side_px)) {
    SHOTFIX_CHECK(frames.begin >= info.frames.begin && frames.end <= info.frames.end && frames.size() > 0);
  }

  FrameRange frames() const override { return frames_; }
  int64_t analysis_height() const override { return size_.height; }
  int64_t analysis_width() const override { return size_.width; }

  at::Tensor Analysis(int64_t frame) override {
    SHOTFIX_CHECK(frames_.Contains(frame));
    const Block& block = Load(frames_.begin + (frame - frames_.begin) / kBlockFrames * kBlockFrames);
    return block.pictures[static_cast<size_t>(frame - block.begin)].to(at::kFloat);
  }

  at::Tensor FullSize(int64_t frame) override {
    SHOTFIX_CHECK(frames_.Contains(frame));
    decoder_.Seek(frame);
    const std::optional<image::Frame> decoded = decoder_.Next();
    SHOTFIX_CHECK(decoded.has_value());
    return image::PerceptualFromLinear(decoded->rgb);
  }

 private:
  const Block& Load(int64_t begin) {
    for (auto place = blocks_.begin(); place != blocks_.end(); ++place) {
      if (place->begin != begin) continue;
      blocks_.splice(blocks_.begin(), blocks_, place);
      return blocks_.front();
    }
    Block block;
    block.begin = begin;
    decoder_.Seek(begin);
    for (int64_t frame = begin; frame < std::min(begin + kBlockFrames, frames_.end); ++frame) {
      ThrowIfStopped();
      const std::optional<image::Frame> decoded = decoder_.Next();
      SHOTFIX_CHECK(decoded.has_value());
      block.pictures.push_back(image::AnalysisPicture(decoded->rgb, size_).to(at::kHalf));
    }
    blocks_.push_front(std::move(block));
    if (blocks_.size() > kBlocksKept) blocks_.pop_back();
    return blocks_.front();
  }

  Decoder decoder_;
  FrameRange frames_;
  image::AnalysisSize size_;
  std::list<Block> blocks_;
};

}  // namespace

std::unique_ptr<image::ShotReader> OpenShotReader(const ClipInfo& info, FrameRange frames, int long_side_px) {
  return std::make_unique<ClipShotReader>(info, frames, long_side_px);
}

at::Tensor MedianPicture(const ClipInfo& info, int64_t height, int64_t width) {
  constexpr int64_t kMost = 9;
  Decoder decoder(info);
  std::vector<at::Tensor> pictures;
  const int64_t count = std::min(kMost, info.frame_count());
  for (int64_t k = 0; k < count; ++k) {
    decoder.Seek(info.frames.begin + k * info.frame_count() / count);
    const std::optional<image::Frame> frame = decoder.Next();
    SHOTFIX_CHECK(frame.has_value());
    pictures.push_back(image::AnalysisPicture(frame->rgb, {height, width}));
  }
  return std::get<0>(at::stack(pictures).median(0));
}

}  // namespace shotfix::media
