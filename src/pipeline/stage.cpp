// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stage.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "pipeline/edit_layers.h"
#include "shotfix/composite/apply_edit.h"
#include "shotfix/image/analysis.h"
#include "shotfix/image/convert.h"

namespace shotfix::pipeline {
namespace {

constexpr int64_t kGuideLongSidePx = 640;

}  // namespace

PassStage::PassStage(const RenderPass& pass, bool layers, std::map<std::string, double>& seconds)
    : pass_(pass), layers_(layers), seconds_(seconds), flow_(temporal::MakeDisFlow(temporal::FlowQuality::kFast)) {}

void PassStage::Push(WorkFrame frame) { frames_.push_back(std::move(frame)); }

// Proposes edits for frames with running number below `end`, with their guides and links.
void PassStage::ProposeUpTo(int64_t end) {
  const auto count = static_cast<int64_t>(frames_.size());
  std::vector<image::Frame> all;
  for (int64_t k = static_cast<int64_t>(entries_.size()); begin_ + k < end && k < count; ++k) {
    const int64_t first = std::max<int64_t>(0, k - pass_.traits.frames_before);
    const int64_t last = std::min<int64_t>(count, k + pass_.traits.frames_after + 1);
    std::vector<image::Frame> window;
    for (int64_t i = first; i < last; ++i) window.push_back(frames_[static_cast<size_t>(i)].frame);
    temporal::WindowEntry entry;
    const image::Frame& frame = frames_[static_cast<size_t>(k)].frame;
    {
      const StageTimer timer(seconds_, "propose " + pass_.traits.name);
      entry.edit = pass_.proposer->Propose({window, static_cast<size_t>(k - first)});
    }
    const StageTimer timer(seconds_, "flow");
    if (pass_.stabiliser.Radius() > 0) {
      entry.guide =
          image::AnalysisPicture(frame.rgb, image::ChooseAnalysisSize(frame.height(), frame.width(), kGuideLongSidePx));
      if (k > 0) links_.push_back(temporal::LinkFrames(*flow_, entries_.back().guide, entry.guide));
    }
    entries_.push_back(std::move(entry));
    if (begin_ + k != next_) Park(begin_ + k);
  }
}

image::Edit PassStage::StableEdit(int64_t index) {
  const StageTimer timer(seconds_, "stabilise");
  const auto centre = static_cast<size_t>(index - begin_);
  if (pass_.stabiliser.Radius() == 0) return entries_[centre].edit;
  const auto radius = static_cast<size_t>(pass_.stabiliser.Radius());
  const size_t first = centre - std::min(centre, radius);
  const size_t last = std::min(entries_.size(), centre + radius + 1);
  const std::vector<temporal::WindowEntry> entries(entries_.begin() + static_cast<ptrdiff_t>(first),
                                                   entries_.begin() + static_cast<ptrdiff_t>(last));
  const std::vector<temporal::FlowLink> links(links_.begin() + static_cast<ptrdiff_t>(first),
                                              links_.begin() + static_cast<ptrdiff_t>(last - 1));
  return temporal::Stabilise(entries, centre - first, links, pass_.stabiliser);
}

// A large frame that waits for its turn after it was proposed for goes back to its samples, when it is as decoded and
// no other frame's proposal will look at it.
void PassStage::Park(int64_t index) {
  WorkFrame& work = frames_[static_cast<size_t>(index - begin_)];
  const bool as_decoded = work.frame.rgb.is_same(work.source_rgb);
  const bool alone = pass_.traits.frames_before == 0 && pass_.traits.frames_after == 0;
  if (!as_decoded || !alone || !IsLarge(work.frame.source->layout)) return;
  work.parked_on = work.frame.rgb.device();
  work.frame.rgb = work.source_rgb = at::Tensor();
}

// Frames stay in the window for their place in it; what is large of them goes as soon as nobody will look at it: the
// stabiliser wants gain, warp, alpha and guide of a neighbour, and a pass sees pictures only within its own reach.
void PassStage::DropOld() {
  const int64_t keep = std::max(pass_.stabiliser.Radius(), ReachBefore(pass_));
  const int64_t seen_from = next_ - pass_.traits.frames_before;
  for (int64_t k = begin_; k < next_; ++k) {
    const auto place = static_cast<size_t>(k - begin_);
    if (place < entries_.size()) entries_[place].edit.fill = entries_[place].edit.support = at::Tensor();
    if (k < seen_from) frames_[place] = {};
  }
  while (begin_ + keep < next_) {
    frames_.pop_front();
    entries_.pop_front();
    if (!links_.empty()) links_.pop_front();
    ++begin_;
  }
}

std::optional<WorkFrame> PassStage::Pop() {
  const int64_t have = begin_ + static_cast<int64_t>(frames_.size());
  if (next_ >= have || (!finished_ && next_ + ReachAfter(pass_) >= have)) return std::nullopt;
  ProposeUpTo(std::min(have, next_ + pass_.stabiliser.Radius() + 1));
  WorkFrame result = frames_[static_cast<size_t>(next_ - begin_)];
  if (result.parked_on) {
    result.frame.rgb = image::LinearFromPlanes(*result.frame.source, result.frame.space).to(*result.parked_on);
    result.source_rgb = result.frame.rgb;
    result.parked_on.reset();
  }
  result.last_edit = StableEdit(next_);
  const StageTimer timer(seconds_, "apply");
  if (!result.last_edit.empty()) {
    const image::Edit& edit = result.last_edit;
    result.held_share = std::max(result.held_share, edit.held_share);
    const at::Tensor covered = edit.alpha.defined() ? edit.alpha * edit.support : at::zeros_like(edit.support);
    if (layers_) {
      for (media::PictureLayer& layer : LayersOf(pass_.label, edit, result.frame.height(), result.frame.width()))
        result.layers.push_back(std::move(layer));
    }
    result.frame.rgb = composite::ApplyEditLinear(result.frame, edit);
    result.support = result.support.defined() ? at::max(result.support, edit.support) : edit.support;
    result.replaced = result.replaced.defined() ? 1 - (1 - result.replaced) * (1 - covered) : covered;
  }
  ++next_;
  DropOld();
  return result;
}

}  // namespace shotfix::pipeline
