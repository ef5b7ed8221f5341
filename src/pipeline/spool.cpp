// SPDX-License-Identifier: Apache-2.0
#include "pipeline/spool.h"

#include <array>
#include <fstream>

#include "shotfix/core/atomic_file.h"
#include "shotfix/core/error.h"
#include "shotfix/core/hash.h"
#include "shotfix/core/stop.h"
#include "shotfix/image/colour.h"
#include "shotfix/ingest/ingest.h"

namespace fs = std::filesystem;

namespace shotfix::pipeline {
namespace {

constexpr size_t kBlock = 1 << 20;

// The ending that belongs to the first bytes.
std::string ContainerOf(std::string_view head) {
  if (head.starts_with("YUV4MPEG2 ")) return ".y4m";
  if (head.starts_with("nut/multimedia container")) return ".nut";
  Throw(ErrorCode::kData,
        "standard input is neither NUT nor Y4M; for example: ffmpeg -i IN -c:v rawvideo -f nut - | shotfix background "
        "- ...");
}

// Copies the pipe into `path` and returns its hash; the ending is known from the first block.
std::string CopyPipe(std::FILE* pipe, const fs::path& path, std::string& ending) {
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  std::vector<char> block(kBlock);
  Sha256 hash;
  while (const size_t count = std::fread(block.data(), 1, block.size(), pipe)) {
    ThrowIfStopped();
    if (ending.empty()) ending = ContainerOf({block.data(), count});
    hash.Update(block.data(), count);
    stream.write(block.data(), static_cast<std::streamsize>(count));
    if (!stream) Throw(ErrorCode::kIo, "keeping standard input in \"{}\" failed: is the disk full?", path.string());
  }
  stream.close();
  if (!stream || std::ferror(pipe) != 0) Throw(ErrorCode::kIo, "reading standard input failed");
  if (ending.empty()) Throw(ErrorCode::kData, "standard input is empty");
  return hash.HexDigest();
}

}  // namespace

project::ClipRecord SpoolClip(const project::Project& project, std::FILE* pipe, const SpoolOptions& options,
                              Progress& progress) {
  const fs::path folder = project.Subfolder("spool");
  std::string ending;
  std::string sha256;
  fs::path path;
  {
    AtomicFile part(folder / "pipe", Overwrite::kAllow);
    sha256 = CopyPipe(pipe, part.temp_path(), ending);
    path = folder / ("pipe-" + sha256.substr(0, 12) + ending);
    std::error_code problem;
    fs::rename(part.temp_path(), path, problem);
    if (problem) Throw(ErrorCode::kIo, "cannot rename to \"{}\": {}", path.string(), problem.message());
  }
  ingest::IngestOptions ingest;
  ingest.paths = {path};
  ingest.in_space = options.in_space;
  ingest.people = options.people;
  ingest.locate_faces = false;
  const ingest::IngestReport report = ingest::Ingest(project, ingest, progress);
  project::ClipStore clips(project);
  std::optional<project::ClipRecord> clip = clips.FindBySha(sha256);
  if (!clip) {
    std::error_code ignored;
    fs::remove(path, ignored);
    SHOTFIX_CHECK(!report.problems.empty());
    Throw(ErrorCode::kData, "standard input: {}", report.problems.front().message);
  }
  // The same footage with another word on its colour: the last word counts.
  if (!options.in_space.empty() && clip->in_space != options.in_space) {
    image::ParseColourSpace(options.in_space);
    clips.SetInSpace(clip->id, options.in_space);
    clip->in_space = options.in_space;
  }
  return *clip;
}

}  // namespace shotfix::pipeline
