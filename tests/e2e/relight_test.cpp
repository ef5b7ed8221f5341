// SPDX-License-Identifier: Apache-2.0
// A painted ball with a light-reference take, relit from the other side: the truth can be written down.
#include <fstream>
#include <sstream>
#include "support/test.h"

#include "shotfix/image/convert.h"
#include "shotfix/light/lights.h"
#include "shotfix/media/decoder.h"
#include "shotfix/media/still.h"
#include "shotfix/model/light_net.h"
#include "shotfix/model/matte_net.h"
#include "shotfix/model/mini_model.h"
#include "support/ball.h"
#include "support/small_project.h"

namespace shotfix {
namespace {

using testing::Ball;
using testing::BallUnder;
using testing::FrameHashes;
using testing::MakeBall;
using testing::MustSucceed;
using testing::ShellResult;
using testing::Shotfix;

constexpr int kFrames = 10;
const light::Angles kOld{-40, 25};
const light::Angles kNew{45, 20};

light::SceneLight LightFrom(light::Angles from) {
  return {{{light::DirectionOf(from), {0.9, 0.8, 0.6}, 8}}, {0.08, 0.08, 0.1}};
}

// "shot": the ball drifts before a wall under the old light. "lamp": it holds still while a lamp goes round.
class BallProject {
 public:
  BallProject() {
    std::vector<at::Tensor> shot, lamp;
    for (int k = 0; k < kFrames; ++k) shot.push_back(Shown(MakeBall(Place(k)), LightFrom(kOld)));
    std::ofstream lamps(File("lamp.csv"));
    lamps << "frame,azimuth,elevation\n";
    for (int k = 0; k < 16; ++k) {
      const light::Angles from{55 * std::cos(k * 0.3927), 15 + 30 * std::sin(k * 0.3927)};
      light::SceneLight light = LightFrom(from);
      light.keys[0].rgb = {0.9, 0.9, 0.9};
      light.ambient = {0.01, 0.01, 0.01};
      lamp.push_back(Shown(MakeBall(), light));
      lamps << k << "," << from.azimuth_deg << ", " << from.elevation_deg << "\n";
    }
    lamps.close();
    testing::WriteClip(shot, File("shot.mkv"), "-c:v ffv1 -g 1 -pix_fmt yuv444p10le");
    testing::WriteClip(lamp, File("lamp.mkv"), "-c:v ffv1 -g 1 -pix_fmt yuv444p10le");
    std::ofstream(File("tiny.toml"))
        << "[matte]\nbase_channels = 8\nlevels = 3\nlong_side_px = 160\nsteps = 30\nbatch = "
           "4\ncrop_px = 64\nheld_out_every = 10\n";
    MustSucceed(Shotfix("init '" + File("p") + "'"));
    MustSucceed(Run("ingest --no-locator --person Ada '" + File("shot.mkv") + "'"));
    MustSucceed(Run("consent add --person Ada --operations training,relight --document binder"));
    for (const int frame : {1, 5, 8}) PaintMatte("shot", frame, MakeBall(Place(frame)));
    MustSucceed(Run("train --recipe '" + File("tiny.toml") + "'"));
  }
  void AddTake() const {
    MustSucceed(Run("ingest --no-locator --role light-reference --person Ada '" + File("lamp.mkv") + "'"));
    MustSucceed(Run("hint lamp --lights '" + File("lamp.csv") + "'"));
    PaintMatte("lamp", 0, MakeBall());
  }
  // "other": the same drift under the new light.
  void AddOtherTake() const {
    std::vector<at::Tensor> other;
    for (int k = 0; k < kFrames; ++k) other.push_back(Shown(MakeBall(Place(k)), LightFrom(kNew)));
    testing::WriteClip(other, File("other.mkv"), "-c:v ffv1 -g 1 -pix_fmt yuv444p10le");
    MustSucceed(Run("ingest --no-locator --person Ada '" + File("other.mkv") + "'"));
  }
  ShellResult Run(const std::string& arguments) const { return Shotfix("--project '" + File("p") + "' " + arguments); }
  ShellResult Relight(const std::string& out, const std::string& arguments) const {
    return Run("relight shot -o '" + File(out) + "' --overwrite " + arguments);
  }
  std::string File(const std::string& name) const { return folder_ / name; }
  static double Place(int frame) { return testing::kBallWidth / 2.0 + 0.8 * (frame - 5); }
  static at::Tensor Wall() { return at::full({3, testing::kBallHeight, testing::kBallWidth}, 0.25); }
  static at::Tensor Shown(const Ball& ball, const light::SceneLight& light) {
    return image::PerceptualFromLinear(BallUnder(ball, light) + (1 - ball.mask) * Wall());
  }

 private:
  void PaintMatte(const std::string& clip, int frame, const Ball& ball) const {
    media::WriteMattePng(File("m.png"), ball.mask);
    MustSucceed(Run("hint " + clip + " --frame " + std::to_string(frame) + " --matte '" + File("m.png") + "'"));
  }
  testing::TempDir folder_;
};

std::string KeyOption(light::Angles from) {
  return "--key " + std::to_string(from.azimuth_deg) + "," + std::to_string(from.elevation_deg);
}

// Mean square error in the perceptual curve, inside the ball.
double ErrorOf(const std::string& clip, light::Angles from) {
  media::Decoder decoder(media::Probe(clip));
  double sum = 0;
  for (int k = 0; k < kFrames; ++k) {
    const Ball ball = MakeBall(BallProject::Place(k));
    const at::Tensor shown = image::PerceptualFromLinear(decoder.Next()->rgb);
    const at::Tensor difference = (shown - BallProject::Shown(ball, LightFrom(from))) * ball.mask;
    sum += difference.square().sum().item<double>() / (3 * ball.mask.sum().item<double>() * kFrames);
  }
  return sum;
}

int LargestChange(const std::string& a, const std::string& b) {
  media::Decoder first(media::Probe(a));
  media::Decoder second(media::Probe(b));
  int largest = 0;
  while (const auto frame = first.NextSamples()) {
    const auto other = second.NextSamples();
    for (size_t plane = 0; plane < 3; ++plane) {
      const auto& x = frame->source->planes[plane].codes;
      const auto& y = other->source->planes[plane].codes;
      for (size_t k = 0; k < x.size(); ++k) largest = std::max(largest, std::abs(int{x[k]} - int{y[k]}));
    }
  }
  return largest;
}

}  // namespace

TEST_CASE("a ball is relit from the other side, and nothing else is", "[e2e]") {
  const BallProject project;
  project.AddTake();
  const ShellResult made = project.Relight("r.mkv", KeyOption(kNew));
  MustSucceed(made);
  CHECK(made.output.find("light-reference take") != std::string::npos);
  const double before = ErrorOf(project.File("shot.mkv"), kNew);
  const double after = ErrorOf(project.File("r.mkv"), kNew);
  INFO(10 * std::log10(before / after) << " dB nearer");
  CHECK(10 * std::log10(before / after) > 8);
  MustSucceed(project.Run("verify '" + project.File("r.mkv") + "' --source '" + project.File("shot.mkv") +
                          "' --max-outside-error 0"));
  // In pieces it is the same.
  MustSucceed(project.Relight("b.mkv", KeyOption(kNew) + " --frames 4:"));
  const std::string whole = FrameHashes(project.File("r.mkv"));
  CHECK(whole.ends_with(FrameHashes(project.File("b.mkv"))));
}

TEST_CASE("the light that is there already changes nothing", "[e2e]") {
  const BallProject project;
  project.AddTake();
  MustSucceed(project.Relight("same.mkv", ""));
  CHECK(LargestChange(project.File("shot.mkv"), project.File("same.mkv")) <= 1);
}

TEST_CASE("with --hold-exposure the subject keeps its mean level", "[e2e]") {
  const BallProject project;
  project.AddTake();
  const auto level = [&](const std::string& clip) {
    media::Decoder decoder(media::Probe(project.File(clip)));
    const at::Tensor mask = MakeBall(BallProject::Place(0)).mask;
    return (decoder.Next()->rgb * mask).sum().item<double>() / (3 * mask.sum().item<double>());
  };
  const std::string brighter = KeyOption(kNew) + ",,1.5";
  MustSucceed(project.Relight("bright.mkv", brighter));
  MustSucceed(project.Relight("held.mkv", brighter + " --hold-exposure"));
  const double own = level("shot.mkv");
  CHECK(level("bright.mkv") > 1.8 * own);
  CHECK(level("held.mkv") == Approx(own).epsilon(0.06));
  CHECK(project.Relight("set.mkv", brighter + " --on set --hold-exposure").exit_code == 64);
  CHECK(project.Relight("saved.mkv", brighter + " --save-light warm --hold-exposure").exit_code == 64);
}

TEST_CASE("a light head is learned from a take, and kept only where it is better", "[e2e]") {
  const BallProject project;
  CHECK(project.Run("train --head light").exit_code == 64);  // no take
  project.AddTake();
  std::ofstream(project.File("light.toml"))
      << "[light]\nchannels = 8\nsteps = 4\nbatch = 1\nviews = 2\nheld_out_every = 4\n";
  const std::string train = "train --head light --recipe '" + project.File("light.toml") + "'";
  CHECK(project.Run(train + " --dry-run").output.find("would learn the shape of Ada from lamp, measured on shot") !=
        std::string::npos);
  // A ball's outline is right: nothing can be better.
  const ShellResult run = project.Run("--json " + train);
  MustSucceed(run);
  nlohmann::json head;
  std::istringstream lines(run.output);
  for (std::string line; std::getline(lines, line);)
    if (line.find("\"light_heads\"") != std::string::npos) head = nlohmann::json::parse(line).at("light_heads").at(0);
  CHECK(head["person"] == "Ada");
  CHECK(head["held_out"] == nlohmann::json{"shot"});
  CHECK(head["kept"] == false);
  CHECK(head["guessed_error_deg"].get<double>() < 20);
  CHECK(project.Relight("alone.mkv", "--no-take --light-from -40,25 " + KeyOption(kNew)).output.find("light head") ==
        std::string::npos);
}

TEST_CASE("a light head that the model has tells the shape where no take does", "[e2e]") {
  const BallProject project;
  const std::string path = project.File("p") + ".shotfix/models/mini_model.safetensors";
  model::MiniModel model = model::MiniModel::Load(path);
  model::Head& head = model.heads["light:Ada"];
  head.weights = model::ExportWeights(*model::LightNet(model::LightNetOptions{8}));
  head.shape["channels"] = 8;
  head.held_out_mad = 12;
  model.Save(path);
  const std::string asked = "--light-from -40,25 " + KeyOption(kNew);
  const ShellResult learned = project.Relight("learned.mkv", asked);
  MustSucceed(learned);
  CHECK(learned.output.find("light head, albedo by materials: normals some 12 degrees off") != std::string::npos);
  const ShellResult guessed = project.Relight("guessed.mkv", asked + " --no-head");
  MustSucceed(guessed);
  CHECK(guessed.output.find("shape from the outline alone") != std::string::npos);
  CHECK(LargestChange(project.File("learned.mkv"), project.File("guessed.mkv")) > 0);
  MustSucceed(project.Run("train --recipe '" + project.File("tiny.toml") + "'"));
  CHECK(model::MiniModel::Load(path).heads.contains("light:Ada"));  // another head's training leaves it
}

TEST_CASE("nobody's shape is learned without consent for relighting", "[e2e]") {
  const BallProject project;
  MustSucceed(
      project.Run("ingest --no-locator --role light-reference --person Ben '" + project.File("lamp.mkv") + "'"));
  MustSucceed(project.Run("hint lamp --lights '" + project.File("lamp.csv") + "'"));
  media::WriteMattePng(project.File("b.png"), MakeBall().mask);
  MustSucceed(project.Run("hint lamp --frame 0 --matte '" + project.File("b.png") + "'"));
  MustSucceed(project.Run("consent add --person Ben --operations training --document binder"));
  const ShellResult refused = project.Run("train --head light");
  CHECK(refused.exit_code == 0);
  CHECK(refused.output.find("no light head of Ben: ") != std::string::npos);
  CHECK(refused.output.find("relight") != std::string::npos);
}

TEST_CASE("a light has a name, and a shot's own light can be matched", "[e2e]") {
  const BallProject project;
  project.AddTake();
  MustSucceed(project.Relight("a.mkv", KeyOption(kNew) + " --save-light dusk"));
  MustSucceed(project.Relight("b.mkv", "--light dusk"));
  CHECK(FrameHashes(project.File("a.mkv")) == FrameHashes(project.File("b.mkv")));
  const ShellResult missing = project.Relight("c.mkv", "--light dawn");
  CHECK(missing.exit_code == 66);
  CHECK(missing.output.find("dusk") != std::string::npos);
  // A light is in units of one take's albedo: without it, or through another, it means nothing.
  CHECK(project.Relight("c.mkv", "--light dusk --no-take --light-from -40,25").exit_code == 66);
  CHECK(project.Relight("c.mkv", "--save-light x --no-take --light-from -40,25").exit_code == 66);
  MustSucceed(project.Relight("m.mkv", "--match shot"));
  CHECK(LargestChange(project.File("shot.mkv"), project.File("m.mkv")) <= 1);
  CHECK(project.Relight("d.mkv", "--match shot --key 1,2").exit_code == 64);
  CHECK(project.Relight("d.mkv", "--match shot --ambient 1").exit_code == 64);
  // The place of a lamp was noted wrongly: the light that was saved through it is of another take.
  MustSucceed(project.Run("hint lamp --frame 3 --light-from 20,20"));
  CHECK(project.Relight("c.mkv", "--light dusk").exit_code == 65);
}

TEST_CASE("without a take it asks where the light is, and says why", "[e2e]") {
  const BallProject project;
  const ShellResult asked = project.Relight("o.mkv", KeyOption(kNew));
  INFO(asked.output);
  CHECK(asked.exit_code == 65);
  CHECK(asked.output.find("--light-from AZ,EL") != std::string::npos);
  const ShellResult told = project.Relight("o.mkv", KeyOption(kNew) + " --light-from -40,25");
  MustSucceed(told);
  CHECK(told.output.find("outline") != std::string::npos);
  // A warm lamp, and one without any blue.
  MustSucceed(project.Relight("o.mkv", KeyOption(kNew) + " --light-from -40,25,1:0.5:0"));
  CHECK(ErrorOf(project.File("o.mkv"), kNew) < 1);  // numbers
  CHECK(project.Relight("o.mkv", KeyOption(kNew) + " --light-from -40,25,3200,-1").exit_code == 64);
  MustSucceed(project.Relight("o.mkv", KeyOption(kNew) + " --light-from -40,25"));
  // Somebody whose relighting nobody agreed to.
  MustSucceed(project.Run("ingest --no-locator --person Bob '" + project.File("lamp.mkv") + "'"));
  CHECK(project.Run("relight lamp --light-from 0,0 -o '" + project.File("bob.mkv") + "'").exit_code == 77);
  // No light comes from behind: nothing could be measured by it.
  CHECK(project.Relight("o.mkv", KeyOption(kNew) + " --light-from 180,0").exit_code == 65);
  // A ball is what an outline inflates to: even this tier must come nearer here.
  CHECK(ErrorOf(project.File("o.mkv"), kNew) < 0.7 * ErrorOf(project.File("shot.mkv"), kNew));
}

TEST_CASE("without a shared take a match is one of colours, and says so", "[e2e]") {
  const BallProject project;
  project.AddOtherTake();
  const ShellResult made = project.Relight("m.mkv", "--match other");
  MustSucceed(made);
  CHECK(made.output.find("matched to other by colour") != std::string::npos);
  CHECK(ErrorOf(project.File("m.mkv"), kNew) < 0.6 * ErrorOf(project.File("shot.mkv"), kNew));
  MustSucceed(project.Run("verify '" + project.File("m.mkv") + "' --source '" + project.File("shot.mkv") +
                          "' --max-outside-error 0"));
  MustSucceed(project.Relight("same.mkv", "--match shot"));
  CHECK(LargestChange(project.File("shot.mkv"), project.File("same.mkv")) <= 1);
  CHECK(project.Relight("x.mkv", "--match other --on all").exit_code == 64);
  const ShellResult gobo = project.Relight("x.mkv", "--match other --gobo leaves.png --hold-exposure");
  CHECK(gobo.exit_code == 64);
  CHECK(gobo.output.find("leave --gobo, --hold-exposure out") != std::string::npos);
  MustSucceed(project.Relight("m2.mkv", "--match other --light-from 10,10"));  // of no use, and no harm
  CHECK(FrameHashes(project.File("m.mkv")) == FrameHashes(project.File("m2.mkv")));
  MustSucceed(project.Run("consent add --person Bob --operations relight --document binder"));
  MustSucceed(project.Run("ingest --no-locator --person Bob '" + project.File("m.mkv") + "'"));
  CHECK(project.Relight("x.mkv", "--match m").exit_code == 66);
}

TEST_CASE("another take in other light has its say in a guessed shape", "[e2e]") {
  const BallProject project;
  project.AddOtherTake();
  const std::string own = KeyOption({0, 60}) + " --light-from -40,25 ";
  const std::string beside =
      "--beside other," + std::to_string(kNew.azimuth_deg) + "," + std::to_string(kNew.elevation_deg);
  MustSucceed(project.Relight("alone.mkv", own));
  MustSucceed(project.Relight("beside.mkv", own + beside));
  CHECK(LargestChange(project.File("alone.mkv"), project.File("beside.mkv")) > 1);
  // A ball is what an outline inflates to: there is nothing to mend, and nothing may be spoilt.
  CHECK(ErrorOf(project.File("beside.mkv"), {0, 60}) ==
        Approx(ErrorOf(project.File("alone.mkv"), {0, 60})).epsilon(0.03));
  CHECK(project.Relight("x.mkv", own + "--beside other").exit_code == 64);
  CHECK(project.Relight("x.mkv", own + "--beside shot,0,0").exit_code == 64);
  CHECK(project.Relight("x.mkv", own + "--beside other,0,0,,1").exit_code == 64);
  CHECK(project.Relight("x.mkv", own + "--beside nobody,0,0").exit_code == 66);
  project.AddTake();
  const ShellResult known = project.Relight("x.mkv", own + beside);
  CHECK(known.exit_code == 64);
  CHECK(known.output.find("light-reference take") != std::string::npos);
  CHECK(project.Relight("x.mkv", own + "--no-take --beside lamp,0,0").exit_code == 66);  // its lamp goes round
  // Somebody else, who agreed to be relit.
  MustSucceed(project.Run("consent add --person Bob --operations relight --document binder"));
  MustSucceed(project.Run("ingest --no-locator --person Bob '" + project.File("alone.mkv") + "'"));
  CHECK(project.Relight("x.mkv", own + "--no-take --beside alone,0,0").exit_code == 66);
}

// Mean of a clip's middle frame, perceptual, where `where` [1,h,w] says.
double MeanLevel(const std::string& clip, const at::Tensor& where) {
  media::Decoder decoder(media::Probe(clip));
  decoder.Seek(5);
  const at::Tensor picture = image::PerceptualFromLinear(decoder.Next()->rgb).mean(0, true);
  return (picture * where).sum().item<double>() / where.sum().item<double>();
}

TEST_CASE("a panorama, a gobo and a plate light the actor, the set or both", "[e2e]") {
  const BallProject project;
  project.AddTake();
  const Ball ball = MakeBall(BallProject::Place(5));
  const at::Tensor left = ball.mask * (ball.normals.slice(0, 0, 1) < -0.3);
  const at::Tensor right = ball.mask * (ball.normals.slice(0, 0, 1) > 0.3);
  const at::Tensor wall = 1 - ball.mask;
  const std::string source = project.File("shot.mkv");
  // A sky that is bright at picture right: behind it in the panorama's right half.
  at::Tensor sky = at::full({3, 64, 128}, 0.02);
  sky.slice(2, 80, 110).fill_(0.9);
  media::WritePng(project.File("sky.png"), sky);
  const ShellResult made = project.Relight("h.mkv", "--hdri '" + project.File("sky.png") + "'");
  MustSucceed(made);
  CHECK(made.output.find("panorama") != std::string::npos);
  CHECK(MeanLevel(source, left) > MeanLevel(source, right));
  CHECK(MeanLevel(project.File("h.mkv"), left) < MeanLevel(project.File("h.mkv"), right));
  CHECK(MeanLevel(project.File("h.mkv"), wall) == Approx(MeanLevel(source, wall)).margin(2e-3));
  CHECK(project.Relight("x.mkv", "--hdri '" + source + "'").exit_code == 65);
  CHECK(project.Relight("x.mkv", "--key 0,0 --hdri '" + project.File("sky.png") + "'").exit_code == 64);
  // The light goes down on the set alone.
  const ShellResult on_set = project.Relight("s.mkv", "--on set --key=-40,25,,-1");
  MustSucceed(on_set);
  CHECK(on_set.output.find("the set counts as a wall that faces the lens: the camera stands still") !=
        std::string::npos);
  CHECK(MeanLevel(project.File("s.mkv"), wall) < 0.9 * MeanLevel(source, wall));
  CHECK(MeanLevel(project.File("s.mkv"), left) == Approx(MeanLevel(source, left)).epsilon(0.02));
  // A gobo that stops everything at picture right.
  at::Tensor flag = at::ones({3, 60, 80});
  flag.slice(2, 40).fill_(0);
  media::WritePng(project.File("flag.png"), flag);
  MustSucceed(project.Relight("a.mkv", "--on all --key 0,0 --gobo '" + project.File("flag.png") + "'"));
  const at::Tensor columns = at::arange(testing::kBallWidth).view({1, 1, -1}).expand_as(wall);
  const at::Tensor shaded = wall * (columns > 0.6 * testing::kBallWidth);
  CHECK(MeanLevel(project.File("a.mkv"), shaded) <
        0.8 * MeanLevel(project.File("a.mkv"), wall * (columns < 0.4 * testing::kBallWidth)));
  CHECK(project.Relight("x.mkv", "--on everything --key 0,0").exit_code == 64);
  // The plate that will stand behind is dark and blue.
  at::Tensor plate = at::full({3, 60, 80}, 0.1);
  plate[2].fill_(0.4);
  media::WritePng(project.File("plate.png"), plate);
  MustSucceed(project.Run("consent add --person Ada --operations background --document binder"));
  MustSucceed(
      project.Run("background shot --plate '" + project.File("plate.png") + "' -o '" + project.File("b.mkv") + "'"));
  MustSucceed(project.Run("background shot --plate '" + project.File("plate.png") + "' --light-from-plate -o '" +
                          project.File("l.mkv") + "'"));
  CHECK(MeanLevel(project.File("l.mkv"), ball.mask) < MeanLevel(project.File("b.mkv"), ball.mask) - 2e-3);
  CHECK(MeanLevel(project.File("l.mkv"), wall) == Approx(MeanLevel(project.File("b.mkv"), wall)).epsilon(0.03));
  CHECK(project.Run("background shot --plate x.png --light-from 0,0 -o x.mkv").exit_code == 64);
  CHECK(project.Relight("x.mkv", "--key 0,0 --gobo-size 2").exit_code == 64);
}

TEST_CASE("wrong lights and takes are told in one sentence", "[e2e]") {
  const BallProject project;
  CHECK(project.Relight("o.mkv", "--key 45").exit_code == 64);
  CHECK(project.Relight("o.mkv", "--key 45,30,hot").exit_code == 64);
  CHECK(project.Relight("o.mkv", "--key 0,0 --soften 90").exit_code == 64);
  CHECK(project.Relight("o.mkv", "--soften 20").exit_code == 64);
  CHECK(project.Run("hint shot --frame 0 --light-from 10,10").exit_code == 64);  // no light-reference take
  MustSucceed(
      project.Run("ingest --no-locator --role light-reference --person Ada '" + project.File("lamp.mkv") + "'"));
  const ShellResult unknown = project.Relight("o.mkv", "--key 45,30");
  CHECK(unknown.exit_code == 65);
  CHECK(unknown.output.find("--lights FILE.csv") != std::string::npos);
  CHECK(project.Relight("o.mkv", "--key 45,30 --take shot").exit_code == 66);
  std::ofstream(project.File("bad.csv")) << "0,10,10\nx,1,2\n";
  const ShellResult bad = project.Run("hint lamp --lights '" + project.File("bad.csv") + "'");
  CHECK(bad.exit_code == 65);
  CHECK(bad.output.find("line 2") != std::string::npos);
}

}  // namespace shotfix
