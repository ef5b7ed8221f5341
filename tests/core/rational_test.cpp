// SPDX-License-Identifier: Apache-2.0
#include "support/test.h"

#include "shotfix/core/error.h"
#include "shotfix/core/frame_range.h"
#include "shotfix/core/hash.h"
#include "shotfix/core/rational.h"

namespace shotfix {

TEST_CASE("timecode counts non-drop frames", "[core]") {
  const auto timecode = Timecode::Parse("01:00:00:00", {24, 1});
  REQUIRE(timecode.has_value());
  CHECK(timecode->frames == 86400);
  CHECK(timecode->Plus(25).ToString() == "01:00:01:01");
  CHECK(Timecode::Parse("23:59:59:23", {24000, 1001})->Plus(1).ToString() == "00:00:00:00");
}

TEST_CASE("drop-frame timecode skips two numbers a minute, but not in the tenth", "[core]") {
  const auto timecode = Timecode::Parse("00:00:59;29", {30000, 1001});
  REQUIRE(timecode.has_value());
  CHECK(timecode->drop_frame);
  CHECK(timecode->Plus(1).ToString() == "00:01:00;02");
  CHECK(Timecode::Parse("00:09:59;29", {30000, 1001})->Plus(1).ToString() == "00:10:00;00");
  CHECK(Timecode::Parse("01:00:00;00", {30000, 1001})->frames == 107892);
}

TEST_CASE("what is no timecode is nothing", "[core]") {
  CHECK_FALSE(Timecode::Parse("hello", {24, 1}));
  CHECK_FALSE(Timecode::Parse("01:00:00", {24, 1}));
  CHECK_FALSE(Timecode::Parse("01:00:00:30", {24, 1}));
  CHECK_FALSE(Timecode::Parse("01:61:00:00", {24, 1}));
}

TEST_CASE("frame ranges are half-open and stay inside the clip", "[core]") {
  const FrameRange whole{1001, 1101};
  CHECK(FrameRange::Parse("1010:1020", whole) == FrameRange{1010, 1020});
  CHECK(FrameRange::Parse(":1020", whole) == FrameRange{1001, 1020});
  CHECK(FrameRange::Parse("1010:", whole) == FrameRange{1010, 1101});
  for (const char* wrong : {"1010", "a:b", "1020:1010", "1000:1010", "1010:1102", "1010:1010"}) {
    CHECK_THROWS_AS(FrameRange::Parse(wrong, whole), Error);
  }
}

TEST_CASE("SHA-256 gives the value of FIPS 180-4", "[core]") {
  CHECK(HashText("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace shotfix
