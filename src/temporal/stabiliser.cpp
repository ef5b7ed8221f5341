// SPDX-License-Identifier: Apache-2.0
#include "shotfix/temporal/stabiliser.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "shotfix/core/error.h"
#include "shotfix/image/resample.h"

namespace shotfix::temporal {
namespace {

using image::Filter;

constexpr double kWholeChange = 0.9;  // of a matte: something came or went, which no average may soften

// How frame `other` looks from the grid of `centre`, by chaining links.
struct Path {
  at::Tensor other_from_centre;  // [2,h,w]; undefined for the centre itself
  at::Tensor trust;              // [1,h,w]
};

std::vector<Path> TracePaths(const std::vector<FlowLink>& links, size_t centre, size_t begin, size_t end) {
  std::vector<Path> paths(end);
  for (size_t k = centre + 1; k < end; ++k) {
    const FlowLink& link = links[k - 1];
    const Path& before = paths[k - 1];
    if (!before.other_from_centre.defined()) {
      paths[k] = {link.next_from_prev, link.trust_at_prev};
    } else {
      paths[k] = {
          ComposeFlow(before.other_from_centre, link.next_from_prev),
          before.trust * image::SampleAtOffset(link.trust_at_prev, before.other_from_centre, Filter::kBilinear)};
    }
  }
  for (size_t k = centre; k-- > begin;) {
    const FlowLink& link = links[k];
    const Path& before = paths[k + 1];
    if (!before.other_from_centre.defined()) {
      paths[k] = {link.prev_from_next, link.trust_at_next};
    } else {
      paths[k] = {
          ComposeFlow(before.other_from_centre, link.prev_from_next),
          before.trust * image::SampleAtOffset(link.trust_at_next, before.other_from_centre, Filter::kBilinear)};
    }
  }
  return paths;
}

template <typename Get>
FieldWindow Collect(const std::vector<WindowEntry>& entries, const std::vector<FlowLink>& links, const Get& get) {
  FieldWindow window;
  window.links = &links;
  for (const WindowEntry& entry : entries) {
    window.fields.push_back(get(entry.edit));
    window.guides.push_back(entry.guide);
  }
  return window;
}

}  // namespace

void StabiliserOptions::Validate() const {
  const auto check = [](const char* name, double value, double low, double high) {
    if (!(value >= low && value <= high))
      Throw(ErrorCode::kUsage, "{} is {}; allowed is {} to {}", name, value, low, high);
  };
  check("gain_radius", gain_radius, 0, 16);
  check("warp_radius", warp_radius, 0, 16);
  check("alpha_radius", alpha_radius, 0, 16);
  check("colour_sigma", colour_sigma, 1e-3, 1);
  check("alpha_tolerance", alpha_tolerance, 1e-3, 10);
}

int StabiliserOptions::Radius() const { return std::max({gain_radius, warp_radius, alpha_radius}); }

at::Tensor StabiliseField(const FieldWindow& window, size_t centre, int radius, double colour_sigma,
                          double field_tolerance) {
  const at::Tensor& own = window.fields[centre];
  if (radius <= 0 || !own.defined()) return own;
  const size_t begin = centre - std::min<size_t>(centre, static_cast<size_t>(radius));
  const size_t end = std::min(window.fields.size(), centre + static_cast<size_t>(radius) + 1);
  const std::vector<Path> paths = TracePaths(*window.links, centre, begin, end);
  const double sigma = std::max(0.5, radius / 2.0);
  at::Tensor sum = own.clone();
  at::Tensor weights = at::ones({1, own.size(1), own.size(2)}, own.options());
  for (size_t k = begin; k < end; ++k) {
    if (k == centre || !window.fields[k].defined()) continue;
    const double distance = static_cast<double>(k) - static_cast<double>(centre);
    const at::Tensor likeness =
        ColourLikeness(window.guides[centre], window.guides[k], paths[k].other_from_centre, colour_sigma);
    at::Tensor weight = paths[k].trust * likeness * std::exp(-0.5 * distance * distance / (sigma * sigma));
    weight = image::Resize(weight.to(own.device()), own.size(1), own.size(2));
    const at::Tensor path = image::ResizeOffset(paths[k].other_from_centre.to(own.device()), own.size(1), own.size(2));
    const at::Tensor moved = image::SampleAtOffset(window.fields[k], path, Filter::kBicubic);
    if (field_tolerance > 0) {
      const at::Tensor change = (moved - own).square().mean(0, true);
      weight = weight * at::exp(change * (-0.5 / (field_tolerance * field_tolerance))) *
               (1 - change / (kWholeChange * kWholeChange)).clamp_min(0);
    }
    sum = sum + moved * weight;
    weights = weights + weight;
  }
  return sum / weights;
}

image::Edit Stabilise(const std::vector<WindowEntry>& entries, size_t centre, const std::vector<FlowLink>& links,
                      const StabiliserOptions& options) {
  SHOTFIX_CHECK(centre < entries.size() && links.size() + 1 >= entries.size());
  image::Edit result = entries[centre].edit;
  if (result.empty()) return result;
  if (result.gain.defined()) {
    const FieldWindow window = Collect(entries, links, [](const image::Edit& edit) { return edit.gain; });
    result.gain = StabiliseField(window, centre, options.gain_radius, options.colour_sigma, 0);
  }
  if (result.warp.defined()) {
    const FieldWindow window = Collect(entries, links, [](const image::Edit& edit) { return edit.warp; });
    result.warp = StabiliseField(window, centre, options.warp_radius, options.colour_sigma, 0);
  }
  if (result.alpha.defined()) {
    const FieldWindow window = Collect(entries, links, [](const image::Edit& edit) { return edit.alpha; });
    result.alpha = StabiliseField(window, centre, options.alpha_radius, options.colour_sigma, options.alpha_tolerance)
                       .clamp(0, 1);  // bicubic sampling overshoots at edges
  }
  return result;
}

}  // namespace shotfix::temporal
