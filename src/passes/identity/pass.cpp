// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include "shotfix/passes/identity.h"

namespace shotfix::passes {
namespace {

class IdentityProposer final : public Proposer {
 public:
  image::Edit Propose(const FrameWindow& window) const override {
    const image::Frame& frame = window.current();
    image::Edit edit;
    edit.gain = at::zeros({3, 1, 1}, frame.rgb.options());
    edit.support = at::ones({1, frame.height(), frame.width()}, frame.rgb.options());
    return edit;
  }
};

class IdentityPass final : public EditPass {
 public:
  PassTraits Traits() const override { return {"identity", 0, 0, false, {}}; }
  std::string AnalysisKey() const override { return {}; }
  image::Solution Analyse(image::ShotReader&, const std::shared_ptr<image::FrameTrack>&,
                          const AnalysisProgress&) const override {
    return {};
  }
  std::unique_ptr<Proposer> Bind(const image::Solution&) const override { return std::make_unique<IdentityProposer>(); }
};

}  // namespace

std::unique_ptr<EditPass> MakeIdentityPass() { return std::make_unique<IdentityPass>(); }

}  // namespace shotfix::passes
