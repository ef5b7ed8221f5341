// SPDX-License-Identifier: Apache-2.0
#include "passes/relight/own_shape.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "passes/relight/shape_views.h"
#include "shotfix/core/error.h"
#include "shotfix/core/json_number.h"
#include "shotfix/light/relief.h"

namespace shotfix::passes::relight {
namespace {

// A relief integrated from mean normals is smooth, and shallower than a head: 1.35 times on the sample production's
// close-up. By that much it would turn too far for what it moves, and, its normals being flatter too, a key would seem
// to stand too far aside.
constexpr double kDeeper = 1.35;
constexpr double kLeastLikeness = 0.5;   // of a frame and the nearest guess; below, another one is made
constexpr double kLeastCovered = 0.85;   // of the subject in a frame
constexpr double kFewestHeadPx = 200;    // of a face that is inside the matte
constexpr double kWholeCovered = 0.999;  // what is left over is carried over the border

double ShareKnown(const FrameSurface& surface, const at::Tensor& mask) {
  return surface.known.sum().item<double>() / std::max(1.0, mask.sum().item<double>());
}

// What is not known of `surface` is taken from the outline of the frame itself.
FrameSurface FilledUp(FrameSurface surface, const Sample& sample) {
  const at::Tensor mask = (sample.matte > 0.5).to(at::kFloat);
  if (ShareKnown(surface, mask) < kWholeCovered) {
    const FrameSurface outline = SurfaceFromOutline(sample.matte, {});
    surface.normals = light::OfLengthOne(surface.normals * surface.known + outline.normals * (1 - surface.known));
    surface.known = mask;
  }
  surface.heights = HeightsOf(surface.normals, surface.known);
  return surface;
}

}  // namespace

OwnShape::Key OwnShape::KeyFrom(const FrameSurface& surface, const Sample& sample) const {
  return {{surface.normals, sample.linear, surface.heights, surface.known, surface.head, deeper_},
          light::LocalContrast(sample.linear, surface.known)};
}

bool OwnShape::has_head() const {
  return std::any_of(keys_.begin(), keys_.end(), [](const auto& key) { return key.second.surface.head.defined(); });
}

std::map<int64_t, OwnShape::Key>::const_iterator OwnShape::Nearest(int64_t frame) const {
  SHOTFIX_CHECK(!keys_.empty());
  return std::min_element(keys_.begin(), keys_.end(), [&](const auto& a, const auto& b) {
    return std::abs(a.first - frame) < std::abs(b.first - frame);
  });
}

OwnShape OwnShape::Guess(const std::vector<Sample>& samples, const std::optional<FaceHint>& face,
                         const model::LightHead* head) {
  SHOTFIX_CHECK(!samples.empty());
  size_t first = samples.size() / 2;
  std::optional<light::FacePlace> place;
  for (size_t k = 0; face && k < samples.size(); ++k) {
    if (samples[k].frame != face->frame) continue;
    first = k;
    place = face->place;
    place->yaw_deg = light::YawFromOutline(*place, samples[k].matte);
  }
  std::vector<const Sample*> outwards;
  for (const Sample& sample : samples) outwards.push_back(&sample);
  const int64_t start = samples[first].frame;
  std::stable_sort(outwards.begin(), outwards.end(), [&](const Sample* a, const Sample* b) {
    return std::abs(a->frame - start) < std::abs(b->frame - start);
  });
  OwnShape shape;
  if (!head) shape.deeper_ = kDeeper;  // what was learned from the actor is as deep as the actor
  FrameSurface base = SurfaceFromOutline(samples[first].matte, place);
  // A face beside the subject is not the subject's.
  if (place && base.head.sum().item<double>() < kFewestHeadPx) base = SurfaceFromOutline(samples[first].matte, {});
  if (head) base = SurfaceLearned(*head, std::move(base), samples[first]);
  shape.keys_[start] = shape.KeyFrom(base, samples[first]);
  for (const Sample* sample : outwards) {
    if (sample->frame == start) continue;
    const Key& near = shape.Nearest(sample->frame)->second;
    const FrameSurface carried = SurfaceCarried(near.surface, near.contrast, *sample);
    const double covered = ShareKnown(carried, (sample->matte > 0.5).to(at::kFloat));
    if (carried.likeness >= kLeastLikeness && covered >= kLeastCovered) continue;
    FrameSurface anew =
        FilledUp(carried.likeness >= kLeastLikeness ? carried : SurfaceFromOutline(sample->matte, {}), *sample);
    if (head) anew = SurfaceLearned(*head, std::move(anew), *sample);
    shape.keys_[sample->frame] = shape.KeyFrom(anew, *sample);
  }
  return shape;
}

FrameSurface OwnShape::SurfaceOf(const Key& key) {
  FrameSurface surface;
  surface.normals = key.surface.normals;
  surface.heights = key.surface.heights;
  surface.known = key.surface.mask;
  surface.head = key.surface.head;
  return surface;
}

void OwnShape::Refine(const std::vector<Sample>& samples, const light::LightFit& found,
                      const light::Materials& materials, const std::vector<OtherTake>& takes) {
  std::map<int64_t, at::Tensor> refined;
  std::vector<double> likeness(takes.size(), 0);
  for (const auto& [frame, key] : keys_) {
    const Sample* own = nullptr;
    std::vector<const Sample*> others;
    for (const Sample& sample : samples) {
      if (sample.frame == frame) own = &sample;
      else if (Nearest(sample.frame)->first == frame) others.push_back(&sample);
    }
    SHOTFIX_CHECK(own);
    const light::Vector& direction = found.light.keys.front().direction;
    const at::Tensor albedo = materials.AlbedoOf(ShadedBy(SurfaceOf(key), own->linear, direction));
    const GuessedShape guess{key.surface, key.contrast, albedo, *own};
    std::vector<light::ShadingView> views = ViewsOf(guess, others, found.light);
    for (size_t k = 0; k < takes.size(); ++k) {
      const OtherViews seen = ViewsIn(takes[k], guess, found.light);
      likeness[k] = std::max(likeness[k], seen.likeness);
      views.insert(views.end(), seen.views.begin(), seen.views.end());
    }
    refined[frame] = light::RefineNormals(key.surface.normals, views, SpreadOf(key.surface));
  }
  for (size_t k = 0; k < takes.size(); ++k) {
    if (likeness[k] < kLeastLikeness)
      Throw(ErrorCode::kData,
            "\"{}\" is not alike enough to tell the shape of this shot's subject (likeness {:.2f}, {} is needed); "
            "name a take with a like framing and pose, or leave it out",
            takes[k].name, likeness[k], kLeastLikeness);
  }
  for (auto& [frame, key] : keys_) {
    key.surface.normals = refined.at(frame);
    key.surface.heights = HeightsOf(key.surface.normals, key.surface.mask);
  }
}

FrameSurface OwnShape::In(const Sample& sample) const {
  FrameSurface surface = Blended(sample);
  if (has_head() && !surface.head.defined()) surface.head = at::zeros_like(surface.known);
  return surface;
}

FrameSurface OwnShape::Blended(const Sample& sample) const {
  const auto carried = [&](const Key& key) { return SurfaceCarried(key.surface, key.contrast, sample); };
  const auto after = keys_.upper_bound(sample.frame);
  if (after == keys_.begin()) return FilledUp(carried(after->second), sample);
  const auto before = std::prev(after);
  if (after == keys_.end() || before->first == sample.frame) return FilledUp(carried(before->second), sample);
  const FrameSurface a = carried(before->second);
  const FrameSurface b = carried(after->second);
  const double share =
      static_cast<double>(sample.frame - before->first) / static_cast<double>(after->first - before->first);
  FrameSurface both;
  both.normals = light::OfLengthOne(a.normals * a.known * (1 - share) + b.normals * b.known * share);
  both.known = at::maximum(a.known, b.known);
  const auto head_of = [](const FrameSurface& one) {
    return one.head.defined() ? one.head : at::zeros_like(one.known);
  };
  if (has_head()) both.head = head_of(a) * (1 - share) + head_of(b) * share;
  both.likeness = a.likeness * (1 - share) + b.likeness * share;
  return FilledUp(std::move(both), sample);
}

std::vector<light::TurnedSurface> OwnShape::TurnsOf(const std::vector<Sample>& samples) const {
  std::vector<light::TurnedSurface> turns;
  for (const Sample& sample : samples) {
    const auto near = Nearest(sample.frame);
    if (near->first == sample.frame) continue;
    light::TakeSurface deep = near->second.surface;
    if (!deep.head.defined()) continue;
    deep.normals = light::OfLengthOne(at::cat({deep.normals.slice(0, 0, 2) * deeper_, deep.normals.narrow(0, 2, 1)}));
    const FrameSurface seen = SurfaceCarried(deep, near->second.contrast, sample);
    const at::Tensor weight = seen.known * (seen.head > 0.99).to(at::kFloat);
    turns.push_back({seen.albedo, sample.linear, seen.normals_before, seen.normals, weight});
  }
  return turns;
}

void OwnShape::Pack(image::Solution& solution) const {
  nlohmann::json body = nlohmann::json::parse(solution.body);
  nlohmann::json frames = nlohmann::json::array();
  for (const auto& [frame, key] : keys_) {
    const std::string name = "shape_" + std::to_string(frames.size());
    const light::TakeSurface& known = key.surface;
    const at::Tensor head = known.head.defined() ? known.head : at::zeros_like(known.mask);
    solution.tensors[name] =
        at::cat({known.normals, known.heights, known.mask, key.contrast.narrow(0, 0, 1), head}).contiguous();
    frames.push_back(frame);
  }
  body["shape_frames"] = frames;
  body["shape_deeper"] = deeper_;
  solution.body = body.dump();
}

OwnShape OwnShape::Unpack(const image::Solution& solution) {
  const nlohmann::json body = nlohmann::json::parse(solution.body);
  const nlohmann::json& frames = body.at("shape_frames");
  OwnShape shape;
  shape.deeper_ = body.at("shape_deeper");
  for (size_t k = 0; k < frames.size(); ++k) {
    const at::Tensor& planes = solution.tensors.at("shape_" + std::to_string(k));
    Key key;
    key.surface.normals = planes.slice(0, 0, 3).contiguous();
    key.surface.albedo = at::ones_like(key.surface.normals);
    key.surface.heights = planes.narrow(0, 3, 1).contiguous();
    key.surface.mask = planes.narrow(0, 4, 1).contiguous();
    key.contrast = planes.narrow(0, 5, 1).expand({3, -1, -1}).contiguous();
    const at::Tensor head = planes.narrow(0, 6, 1).contiguous();
    if (head.any().item<bool>()) key.surface.head = head;
    key.surface.head_deeper = shape.deeper_;
    shape.keys_[WholeNumber(frames.at(k))] = std::move(key);
  }
  return shape;
}

}  // namespace shotfix::passes::relight
