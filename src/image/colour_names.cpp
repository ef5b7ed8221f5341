// SPDX-License-Identifier: Apache-2.0
// Names of spaces, primaries, transfers and matrices, and the spaces of $OCIO that were asked for.
#include "image/colour_names.h"

#include <algorithm>
#include <array>
#include <deque>
#include <mutex>
#include <utility>

#include "shotfix/core/error.h"

namespace shotfix::image {
namespace {

struct NamedSpace {
  std::string_view name;
  Primaries primaries;
  Transfer transfer;
};

// Each name but bt601 is a space of studio.ocio too.
constexpr std::array kSpaces = {
    NamedSpace{"bt709", Primaries::kBt709, Transfer::kBt709},
    NamedSpace{"srgb", Primaries::kBt709, Transfer::kSrgb},
    NamedSpace{"linear", Primaries::kBt709, Transfer::kLinear},
    NamedSpace{"bt601", Primaries::kSmpte170m, Transfer::kSmpte170m},
    NamedSpace{"bt2020", Primaries::kBt2020, Transfer::kBt2020Ten},
    NamedSpace{"pq", Primaries::kBt2020, Transfer::kPq},
    NamedSpace{"hlg", Primaries::kBt2020, Transfer::kHlg},
    NamedSpace{"p3-d65", Primaries::kP3D65, Transfer::kGamma26},
    NamedSpace{"display-p3", Primaries::kP3D65, Transfer::kSrgb},
    NamedSpace{"aces2065-1", Primaries::kAcesAp0, Transfer::kLinear},
    NamedSpace{"acescg", Primaries::kAcesAp1, Transfer::kLinear},
    NamedSpace{"acescct", Primaries::kAcesAp1, Transfer::kAcescct},
    NamedSpace{"logc3", Primaries::kArriWideGamut3, Transfer::kLogC3},
    NamedSpace{"logc4", Primaries::kArriWideGamut4, Transfer::kLogC4},
    NamedSpace{"slog3", Primaries::kSGamut3, Transfer::kSLog3},
    NamedSpace{"slog3-cine", Primaries::kSGamut3Cine, Transfer::kSLog3},
    NamedSpace{"vlog", Primaries::kVGamut, Transfer::kVLog},
    NamedSpace{"log3g10", Primaries::kRedWideGamut, Transfer::kLog3G10},
    NamedSpace{"clog2", Primaries::kCinemaGamut, Transfer::kCLog2},
    NamedSpace{"clog3", Primaries::kCinemaGamut, Transfer::kCLog3},
};

constexpr int kFirstStudioSpace = 1000;

struct StudioSpace {
  std::string name;
  std::shared_ptr<const ConfigSpace> config;
};

std::mutex g_studio_mutex;
std::deque<StudioSpace> g_studio_spaces;  // only ever grows

const StudioSpace* StudioSpaceAt(int code) {
  const std::lock_guard lock(g_studio_mutex);
  const auto index = static_cast<size_t>(code - kFirstStudioSpace);
  return code >= kFirstStudioSpace && index < g_studio_spaces.size() ? &g_studio_spaces[index] : nullptr;
}

std::optional<int> RegisterStudioSpace(const std::string& name) {
  const std::lock_guard lock(g_studio_mutex);
  for (size_t k = 0; k < g_studio_spaces.size(); ++k) {
    if (g_studio_spaces[k].name == name) return kFirstStudioSpace + static_cast<int>(k);
  }
  std::shared_ptr<const ConfigSpace> config = FindStudioSpace(name);
  if (!config) return std::nullopt;
  g_studio_spaces.push_back({name, std::move(config)});
  return kFirstStudioSpace + static_cast<int>(g_studio_spaces.size()) - 1;
}

constexpr std::array kPrimaries = {std::pair{Primaries::kBt709, "bt709"},
                                   std::pair{Primaries::kBt470bg, "bt470bg"},
                                   std::pair{Primaries::kSmpte170m, "smpte170m"},
                                   std::pair{Primaries::kBt2020, "bt2020"},
                                   std::pair{Primaries::kP3D65, "p3-d65"},
                                   std::pair{Primaries::kAcesAp0, "ap0"},
                                   std::pair{Primaries::kAcesAp1, "ap1"},
                                   std::pair{Primaries::kArriWideGamut3, "awg3"},
                                   std::pair{Primaries::kArriWideGamut4, "awg4"},
                                   std::pair{Primaries::kSGamut3, "s-gamut3"},
                                   std::pair{Primaries::kSGamut3Cine, "s-gamut3.cine"},
                                   std::pair{Primaries::kVGamut, "v-gamut"},
                                   std::pair{Primaries::kRedWideGamut, "rwg"},
                                   std::pair{Primaries::kCinemaGamut, "cinema-gamut"}};
constexpr std::array kTransfers = {std::pair{Transfer::kBt709, "bt709"},
                                   std::pair{Transfer::kGamma22, "gamma2.2"},
                                   std::pair{Transfer::kGamma28, "gamma2.8"},
                                   std::pair{Transfer::kSmpte170m, "smpte170m"},
                                   std::pair{Transfer::kLinear, "linear"},
                                   std::pair{Transfer::kSrgb, "srgb"},
                                   std::pair{Transfer::kBt2020Ten, "bt2020"},
                                   std::pair{Transfer::kBt2020Twelve, "bt2020"},
                                   std::pair{Transfer::kPq, "pq"},
                                   std::pair{Transfer::kHlg, "hlg"},
                                   std::pair{Transfer::kGamma26, "gamma2.6"},
                                   std::pair{Transfer::kAcescct, "acescct"},
                                   std::pair{Transfer::kLogC3, "logc3"},
                                   std::pair{Transfer::kLogC4, "logc4"},
                                   std::pair{Transfer::kSLog3, "slog3"},
                                   std::pair{Transfer::kVLog, "vlog"},
                                   std::pair{Transfer::kLog3G10, "log3g10"},
                                   std::pair{Transfer::kCLog2, "clog2"},
                                   std::pair{Transfer::kCLog3, "clog3"}};
constexpr std::array kMatrices = {std::pair{Matrix::kRgb, "rgb"}, std::pair{Matrix::kBt709, "bt709"},
                                  std::pair{Matrix::kBt470bg, "bt470bg"}, std::pair{Matrix::kSmpte170m, "smpte170m"},
                                  std::pair{Matrix::kBt2020, "bt2020"}};

template <typename Table, typename Value>
std::string NameIn(const Table& table, Value value) {
  for (const auto& row : table) {
    if (row.first == value) return row.second;
  }
  // A studio may give the same name another meaning tomorrow; what is stored under today's name must not be taken then.
  if (const StudioSpace* studio = StudioSpaceAt(static_cast<int>(value)))
    return studio->name + "@" + studio->config->fingerprint();
  return "unknown";
}

// Primaries and transfers that have no formula here are those of a space of studio.ocio.
template <typename Value>
std::shared_ptr<const ConfigSpace> ShippedSpaceWith(Value NamedSpace::*field, Value value) {
  const auto row =
      std::find_if(kSpaces.begin(), kSpaces.end(), [&](const NamedSpace& space) { return space.*field == value; });
  return row != kSpaces.end() ? FindShippedSpace(std::string(row->name)) : nullptr;
}

}  // namespace

std::shared_ptr<const ConfigSpace> ConfigOf(Transfer transfer) {
  if (const StudioSpace* studio = StudioSpaceAt(static_cast<int>(transfer))) return studio->config;
  return HasTag(transfer) ? nullptr : ShippedSpaceWith(&NamedSpace::transfer, transfer);
}

std::shared_ptr<const ConfigSpace> ConfigOf(Primaries primaries) {
  if (const StudioSpace* studio = StudioSpaceAt(static_cast<int>(primaries))) return studio->config;
  return HasTag(primaries) ? nullptr : ShippedSpaceWith(&NamedSpace::primaries, primaries);
}

std::string ColourSpace::ToString() const {
  const char* range_name = range == Range::kFull ? "full" : range == Range::kLimited ? "limited" : "unknown";
  std::string text = fmt::format("{}/{}/{}/{}", NameIn(kPrimaries, primaries), NameIn(kTransfers, transfer),
                                 NameIn(kMatrices, matrix), range_name);
  if (chroma_site == ChromaSite::kCentre) text += "/centre";
  if (chroma_site == ChromaSite::kTopLeft) text += "/topleft";
  return text;
}

std::string ColourSpaceNames() {
  std::string names;
  for (const NamedSpace& space : kSpaces) names += (names.empty() ? "" : ", ") + std::string(space.name);
  return names;
}

ColourSpace ParseColourSpace(std::string_view name) {
  for (const NamedSpace& space : kSpaces) {
    if (space.name == name) return {.primaries = space.primaries, .transfer = space.transfer};
  }
  if (const std::optional<int> code = RegisterStudioSpace(std::string(name)))
    return {.primaries = static_cast<Primaries>(*code), .transfer = static_cast<Transfer>(*code)};
  Throw(ErrorCode::kUsage, "colour space \"{}\" is not known; use one of {}, or a space of the configuration in OCIO",
        name, ColourSpaceNames());
}

}  // namespace shotfix::image
