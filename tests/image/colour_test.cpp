// SPDX-License-Identifier: Apache-2.0
// Every space against OpenColorIO itself, both ways.
#include "shotfix/image/colour.h"

#include <cstdlib>
#include <fstream>
#include <random>
#include "support/test.h"

#include "image/colour_config.h"
#include "shotfix/core/error.h"
#include "shotfix/image/convert.h"
#include "shotfix/image/curve.h"
#include "support/temp_dir.h"

namespace shotfix::image {
namespace {

constexpr int64_t kColours = 10000;
// OpenColorIO's HLG carries a system gamma that holds luminance at 1e-4; below that it is not its own inverse.
constexpr double kHlgFloor = 0.04;
constexpr double kTolerance = 1.0 / 4096;

// [3,1,n] codes in [0,1].
at::Tensor RandomCodes(uint64_t seed) {
  at::Generator generator = at::globalContext().defaultGenerator(at::kCPU).clone();
  generator.set_current_seed(seed);
  return at::rand({3, 1, kColours}, generator, at::TensorOptions(at::kFloat));
}

at::Tensor Interleaved(const at::Tensor& planar) { return planar.flatten(1).t().contiguous().clone(); }
at::Tensor Planar(const at::Tensor& interleaved) { return interleaved.t().contiguous().view({3, 1, -1}); }
std::span<float> SpanOf(at::Tensor& tensor) {
  return {tensor.mutable_data_ptr<float>(), static_cast<size_t>(tensor.numel())};
}

std::vector<std::string> Names() {
  std::vector<std::string> names;
  std::istringstream list(ColourSpaceNames());
  for (std::string name; std::getline(list >> std::ws, name, ',');) names.push_back(name);
  return names;
}

at::Tensor Ap0Here(const ColourSpace& space, const at::Tensor& codes) {
  const at::Tensor linear = Curve::Get(space.transfer, Curve::Direction::kLinearFromCode).Apply(codes);
  return ApplyMatrix(linear, RgbFromRgb(Primaries::kAcesAp0, space.primaries));
}

at::Tensor CodesHere(const ColourSpace& space, const at::Tensor& ap0) {
  const at::Tensor linear = ApplyMatrix(ap0, RgbFromRgb(space.primaries, Primaries::kAcesAp0));
  return Curve::Get(space.transfer, Curve::Direction::kCodeFromLinear).Apply(linear);
}

}  // namespace

// Colours whose channels lie within ten stops of each other. Further apart, the dark channel does not survive a change
// of primaries in 32-bit floats, OpenColorIO's own way there and back included; curves are held over all codes below.
at::Tensor ConditionedCodes(const ColourSpace& space) {
  const Curve& curve = Curve::Get(space.transfer, Curve::Direction::kLinearFromCode);
  std::vector<at::Tensor> kept;
  int64_t count = 0;
  for (uint64_t seed = 1; count < kColours; ++seed) {
    const at::Tensor codes = RandomCodes(seed);
    const at::Tensor linear = curve.Apply(codes);
    at::Tensor good = (linear.amin(0) * 1024 > linear.amax(0)).flatten();
    if (space.transfer == Transfer::kHlg) good = good & (codes.amin(0) > kHlgFloor).flatten();
    kept.push_back(codes.index_select(2, good.nonzero().flatten()));
    count += kept.back().size(2);
    REQUIRE(seed < 100);
  }
  return at::cat(kept, 2).narrow(2, 0, kColours).contiguous();
}

TEST_CASE("every space agrees with OpenColorIO to 1/4096 on 10,000 colours and greys, both ways", "[image]") {
  size_t held = 0;
  for (const std::string& name : Names()) {
    if (name == "bt601") continue;  // no OpenColorIO space: the BT.709 curve over SMPTE 170M primaries
    const ColourSpace space = ParseColourSpace(name);
    at::Tensor greys = RandomCodes(3).narrow(0, 0, 1).expand({3, 1, -1}).clone();
    if (space.transfer == Transfer::kHlg) greys = greys.clamp_min(kHlgFloor);
    for (const at::Tensor& codes : {ConditionedCodes(space), greys}) {
      INFO(name);
      at::Tensor there = Interleaved(Ap0Here(space, codes));
      SpaceFromAp0ByOcio(name, SpanOf(there));
      CHECK((Planar(there) - codes).abs().max().item<double>() <= kTolerance);
      at::Tensor here = Interleaved(codes);
      Ap0FromSpaceByOcio(name, SpanOf(here));
      CHECK((CodesHere(space, Planar(here)) - codes).abs().max().item<double>() <= kTolerance);
    }
    ++held;
  }
  CHECK(held == 19);
}

TEST_CASE("codes below black and above white go to light and back", "[image]") {
  for (const std::string& name : Names()) {
    INFO(name);
    const ColourSpace space = ParseColourSpace(name);
    const bool canon = space.transfer == Transfer::kCLog2 || space.transfer == Transfer::kCLog3;
    for (float code = -0.07F; code < 1.095F; code += 0.0013F) {
      const Curve& to = Curve::Get(space.transfer, Curve::Direction::kLinearFromCode);
      const Curve& from = Curve::Get(space.transfer, Curve::Direction::kCodeFromLinear);
      // PQ ends at 1.0, Canon's logs are defined on [0, 1].
      if ((space.transfer == Transfer::kPq && code > 1) || (canon && (code < 0 || code > 1))) continue;
      REQUIRE(from(to(code)) == Approx(code).margin(1.0 / 4096));
    }
  }
}

TEST_CASE("published points: middle grey and white of the camera logs", "[image]") {
  // From the makers' papers: the code of 18 % grey.
  CHECK(CodeFromLinear(Transfer::kLogC3, 0.18F) == Approx(0.391007F).margin(1e-4));
  CHECK(CodeFromLinear(Transfer::kLogC4, 0.18F) == Approx(0.2784F).margin(1e-4));
  CHECK(CodeFromLinear(Transfer::kSLog3, 0.18F) == Approx(420.0F / 1023).margin(1e-4));
  CHECK(CodeFromLinear(Transfer::kVLog, 0.18F) == Approx(0.42331F).margin(1e-4));
  CHECK(CodeFromLinear(Transfer::kLog3G10, 0.18F) == Approx(1.0F / 3).margin(1e-3));
  CHECK(CodeFromLinear(Transfer::kAcescct, 0.18F) == Approx(0.4135884F).margin(1e-4));
  CHECK(CodeFromLinear(Transfer::kPq, 1.0F) == Approx(0.58069F).margin(1e-4));
  CHECK(CodeFromLinear(Transfer::kHlg, 1.0F) == Approx(0.75F).margin(1e-4));
}

TEST_CASE("tables on a device are the tables in a loop", "[image]") {
  at::Tensor values = at::cat({RandomCodes(5).flatten() * 6 - 2, at::tensor({0.0F, -0.0F, 1e-30F, 7e4F, -3.0F, 1e9F})});
  for (const Transfer transfer : {Transfer::kSrgb, Transfer::kPq, Transfer::kLogC3, Transfer::kLogC4}) {
    for (const auto direction : {Curve::Direction::kLinearFromCode, Curve::Direction::kCodeFromLinear}) {
      const Curve& curve = Curve::Get(transfer, direction);
      const at::Tensor loop = curve.Apply(values);
      CHECK(at::allclose(curve.ApplyByTensorOps(values), loop, 1e-5, 1e-6));
    }
  }
}

TEST_CASE("chromaticities name their primaries", "[image]") {
  for (const std::string& name : Names()) {
    const Primaries primaries = ParseColourSpace(name).primaries;
    CHECK(PrimariesWith(ChromaticitiesOf(primaries)) == primaries);
  }
  CHECK(PrimariesWith({0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.4F, 0.3F, 0.3F}) == Primaries::kUnknown);
}

// OCIO is read once for a process, so one case holds all that concerns it.
TEST_CASE("a studio's own configuration adds its spaces and is refused where it cannot be undone", "[image]") {
  const testing::TempDir folder;
  std::ofstream(folder / "c.ocio") << R"(ocio_profile_version: 2
roles: {default: aces, aces_interchange: aces, scene_linear: aces}
displays: {d: [!<View> {name: v, colorspace: aces}]}
colorspaces:
  - !<ColorSpace> {name: aces}
  - !<ColorSpace>
    name: House Log
    to_scene_reference: !<BuiltinTransform> {style: SONY_SLOG3-SGAMUT3_to_ACES2065-1}
  - !<ColorSpace>
    name: House Look
    from_scene_reference: !<BuiltinTransform> {style: ACES-OUTPUT - ACES2065-1_to_CIE-XYZ-D65 - SDR-VIDEO_1.0}
)";
  setenv("OCIO", (folder / "c.ocio").c_str(), 1);
  const ColourSpace house = ParseColourSpace("House Log");
  CHECK(CodeFromLinear(house.transfer, 0.18F) == Approx(420.0F / 1023).margin(1e-4));
  const auto same = RgbFromRgb(Primaries::kSGamut3, house.primaries);
  for (size_t k = 0; k < 9; ++k) CHECK(same[k] == Approx(k % 4 == 0 ? 1 : 0).margin(1e-4));
  CHECK(house.ToString().find("House Log@") == 0);
  CHECK_FALSE(HasTag(house.transfer));
  CHECK_THROWS_WITH(ParseColourSpace("House Look"), Catch::Contains("curve and a matrix"));
  CHECK_THROWS_WITH(ParseColourSpace("Nobody's Log"), Catch::Contains("logc4"));
  CHECK_THROWS_AS(ChromaticitiesOf(house.primaries), Error);
  unsetenv("OCIO");
}

}  // namespace shotfix::image
