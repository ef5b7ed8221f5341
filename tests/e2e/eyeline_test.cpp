// SPDX-License-Identifier: Apache-2.0
// Turns the eyes of a drawn face, as a user would.
#include "support/test.h"

#include <fmt/core.h>

#include <filesystem>
#include <fstream>

#include "shotfix/gaze/meter.h"
#include "shotfix/image/convert.h"
#include "shotfix/media/decoder.h"
#include "support/face.h"
#include "support/shell.h"
#include "support/temp_dir.h"

namespace shotfix {
namespace {

using testing::FaceIris;
using testing::ShellResult;

// A project with one drawn face and consent for its eyes.
class FaceProject {
 public:
  explicit FaceProject(std::vector<testing::FaceFrameSpec> frames = testing::UsualFace()) : frames_(std::move(frames)) {
    testing::WriteClip(
        testing::MakeFaceShot(frames_).pictures, folder_ / "face.mkv",
        "-c:v ffv1 -g 1 -pix_fmt yuv444p -color_primaries bt709 -color_trc iec61966-2-1 -colorspace bt709");
    REQUIRE(Run("init '" + folder_ / "p.shotfix" + "'").exit_code == 0);
    REQUIRE(Run("ingest '" + (folder_ / "face.mkv") + "' --person ada").exit_code == 0);
  }
  ShellResult Run(const std::string& arguments) const {
    const bool init = arguments.starts_with("init");
    return testing::Shotfix((init ? "" : "--project '" + (folder_ / "p.shotfix") + "' ") + arguments);
  }
  void Allow(const std::string& operations = "eyeline") const {
    REQUIRE(
        Run("consent add --person ada --operations " + operations + " --basis exception --approver test --note drawn")
            .exit_code == 0);
  }
  void PointAtEyes(size_t frame) const {
    const cv::Point2d left = FaceIris(frames_[frame], 0);
    const cv::Point2d right = FaceIris(frames_[frame], 1);
    REQUIRE(Run(fmt::format("hint face --frame {} --eyes {:.0f},{:.0f},{:.0f},{:.0f}", frame, left.x, left.y, right.x,
                            right.y))
                .exit_code == 0);
  }
  void Point() const {
    PointAtEyes(9);
    REQUIRE(Run("hint face --frame 2 --gaze=-12,0").exit_code == 0);
    REQUIRE(Run("hint face --frame 5 --gaze 10,-3").exit_code == 0);
  }
  ShellResult Eyeline(const std::string& out, const std::string& options) const {
    return Run("eyeline face " + options + " -o '" + (folder_ / out) + "'");
  }
  std::string File(const std::string& name) const { return folder_ / name; }
  const std::vector<testing::FaceFrameSpec>& frames() const { return frames_; }

 private:
  testing::TempDir folder_;
  std::vector<testing::FaceFrameSpec> frames_;
};

std::vector<at::Tensor> ReadAll(const std::string& path) {
  const media::ClipInfo info = media::Probe(path, {});
  media::Decoder decoder(info);
  std::vector<at::Tensor> pictures;
  while (auto frame = decoder.Next()) pictures.push_back(image::PerceptualFromLinear(frame->rgb));
  return pictures;
}

TEST_CASE("eyes turn by what was asked, and nothing else changes") {
  const FaceProject project;
  project.Allow();
  project.Point();
  const ShellResult run = project.Eyeline("by.mkv", "--by 8,0 --sheet '" + project.File("sheet.png") + "'");
  INFO(run.output);
  REQUIRE(run.exit_code == 0);
  CHECK(run.output.find("turned as asked within") != std::string::npos);
  CHECK(std::filesystem::exists(project.File("sheet.png")));
  const std::vector<at::Tensor> before = ReadAll(project.File("face.mkv"));
  const std::vector<at::Tensor> after = ReadAll(project.File("by.mkv"));
  REQUIRE(after.size() == before.size());
  for (const size_t k : {size_t{1}, size_t{5}, size_t{10}}) {
    for (size_t eye = 0; eye < 2; ++eye) {
      testing::FaceFrameSpec turned = project.frames()[k];
      turned.gaze = turned.gaze + gaze::Direction{8, 0};
      const cv::Point2d wanted = FaceIris(turned, eye);
      const auto found = gaze::MeasureIris(after[k], wanted, FaceBall(turned, eye));
      REQUIRE(found);
      INFO("frame " << k << " eye " << eye);
      CHECK(found->x == Approx(wanted.x).margin(0.9));  // a turn of 8 degrees is 2.6 px
    }
    // The forehead and the chin.
    CHECK(after[k].narrow(1, 0, 60).equal(before[k].narrow(1, 0, 60)));
    CHECK(after[k].narrow(1, 125, 75).equal(before[k].narrow(1, 125, 75)));
  }
  // A closed eye stays closed: nothing is drawn on it.
  CHECK(after[6].equal(before[6]));
  const ShellResult verify = project.Run("verify '" + project.File("by.mkv") + "' --source '" +
                                         project.File("face.mkv") + "' --max-outside-error 0");
  INFO(verify.output);
  CHECK(verify.exit_code == 0);
}

TEST_CASE("a shot cut anywhere gives the same bytes as the whole") {
  const FaceProject project;
  project.Allow();
  project.Point();
  REQUIRE(project.Eyeline("whole.mkv", "--camera").exit_code == 0);
  REQUIRE(project.Eyeline("a.mkv", "--camera --frames 0:5").exit_code == 0);
  REQUIRE(project.Eyeline("b.mkv", "--camera --frames 5:12").exit_code == 0);
  CHECK(testing::FrameHashes(project.File("a.mkv")) + testing::FrameHashes(project.File("b.mkv")) ==
        testing::FrameHashes(project.File("whole.mkv")));
}

TEST_CASE("an eyeline acts within --during and eases at both ends") {
  const FaceProject project;
  project.Allow();
  project.Point();
  const ShellResult run =
      project.Run("--json eyeline face --by 10,0 --during 2:10 --ease 2 -o '" + project.File("d.mkv") + "'");
  REQUIRE(run.exit_code == 0);
  nlohmann::json record;
  std::istringstream lines(run.output);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("\"error_deg\"") != std::string::npos) record = nlohmann::json::parse(line).at("eyeline");
  }
  REQUIRE(record.is_object());
  const auto weight = [&](size_t k) { return record.at("frames").at(k).at("weight").get<double>(); };
  CHECK(weight(1) == 0);
  CHECK(weight(10) == 0);
  CHECK(weight(2) > 0);
  CHECK(weight(2) < weight(3));
  CHECK(weight(4) == Approx(1));
  CHECK(weight(6) == 0);  // the blink
  const std::vector<at::Tensor> before = ReadAll(project.File("face.mkv"));
  const std::vector<at::Tensor> after = ReadAll(project.File("d.mkv"));
  CHECK(after[1].equal(before[1]));
  CHECK_FALSE(after[4].equal(before[4]));
}

TEST_CASE("hardly a turn is hardly a change") {
  const FaceProject project;
  project.Allow();
  project.Point();
  const std::vector<at::Tensor> before = ReadAll(project.File("face.mkv"));
  const auto most = [&](const std::string& out, const std::string& by) {
    REQUIRE(project.Eyeline(out, "--by " + by).exit_code == 0);
    return (ReadAll(project.File(out))[10] - before[10]).abs().max().item<double>();
  };
  const double small = most("small.mkv", "0.1,0");
  const double large = most("large.mkv", "8,0");
  CHECK(small < 0.02);
  CHECK(large > 0.2);
}

TEST_CASE("an eyeline says what it needs") {
  const FaceProject project;
  CHECK(project.Eyeline("o.mkv", "--camera").exit_code == 77);  // nobody agreed
  project.Allow();
  const ShellResult lost = project.Eyeline("o.mkv", "--camera --no-locator");
  CHECK(lost.exit_code == 65);
  CHECK(lost.output.find("--eyes X,Y,X,Y") != std::string::npos);
  project.Point();
  CHECK(project.Eyeline("o.mkv", "").exit_code == 64);
  CHECK(project.Eyeline("o.mkv", "--camera --by 3,0").exit_code == 64);
  CHECK(project.Eyeline("o.mkv", "--to 12").exit_code == 64);
  CHECK(project.Eyeline("o.mkv", "--camera --person bob").exit_code == 66);
  CHECK(project.Run("hint face --frame 3 --eyes 10,10,20,10").exit_code == 64);
  CHECK(project.Run("hint face --frame 99 --gaze lens").exit_code == 64);
  CHECK(project.Run("hint face --frame 3 --gaze lens --remove").exit_code == 64);
  CHECK(project.Run("hint face --frame 3 --gaze lens --person bob").exit_code == 66);
  CHECK(project.Eyeline("o.mkv", "--look-at nan,nan").exit_code == 64);
  CHECK(project.Eyeline("o.mkv", "--by nan,0").exit_code == 64);
  CHECK(project.Eyeline("half.mkv", "--by 40,0 --strength 0.5").exit_code == 0);  // a turn of 20 is made
  const ShellResult wide = project.Eyeline("o.mkv", "--by 40,0");
  CHECK(wide.exit_code == 65);
  CHECK(wide.output.find("more than 25 degrees on frames 0-5") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(project.File("o.mkv")));
  CHECK(project.Eyeline("o.mkv", "--by 40,0 --dry-run").exit_code == 0);
  CHECK(project.Eyeline("o.mkv", "--at nobody --dry-run").exit_code == 66);
  CHECK(project.Eyeline("o.mkv", "--by 4,0 --during 5:900 --dry-run").exit_code != 0);
  std::ofstream(project.File("keys.csv")) << "frame,yaw,pitch\n0,-5,0\n8,5,1\n";
  CHECK(project.Eyeline("k.mkv", "--keys '" + project.File("keys.csv") + "'").exit_code == 0);
  std::ofstream(project.File("bad.csv")) << "0,1,1\nx,1,2\n";
  const ShellResult bad = project.Eyeline("o.mkv", "--keys '" + project.File("bad.csv") + "'");
  CHECK(bad.exit_code == 65);
  CHECK(bad.output.find("line 2") != std::string::npos);
}

TEST_CASE("the other side of a conversation is looked back at, mirrored about the axis") {
  const FaceProject project;
  project.Allow();
  project.Point();
  // Most of the time this face looks 10,-3, -12,0 or 0,2 from its camera; the other side of it is the negative.
  const ShellResult run = project.Run("--json eyeline face --at face --force -o '" + project.File("at.mkv") + "'");
  INFO(run.output);
  REQUIRE(run.exit_code == 0);
  nlohmann::json record;
  std::string notes;
  std::istringstream lines(run.output);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("\"error_deg\"") == std::string::npos) continue;
    record = nlohmann::json::parse(line).at("eyeline");
    notes = nlohmann::json::parse(line).at("notes");
  }
  REQUIRE(record.is_object());
  CHECK(notes.find("the other side of that is") != std::string::npos);
  std::vector<double> usual;
  for (const nlohmann::json& frame : record.at("frames")) {
    if (frame.at("sure") > 0.5) usual.push_back(frame.at("before_deg").at(0));
  }
  std::sort(usual.begin(), usual.end());
  CHECK(record.at("frames").at(9).at("asked_deg").at(0).get<double>() == Approx(-usual[usual.size() / 2]).margin(0.7));
}

TEST_CASE("a recipe turns eyes too, and knows no other keys") {
  const FaceProject project;
  project.Allow();
  project.Point();
  std::ofstream(project.File("r.toml")) << "clip = \"face\"\noutput = \"" << project.File("r.mkv")
                                        << "\"\n[[pass]]\ntype = \"eyeline\"\nlook_at = [\"150,60\"]\ndepth = 0.6\n";
  const ShellResult run = project.Run("run '" + project.File("r.toml") + "'");
  INFO(run.output);
  CHECK(run.exit_code == 0);
  std::ofstream(project.File("x.toml"))
      << "clip = \"face\"\noutput = \"x.mkv\"\n[[pass]]\ntype = \"eyeline\"\nlooks = 3\n";
  CHECK(project.Run("run '" + project.File("x.toml") + "'").exit_code == 78);
}

TEST_CASE("an actor who leaves is left alone, and turned again when back") {
  auto frames = testing::LookingAround(12);
  for (size_t k = 0; k < frames.size(); ++k) {
    frames[k].away = k >= 6 && k < 8;
    if (k >= 8) frames[k].shift = 24;
  }
  const FaceProject project(frames);
  project.Allow();
  project.PointAtEyes(3);
  const ShellResult run = project.Eyeline("o.mkv", "--by 8,0 --force");
  INFO(run.output);
  REQUIRE(run.exit_code == 0);
  CHECK(run.output.find("frames 6-7: the actor's eyes are not to be seen") != std::string::npos);
  const std::vector<at::Tensor> before = ReadAll(project.File("face.mkv"));
  const std::vector<at::Tensor> after = ReadAll(project.File("o.mkv"));
  CHECK(after[6].equal(before[6]));
  CHECK(after[7].equal(before[7]));
  for (const size_t k : {size_t{4}, size_t{10}}) {
    testing::FaceFrameSpec turned = frames[k];
    turned.gaze = turned.gaze + gaze::Direction{8, 0};
    const auto found = gaze::MeasureIris(after[k], FaceIris(turned, 1), FaceBall(turned, 1));
    REQUIRE(found);
    INFO("frame " << k);
    CHECK(found->x == Approx(FaceIris(turned, 1).x).margin(1.2));
  }
}

TEST_CASE("training teaches a gaze head from eyes that somebody pointed at, with consent") {
  const FaceProject project(testing::LookingAround(18));
  CHECK(project.Run("train --head gaze").exit_code == 64);  // nobody pointed at eyes
  project.PointAtEyes(4);
  std::ofstream(project.File("r.toml")) << "[gaze]\nchannels = 8\nsteps = 40\nheld_out_every = 20\nema = 0.9\n";
  const std::string train = "train --recipe '" + project.File("r.toml") + "'";
  const ShellResult refused = project.Run(train);
  INFO(refused.output);
  CHECK(refused.exit_code == 0);
  CHECK(refused.output.find("no gaze head of ada") != std::string::npos);
  project.Allow("training,eyeline");
  CHECK(project.Run(train + " --dry-run").output.find("would learn the gaze of ada from face") != std::string::npos);
  const ShellResult few = project.Run(train + " --leave-out 0,1,2,3,4,5,6,7,8,9,10,11");
  CHECK(few.output.find("200 are needed") != std::string::npos);
  const ShellResult run = project.Run("--json " + train);
  INFO(run.output);
  REQUIRE(run.exit_code == 0);
  const size_t line = run.output.rfind("\n{", run.output.find("\"gaze_heads\""));
  REQUIRE(line != std::string::npos);
  const nlohmann::json head = nlohmann::json::parse(run.output.substr(line)).at("gaze_heads").at(0);
  CHECK(head.at("pairs").get<int64_t>() >= 200);
  CHECK(head.at("held_out_drawn").get<double>() > 0);
  CHECK(head.at("kept").get<bool>() == (head.at("held_out_learned") < 0.97 * head.at("held_out_drawn").get<double>()));
  REQUIRE(project.Eyeline("with.mkv", "--by 9,0 --force").exit_code == 0);
  REQUIRE(project.Eyeline("without.mkv", "--by 9,0 --force --no-gaze-head").exit_code == 0);
  const std::vector<at::Tensor> with = ReadAll(project.File("with.mkv"));
  const std::vector<at::Tensor> without = ReadAll(project.File("without.mkv"));
  bool same = true;
  for (size_t k = 0; k < with.size(); ++k) {
    same = same && with[k].equal(without[k]);
    CHECK(with[k].narrow(1, 125, 75).equal(without[k].narrow(1, 125, 75)));  // the chin
  }
  CHECK(same == !head.at("kept").get<bool>());
  CHECK(project
            .Run("verify '" + project.File("with.mkv") + "' --source '" + project.File("face.mkv") +
                 "' --max-outside-error 0")
            .exit_code == 0);
}

}  // namespace
}  // namespace shotfix
