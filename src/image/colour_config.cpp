// SPDX-License-Identifier: Apache-2.0
#include "image/colour_config.h"

#include <OpenColorIO/OpenColorIO.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <mutex>
#include <sstream>

#include "image/studio_config.h"
#include "shotfix/core/error.h"

namespace OCIO = OCIO_NAMESPACE;

namespace shotfix::image {
namespace {

constexpr const char* kReference = "aces2065-1";

const OCIO::ConstConfigRcPtr& ShippedConfig() {
  static const OCIO::ConstConfigRcPtr config = [] {
    std::istringstream text{std::string(StudioConfigText())};
    return OCIO::Config::CreateFromStream(text);
  }();
  return config;
}

// Null when $OCIO is not set.
const OCIO::ConstConfigRcPtr& StudioConfig() {
  static const OCIO::ConstConfigRcPtr config = []() -> OCIO::ConstConfigRcPtr {
    const char* path = std::getenv("OCIO");
    if (path == nullptr || *path == '\0') return nullptr;
    try {
      return OCIO::Config::CreateFromFile(path);
    } catch (const OCIO::Exception& problem) {
      Throw(ErrorCode::kConfig, "the OpenColorIO configuration in OCIO, \"{}\", does not load: {}", path,
            problem.what());
    }
  }();
  return config;
}

// Exact arithmetic: the default trades accuracy of logarithms for speed.
OCIO::ConstCPUProcessorRcPtr Exact(const OCIO::ConstProcessorRcPtr& processor) {
  return processor->getOptimizedCPUProcessor(OCIO::BIT_DEPTH_F32, OCIO::BIT_DEPTH_F32, OCIO::OPTIMIZATION_LOSSLESS);
}

void Run(const OCIO::ConstCPUProcessorRcPtr& processor, std::span<float> rgb) {
  OCIO::PackedImageDesc picture(rgb.data(), static_cast<long>(rgb.size() / 3), 1, 3);
  processor->apply(picture);
}

using Triple = std::array<float, 3>;

class OcioSpace final : public ConfigSpace {
 public:
  OcioSpace(std::string name, const OCIO::ConstProcessorRcPtr& to_ap0, const OCIO::ConstProcessorRcPtr& from_ap0)
      : name_(std::move(name)), to_ap0_(Exact(to_ap0)), from_ap0_(Exact(from_ap0)), fingerprint_(to_ap0->getCacheID()) {
    FindMatrix();
    RefuseOtherShapes();
  }

  std::vector<float> LinearFromCode(std::span<const float> codes) const override {
    std::vector<float> rgb;
    for (const float code : codes) rgb.insert(rgb.end(), 3, code);
    Run(to_ap0_, rgb);
    std::vector<float> linear;
    for (size_t k = 0; k < codes.size(); ++k) linear.push_back(static_cast<float>(rgb[3 * k + 1] / white_[1]));
    return linear;
  }

  std::vector<float> CodeFromLinear(std::span<const float> linear) const override {
    std::vector<float> rgb;
    for (const float value : linear) {
      for (const double white : white_) rgb.push_back(static_cast<float>(value * white));
    }
    Run(from_ap0_, rgb);
    std::vector<float> codes;
    for (size_t k = 0; k < linear.size(); ++k) codes.push_back(rgb[3 * k + 1]);
    return codes;
  }

  const std::array<double, 9>& ap0_from_rgb() const override { return matrix_; }
  const std::string& fingerprint() const override { return fingerprint_; }

 private:
  Triple Ap0(Triple rgb) const {
    Run(to_ap0_, rgb);
    return rgb;
  }

  // With aces = m * c(rgb), a change of one channel from `low` to `high` gives one column of m, up to c's step; grey
  // gives the sum of the columns. The curve is scaled so that greys keep their luminance: the rows' sum is white.
  void FindMatrix() {
    constexpr float kLow = 0.2F;
    constexpr float kHigh = 0.6F;
    const Triple dark = Ap0({kLow, kLow, kLow});
    const Triple bright = Ap0({kHigh, kHigh, kHigh});
    const double step = static_cast<double>(bright[1]) - static_cast<double>(dark[1]);
    for (size_t column = 0; column < 3; ++column) {
      Triple one{kLow, kLow, kLow};
      one[column] = kHigh;
      const Triple moved = Ap0(one);
      for (size_t row = 0; row < 3; ++row) {
        matrix_[row * 3 + column] = (static_cast<double>(moved[row]) - static_cast<double>(dark[row])) / step;
      }
    }
    for (size_t row = 0; row < 3; ++row) white_[row] = matrix_[row * 3] + matrix_[row * 3 + 1] + matrix_[row * 3 + 2];
  }

  void RefuseOtherShapes() const {
    for (int k = 0; k < 64; ++k) {
      const Triple code{static_cast<float>(k % 4) / 4 + 0.1F, static_cast<float>(k / 4 % 4) / 4 + 0.1F,
                        static_cast<float>(k / 16) / 4 + 0.1F};
      const std::vector<float> linear = LinearFromCode(code);
      const Triple wanted = Ap0(code);
      for (size_t row = 0; row < 3; ++row) {
        double sum = 0;
        double size = 1e-3;
        for (size_t column = 0; column < 3; ++column) {
          sum += matrix_[row * 3 + column] * static_cast<double>(linear[column]);
          size += std::fabs(matrix_[row * 3 + column] * static_cast<double>(linear[column]));
        }
        if (std::fabs(sum - static_cast<double>(wanted[row])) <= 1e-3 * size) continue;
        Throw(ErrorCode::kUsage,
              "colour space \"{}\" is not one curve and a matrix (it has a look-up table or a tone scale), so an edit "
              "cannot be undone in it; name the camera's or display's own space",
              name_);
      }
    }
  }

  std::string name_;
  OCIO::ConstCPUProcessorRcPtr to_ap0_;
  OCIO::ConstCPUProcessorRcPtr from_ap0_;
  std::string fingerprint_;
  std::array<double, 9> matrix_{};
  std::array<double, 3> white_{};
};

using SpaceTable = std::map<std::string, std::shared_ptr<const ConfigSpace>>;

}  // namespace

std::shared_ptr<const ConfigSpace> FindShippedSpace(const std::string& name) {
  static std::mutex mutex;
  static SpaceTable spaces;
  const std::lock_guard lock(mutex);
  const auto [place, fresh] = spaces.try_emplace(name);
  if (!fresh) return place->second;
  const OCIO::ConstConfigRcPtr& config = ShippedConfig();
  if (config->getColorSpace(name.c_str()) == nullptr) return nullptr;
  place->second = std::make_shared<OcioSpace>(name, config->getProcessor(name.c_str(), kReference),
                                              config->getProcessor(kReference, name.c_str()));
  return place->second;
}

std::shared_ptr<const ConfigSpace> FindStudioSpace(const std::string& name) {
  const OCIO::ConstConfigRcPtr& config = StudioConfig();
  if (config == nullptr || config->getColorSpace(name.c_str()) == nullptr) return nullptr;
  try {
    const OCIO::ConstConfigRcPtr& ours = ShippedConfig();
    return std::make_shared<OcioSpace>(name,
                                       OCIO::Config::GetProcessorFromConfigs(config, name.c_str(), ours, kReference),
                                       OCIO::Config::GetProcessorFromConfigs(ours, kReference, config, name.c_str()));
  } catch (const OCIO::Exception& problem) {
    Throw(ErrorCode::kConfig, "colour space \"{}\" of the configuration in OCIO cannot be used: {}", name,
          problem.what());
  }
}

void Ap0FromSpaceByOcio(const std::string& name, std::span<float> rgb) {
  Run(Exact(ShippedConfig()->getProcessor(name.c_str(), kReference)), rgb);
}
void SpaceFromAp0ByOcio(const std::string& name, std::span<float> rgb) {
  Run(Exact(ShippedConfig()->getProcessor(kReference, name.c_str())), rgb);
}

}  // namespace shotfix::image
