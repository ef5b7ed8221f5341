// SPDX-License-Identifier: Apache-2.0
// One fuzzer for all parsers of our own and for what libav and OpenEXR do with hostile files. SHOTFIX_FUZZ names the
// parser. Any exception that is not ours, any sanitizer report, any run over ten seconds is a finding.
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <span>

#include "fuzz/seeds.h"
#include "media/dpx_header.h"
#include "passes/background/analysis.h"
#include "pipeline/frame_pack.h"
#include "shotfix/compliance/deliverable.h"
#include "shotfix/core/error.h"
#include "shotfix/core/frame_range.h"
#include "shotfix/core/rational.h"
#include "shotfix/ingest/slate.h"
#include "shotfix/media/decoder.h"
#include "shotfix/media/still.h"
#include "shotfix/model/mini_model.h"
#include "shotfix/pipeline/job.h"
#include "shotfix/project/solution_store.h"
#include "shotfix/train/recipe.h"

namespace shotfix {
namespace {

namespace fs = std::filesystem;
using Bytes = std::span<const uint8_t>;

const fs::path& Folder() {
  static const fs::path folder = [] {
    const char* given = std::getenv("SHOTFIX_FUZZ_FOLDER");
    const fs::path base = given != nullptr ? fs::path(given) : fs::temp_directory_path();
    fs::path own = base / ("shotfix-fuzz-" + std::to_string(getpid()));
    fs::create_directories(own);
    return own;
  }();
  return folder;
}

// The input as a file of this name.
fs::path Stored(Bytes bytes, const std::string& name) {
  const fs::path path = Folder() / name;
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return path;
}

void ReadSolution(Bytes bytes) {
  static const project::Project project = project::Project::Create(Folder() / "p.shotfix");
  Stored(bytes, "p.shotfix/solutions/x.solution");
  const auto solution = project::SolutionStore(project).Find("x");
  if (!solution) return;
  for (int64_t frame = -1; frame < 4; ++frame) solution->track->Get(frame);
  passes::background::Unpack(*solution);
}

void ReadPack(Bytes bytes) {
  const image::PixelLayout layout{.width = 8, .height = 4, .bit_depth = 10, .chroma_shift_x = 1};
  const image::PixelPlanes source = image::PixelPlanes::Allocate(layout);
  // With and without the compression, whose checksum would keep mutations from what lies behind it.
  pipeline::UnpackFrame({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, layout, source);
  pipeline::UnpackFrame(fuzz::Compressed(bytes), layout, source);
}

void ReadText(Bytes bytes) {
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const Rational rate : {Rational{30000, 1001}, {24, 1}}) {
    if (const auto timecode = Timecode::Parse(text, rate)) SHOTFIX_CHECK(timecode->ToString().size() == 11);
  }
  media::IsSequencePattern(text);
  FrameRange::Parse(text, {0, 100});
}

// Decodes a few frames of whatever it is.
void ReadMedia(const fs::path& path) {
  media::ProbeOptions options;
  options.in_space = image::ParseColourSpace("srgb");
  options.on_bad_frame = media::OnBadFrame::kHold;
  const media::ClipInfo info = media::Probe(path, options);
  if (int64_t{info.layout.width} * info.layout.height > 4096 * 4096) return;
  media::Decoder decoder(info);
  for (int k = 0; k < 4 && decoder.NextSamples(); ++k) continue;
}

using Parser = void (*)(Bytes);
const std::map<std::string, Parser>& Parsers() {
  static const std::map<std::string, Parser> parsers = {
      {"recipe", [](Bytes bytes) { train::LoadRecipe(Stored(bytes, "r.toml")); }},
      {"job", [](Bytes bytes) { pipeline::ReadJob(Stored(bytes, "j.toml")).Validate(); }},
      {"slate", [](Bytes bytes) { ingest::ReadSlates(Stored(bytes, bytes.size() % 2 == 0 ? "s.csv" : "s.ale")); }},
      {"model", [](Bytes bytes) { model::MiniModel::Load(Stored(bytes, "m.safetensors")); }},
      {"solution", &ReadSolution},
      {"label", [](Bytes bytes) { compliance::ReadLabel(Stored(bytes, "o.mov.shotfix.json")); }},
      {"hint", [](Bytes bytes) { media::ReadMatte(Stored(bytes, "m.png")); }},
      {"pack", &ReadPack},
      {"dpx", [](Bytes bytes) { media::ParseDpxHeader(bytes); }},
      {"text", &ReadText},
      {"exr", [](Bytes bytes) { ReadMedia(Stored(bytes, "p.exr")); }},
      {"media", [](Bytes bytes) { ReadMedia(Stored(bytes, "c.mkv")); }},
  };
  return parsers;
}

Parser g_parser = nullptr;

}  // namespace
}  // namespace shotfix

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  if (const char* seeds = std::getenv("SHOTFIX_FUZZ_SEEDS")) {
    shotfix::fuzz::WriteSeeds(seeds);
    for (const auto& [name, parser] : shotfix::Parsers()) std::puts(name.c_str());
    std::exit(0);
  }
  const char* name = std::getenv("SHOTFIX_FUZZ");
  const auto found = shotfix::Parsers().find(name != nullptr ? name : "");
  if (found == shotfix::Parsers().end()) {
    std::fputs("SHOTFIX_FUZZ must name a parser; SHOTFIX_FUZZ_SEEDS=FOLDER writes seeds and lists them\n", stderr);
    std::exit(64);
  }
  shotfix::g_parser = found->second;
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    shotfix::g_parser({data, size});
  } catch (const shotfix::Error& error) {
    if (error.code() == shotfix::ErrorCode::kInternal) std::abort();
  }
  return 0;
}
