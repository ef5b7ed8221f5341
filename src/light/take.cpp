// SPDX-License-Identifier: Apache-2.0
#include "shotfix/light/take.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "shotfix/image/check.h"
#include "shotfix/image/convert.h"
#include "shotfix/light/photometric_stereo.h"
#include "shotfix/light/relief.h"

namespace shotfix::light {
namespace {

constexpr size_t kMostLights = 48;
constexpr size_t kMostContrasts = 12;

// Evenly spread over what there is.
template <typename T>
std::vector<T> AtMost(const std::vector<T>& all, size_t most) {
  if (all.size() <= most) return all;
  std::vector<T> some;
  for (size_t k = 0; k < most; ++k) some.push_back(all[k * all.size() / most]);
  return some;
}

}  // namespace

LightTake SolveTake(image::ShotReader& take, const std::map<int64_t, Vector>& known_lights, const at::Tensor& mask) {
  image::CheckTensor(mask, "mask", {1, take.analysis_height(), take.analysis_width()});
  const std::vector<std::pair<int64_t, Vector>> lights =
      AtMost(std::vector<std::pair<int64_t, Vector>>(known_lights.begin(), known_lights.end()), kMostLights);
  std::vector<at::Tensor> pictures;
  std::vector<Vector> directions;
  for (const auto& [frame, direction] : lights) {
    pictures.push_back(image::LinearFromPerceptual(take.Analysis(frame)));
    directions.push_back(direction);
  }
  const Surface surface = SolveSurface(pictures, directions);
  LightTake result;
  result.surface = {surface.normals, surface.albedo, IntegrateNormals(surface.normals, mask), mask};
  for (const at::Tensor& picture : AtMost(pictures, kMostContrasts))
    result.contrasts.push_back(LocalContrast(picture, mask));
  return result;
}

}  // namespace shotfix::light
