// SPDX-License-Identifier: Apache-2.0
// What OpenColorIO says about a space. The only place that talks to it.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shotfix::image {

// A space as a curve and a matrix: aces2065-1 = m * curve(rgb).
class ConfigSpace {
 public:
  virtual ~ConfigSpace() = default;
  virtual std::vector<float> LinearFromCode(std::span<const float> codes) const = 0;
  virtual std::vector<float> CodeFromLinear(std::span<const float> linear) const = 0;
  virtual const std::array<double, 9>& ap0_from_rgb() const = 0;
  // Changes when the configuration gives the space another meaning.
  virtual const std::string& fingerprint() const = 0;
};

// Null when neither the shipped configuration nor $OCIO has the space. Throws kUsage when it is no curve and matrix,
// kConfig when $OCIO does not load or has no ACES interchange role.
std::shared_ptr<const ConfigSpace> FindShippedSpace(const std::string& name);
std::shared_ptr<const ConfigSpace> FindStudioSpace(const std::string& name);

// [n][3] in place, straight through OpenColorIO: the reference for tests.
void Ap0FromSpaceByOcio(const std::string& name, std::span<float> rgb);
void SpaceFromAp0ByOcio(const std::string& name, std::span<float> rgb);

}  // namespace shotfix::image
