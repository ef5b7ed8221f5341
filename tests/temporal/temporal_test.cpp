// SPDX-License-Identifier: Apache-2.0
#include "support/test.h"

#include "shotfix/image/resample.h"
#include "shotfix/temporal/camera_track.h"
#include "shotfix/temporal/clean_plate.h"
#include "shotfix/temporal/measures.h"
#include "shotfix/temporal/propagate.h"
#include "shotfix/temporal/stabiliser.h"
#include "support/memory_track.h"
#include "support/synthetic.h"

namespace shotfix::temporal {
namespace {

using testing::MakeShot;
using testing::SyntheticReader;
using testing::SyntheticShot;

std::vector<FlowLink> LinksOf(const SyntheticShot& shot) {
  const auto flow = MakeDisFlow();
  std::vector<FlowLink> links;
  for (size_t k = 0; k + 1 < shot.pictures.size(); ++k)
    links.push_back(LinkFrames(*flow, shot.pictures[k], shot.pictures[k + 1]));
  return links;
}

}  // namespace

TEST_CASE("flow finds a known pan and trusts it", "[temporal]") {
  const SyntheticShot shot = MakeShot({.height = 128, .width = 160, .frames = 2, .speed_px = -3, .pan_px = 3});
  const auto flow = MakeDisFlow();
  const FlowLink link = LinkFrames(*flow, shot.pictures[0], shot.pictures[1]);
  const at::Tensor x = link.next_from_prev[0].narrow(0, 16, 96).narrow(1, 24, 112);
  CHECK(x.mean().item<double>() == Approx(-3).margin(0.15));
  CHECK(link.trust_at_prev[0].narrow(0, 16, 96).narrow(1, 24, 112).mean().item<double>() > 0.9);
}

TEST_CASE("trust is low where something is uncovered", "[temporal]") {
  const SyntheticShot shot = MakeShot({.height = 128, .width = 160, .frames = 2, .speed_px = 12});
  const auto flow = MakeDisFlow();
  const FlowLink link = LinkFrames(*flow, shot.pictures[0], shot.pictures[1]);
  const at::Tensor covered = (shot.mattes[1] > 0.9) & (shot.mattes[0] < 0.1);
  const double inside = (link.trust_at_prev * covered).sum().item<double>() / covered.sum().item<double>();
  CHECK(inside < 0.75 * link.trust_at_prev.mean().item<double>());
}

TEST_CASE("the stabiliser cuts injected flicker and keeps motion", "[temporal]") {
  const SyntheticShot shot = MakeShot({.frames = 13, .speed_px = 2});
  const std::vector<FlowLink> links = LinksOf(shot);
  std::vector<WindowEntry> entries;
  for (size_t k = 0; k < shot.pictures.size(); ++k) {
    const double flicker = k % 2 == 0 ? 0.06 : -0.06;
    WindowEntry entry;
    entry.edit.support = at::ones_like(shot.mattes[k]);
    entry.edit.gain = (shot.mattes[k] + flicker).expand({3, -1, -1}).contiguous();
    entry.guide = shot.pictures[k];
    entries.push_back(entry);
  }
  const StabiliserOptions options;
  const at::Tensor middle = Stabilise(entries, 6, links, options).gain[0];
  const double before = (entries[6].edit.gain[0] - shot.mattes[6][0]).abs().mean().item<double>();
  CHECK((middle - shot.mattes[6][0]).abs().mean().item<double>() < before / 3);
  CHECK((middle * (shot.mattes[6][0] > 0.99)).sum().item<double>() / (shot.mattes[6][0] > 0.99).sum().item<double>() ==
        Approx(1).margin(0.05));
}

TEST_CASE("steadying leaves a matte that changes altogether alone and stays in range", "[temporal]") {
  const SyntheticShot shot = MakeShot({.frames = 9, .speed_px = 0, .grain = 0.01});
  const std::vector<FlowLink> links = LinksOf(shot);
  std::vector<WindowEntry> entries;
  for (size_t k = 0; k < 9; ++k) {
    WindowEntry entry;
    entry.guide = shot.pictures[k];
    entry.edit.alpha = shot.mattes[k].clone();
    if (k == 4) entry.edit.alpha.narrow(1, 0, 8).narrow(2, 0, 8).fill_(1);  // for one frame, in a corner
    entry.edit.support = at::ones_like(entry.edit.alpha);
    entries.push_back(std::move(entry));
  }
  const at::Tensor alpha = Stabilise(entries, 4, links, StabiliserOptions{}).alpha;
  CHECK(alpha.narrow(1, 0, 6).narrow(2, 0, 6).min().item<double>() > 0.999);
  CHECK(alpha.min().item<double>() >= 0);
  CHECK(alpha.max().item<double>() <= 1);
}

TEST_CASE("a stabilised field depends on its window only", "[temporal]") {
  const SyntheticShot shot = MakeShot({.frames = 9, .speed_px = 3, .grain = 0.01});
  const std::vector<FlowLink> links = LinksOf(shot);
  FieldWindow whole{shot.mattes, shot.pictures, &links};
  const at::Tensor in_whole = StabiliseField(whole, 4, 2, 0.06, 0.15);
  const std::vector<FlowLink> part_links(links.begin() + 2, links.begin() + 6);
  FieldWindow part{{shot.mattes.begin() + 2, shot.mattes.begin() + 7},
                   {shot.pictures.begin() + 2, shot.pictures.begin() + 7},
                   &part_links};
  CHECK(at::equal(in_whole, StabiliseField(part, 2, 2, 0.06, 0.15)));
}

TEST_CASE("propagated mattes follow the disc; painted frames see the others only", "[temporal]") {
  const SyntheticShot shot = MakeShot({.frames = 10, .speed_px = 2});
  SyntheticReader reader(shot);
  testing::MemoryTrack track;
  const auto flow = MakeDisFlow();
  const PaintedMattes painted = {{2, shot.mattes[2]}, {7, shot.mattes[7]}};
  const auto left_out = PropagateMattes(reader, painted, *flow, track, [](int64_t, int64_t) {});
  for (const int64_t frame : {0, 4, 5, 9}) {
    CHECK(MatteMad(ReadPrior(track, frame).matte, shot.mattes[static_cast<size_t>(frame)]) < 12);
  }
  CHECK(MatteMad(ReadPrior(track, 2).matte, shot.mattes[2]) < 2.1);  // 8-bit
  CHECK(MatteMad(left_out.at(2).matte, shot.mattes[2]) > 0.5);
  CHECK(left_out.at(2).trust.mean().item<double>() < 1);
}

TEST_CASE("paint carried far keeps a sharp edge", "[temporal]") {
  const SyntheticShot shot = MakeShot({.frames = 16, .speed_px = 1.3});
  SyntheticReader reader(shot);
  testing::MemoryTrack track;
  const auto flow = MakeDisFlow();
  PropagateMattes(reader, {{0, shot.mattes[0]}}, *flow, track, [](int64_t, int64_t) {});
  const auto softness = [](const at::Tensor& matte) { return (matte * (1 - matte)).sum().item<double>(); };
  CHECK(MatteMad(ReadPrior(track, 15).matte, shot.mattes[15]) < 12);
  CHECK(softness(ReadPrior(track, 15).matte) < 1.3 * softness(shot.mattes[15]));
}

TEST_CASE("a locked-off camera is called static, a pan is followed", "[temporal]") {
  const auto nobody = [](int64_t) { return at::Tensor(); };
  const SyntheticShot still = MakeShot({.height = 160, .width = 224, .frames = 6, .speed_px = 3, .grain = 0.01});
  SyntheticReader still_reader(still);
  CHECK(TrackCamera(
            still_reader, [&](int64_t k) { return still.mattes[static_cast<size_t>(k)]; }, [](int64_t) {})
            .is_static);
  const SyntheticShot pan = MakeShot({.height = 160, .width = 224, .frames = 8, .speed_px = -5, .pan_px = 5});
  SyntheticReader pan_reader(pan);
  const CameraTrack track = TrackCamera(pan_reader, nobody, [](int64_t) {});
  CHECK_FALSE(track.is_static);
  CHECK(track.lost_links == 0);
  CHECK(track.reference_from_frame.at(7)[2] == Approx(35).margin(1.0));
}

TEST_CASE("the plate shows what the actor covers", "[temporal]") {
  const SyntheticShot shot = MakeShot({.height = 96, .width = 160, .frames = 24, .speed_px = 4});
  SyntheticReader reader(shot);
  CameraTrack camera;
  for (int64_t k = 0; k < 24; ++k) camera.reference_from_frame[k] = kIdentity;
  const CleanPlate plate =
      GatherPlate(reader, camera, [&](int64_t k) { return shot.mattes[static_cast<size_t>(k)]; }, {});
  CHECK(plate.valid.mean().item<double>() > 0.95);
  const at::Tensor error = (plate.rgb - shot.walls[0]).abs() * plate.valid;
  CHECK(error.max().item<double>() < 0.02);
  CHECK(Psnr(plate.rgb * plate.valid, shot.walls[0] * plate.valid) > 45);
}

TEST_CASE("unknown pixels are filled from around, known ones stay", "[temporal]") {
  const at::Tensor picture = at::full({3, 33, 47}, 0.25);
  at::Tensor valid = at::ones({1, 33, 47});
  valid.narrow(1, 10, 12).narrow(2, 12, 20).zero_();
  const at::Tensor filled = FillUnknown(picture * valid, valid);
  CHECK(at::allclose(filled, picture, 1e-3, 1e-3));
}

TEST_CASE("homographies invert and scale", "[temporal]") {
  const Homography h = {1.02, 0.01, 5, -0.02, 0.99, -3, 1e-4, 2e-5, 1};
  const Homography identity = Multiply(h, Invert(h));
  for (size_t k = 0; k < 9; ++k) CHECK(identity[k] == Approx(kIdentity[k]).margin(1e-9));
  const Homography shift = {1, 0, 4, 0, 1, -2, 0, 0, 1};
  CHECK(ScaleHomography(shift, 2, 3)[2] == Approx(8));
  CHECK(ScaleHomography(shift, 2, 3)[5] == Approx(-6));
  CHECK(OffsetOf(shift, 4, 4)[0].mean().item<double>() == Approx(4));
}

TEST_CASE("matte measures have the evaluator's units", "[temporal]") {
  const at::Tensor zero = at::zeros({1, 10, 10});
  CHECK(MatteMad(zero + 0.01, zero) == Approx(10));
  CHECK(MatteMse(zero + 0.1, zero) == Approx(10));
  CHECK(MatteDtSsd(zero, zero + 0.02, zero, zero) == Approx(2));
  CHECK(Psnr(zero, zero + 0.1) == Approx(20).margin(1e-4));
  const at::Tensor picture = at::rand({3, 40, 40});
  CHECK(Ssim(picture, picture) == Approx(1));
  CHECK(Ssim(picture, at::rand({3, 40, 40})) < 0.5);
}

TEST_CASE("a brighter picture is as steady as its source at its own level, a swimming light is not", "[temporal]") {
  constexpr int64_t kSide = 64;
  const at::Tensor before = 0.2 + 0.3 * at::rand({3, kSide, kSide});
  const at::Tensor after = before + 0.02 * at::randn({3, kSide, kSide});
  const at::Tensor still = at::zeros({2, kSide, kSide});
  const at::Tensor all = at::ones({1, kSide, kSide});
  const FlowLink link{still, still, all, all};
  const at::Tensor lit = at::linspace(1, 2, kSide).view({1, 1, kSide});
  WarpError steady;
  AddWarpError(steady, link, {before, after}, {before * lit, after * lit});
  CHECK(steady.Ratio() > 2);
  CHECK(steady.RatioAsLit() == Approx(1).epsilon(0.03));
  WarpError swimming;
  AddWarpError(swimming, link, {before, after}, {before * lit, after * lit.roll(2, 2)});
  CHECK(swimming.RatioAsLit() > 1.5);
}

TEST_CASE("flicker is measured in stops, steady changes are not flicker", "[temporal]") {
  FlickerMeter steady;
  FlickerMeter wild;
  const at::Tensor picture = at::full({3, 8, 8}, 0.3);
  for (int k = 0; k < 10; ++k) {
    steady.Add(picture, picture * 2, {});
    wild.Add(picture, picture * (k % 2 == 0 ? 1.1 : 1.0), {});
  }
  CHECK(steady.StopsRms() < 1e-6);
  CHECK(wild.StopsRms() > 0.2);
}

}  // namespace shotfix::temporal
