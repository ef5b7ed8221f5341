// SPDX-License-Identifier: Apache-2.0
#include "pipeline/frame_pack.h"

#include <random>
#include "support/test.h"

namespace shotfix::pipeline {
namespace {

image::PixelPlanes Random(const image::PixelLayout& layout, unsigned seed) {
  std::mt19937 rng(seed);
  image::PixelPlanes planes = image::PixelPlanes::Allocate(layout);
  for (image::Plane& plane : planes.planes) {
    for (uint16_t& code : plane.codes) code = static_cast<uint16_t>(rng() % 1024);
    for (float& value : plane.values) value = static_cast<float>(rng() % 4096) / 17.0F;
  }
  return planes;
}

FinishedFrame Example(const image::PixelLayout& layout) {
  FinishedFrame frame;
  frame.planes = Random(layout, 2);
  frame.support = (at::arange(layout.width * layout.height) % 2).to(at::kByte).view({1, layout.height, layout.width});
  frame.layers.push_back({"a.gain", {"R", "G", "B"}, "stops", at::full({3, layout.height, layout.width}, 0.25), true});
  frame.layers.push_back({"a.stmap", {"R", "G"}, "", at::rand({2, layout.height, layout.width}), false});
  return frame;
}

const image::PixelLayout kCodes{.width = 33, .height = 9, .bit_depth = 10, .has_alpha = true, .chroma_shift_x = 1};
const image::PixelLayout kFloats{.width = 33, .height = 9, .bit_depth = 16, .is_float = true, .is_rgb = true};

}  // namespace

TEST_CASE("a packed frame comes back bit for bit, in the source's layout and in another", "[pipeline]") {
  for (const image::PixelLayout& layout : {kCodes, kFloats}) {
    const FinishedFrame frame = Example(layout);
    const image::PixelPlanes source = Random(kCodes, 1);
    const auto back = UnpackFrame(PackFrame(frame, source), layout, source);
    REQUIRE(back.has_value());
    CHECK(back->planes == frame.planes);
    CHECK(at::equal(back->support, frame.support));
    REQUIRE(back->layers.size() == 2);
    CHECK(back->layers[0].name == "a.gain");
    CHECK(back->layers[0].channels == frame.layers[0].channels);
    CHECK(at::equal(back->layers[0].values, frame.layers[0].values));
    CHECK(at::equal(back->layers[1].values, frame.layers[1].values));
  }
}

TEST_CASE("what an edit leaves alone costs next to nothing", "[pipeline]") {
  const image::PixelLayout layout{.width = 640, .height = 360, .bit_depth = 10};
  const image::PixelPlanes source = Random(layout, 1);
  FinishedFrame frame;
  frame.planes = source;
  CHECK(PackFrame(frame, source).size() < 1000);
}

TEST_CASE("damaged packs, and packs of another picture, are no frames", "[pipeline]") {
  const image::PixelPlanes source = Random(kCodes, 1);
  const std::string packed = PackFrame(Example(kCodes), source);
  CHECK_FALSE(UnpackFrame("", kCodes, source).has_value());
  CHECK_FALSE(UnpackFrame(packed, kFloats, source).has_value());
  image::PixelLayout larger = kCodes;
  larger.width = 34;
  CHECK_FALSE(UnpackFrame(packed, larger, source).has_value());
  std::mt19937 rng(8);
  for (int k = 0; k < 500; ++k) {
    std::string bent = packed;
    bent[rng() % bent.size()] ^= static_cast<char>(1 + rng() % 255);
    if (k % 3 == 0) bent.resize(rng() % bent.size());
    if (bent != packed) CHECK_FALSE(UnpackFrame(bent, kCodes, source).has_value());
  }
}

}  // namespace shotfix::pipeline
