// SPDX-License-Identifier: Apache-2.0
#include "shotfix/ingest/ingest.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ingest/walk.h"
#include "shotfix/core/error.h"
#include "shotfix/core/log.h"
#include "shotfix/core/stop.h"
#include "shotfix/image/analysis.h"
#include "shotfix/image/resample.h"
#include "shotfix/ingest/faces.h"
#include "shotfix/ingest/slate.h"
#include "shotfix/media/clip_files.h"
#include "shotfix/media/decoder.h"
#include "shotfix/media/still.h"
#include "shotfix/project/colour_rules.h"

namespace fs = std::filesystem;

namespace shotfix::ingest {
namespace {

using Json = nlohmann::json;
constexpr int kThumbnailPx = 320;
constexpr int kFacePx = 640;

std::string InfoJson(const media::ClipInfo& info) {
  return Json{{"width", info.layout.width},
              {"height", info.layout.height},
              {"layout", info.layout.ToString()},
              {"codec", info.codec},
              {"rate", info.rate.ToString()},
              {"frames", {info.frames.begin, info.frames.end}},
              {"variable_rate", info.variable_rate},
              {"colour", info.space.ToString()},
              {"colour_assumed", info.colour_assumed},
              {"timecode", info.timecode},
              {"sample_aspect", info.sample_aspect.ToString()},
              {"rotation_deg", info.rotation_deg},
              {"audio_streams", info.audio_streams}}
      .dump();
}

class Ingester {
 public:
  Ingester(const project::Project& project, const IngestOptions& options)
      : project_(project), options_(options), clips_(project), rules_(project) {
    if (options.slate_log) slates_ = ReadSlates(*options.slate_log);
    if (!options.in_space.empty()) probe_.in_space = image::ParseColourSpace(options.in_space);
    if (options.locate_faces && !locator_.available())
      log::Warning("faces are not located: \"{}\" is missing; install opencv-data", FaceLocator::CascadePath());
  }

  void ReadOne(const fs::path& path, IngestReport& report) {
    const media::FileStamp stamp = media::StampOf(path);
    const std::optional<project::ClipRecord> same_path = clips_.FindByPath(path.string());
    if (same_path && same_path->size_bytes == stamp.size_bytes && same_path->mtime_ns == stamp.mtime_ns)
      return Known(*same_path, report);
    media::ProbeOptions probe = probe_;
    media::ClipInfo info = media::Probe(path, probe);
    const std::string space = options_.in_space.empty() ? RuledSpace(path, info) : options_.in_space;
    if (options_.in_space.empty() && !space.empty()) {
      probe.in_space = image::ParseColourSpace(space);
      info = media::Probe(path, probe);
    }
    const std::string sha256 = media::HashClip(path);
    if (auto same = clips_.FindBySha(sha256)) {
      // The same content at another place: a moved clip is found again, a copy changes nothing.
      std::error_code ignored;
      if (same->path == path.string() || !fs::exists(media::FilesOf(same->path).front(), ignored)) {
        clips_.Relocate(same->id, path.string(), stamp.size_bytes, stamp.mtime_ns);
      }
      return Known(*same, report);
    }
    project::ClipRecord record = Describe(path, info);
    record.in_space = space;
    record.sha256 = sha256;
    record.size_bytes = stamp.size_bytes;
    record.mtime_ns = stamp.mtime_ns;
    LookInside(info, record);
    const std::optional<project::ClipRecord> added = clips_.Add(record, options_.people);
    if (!added) return Known(*clips_.FindBySha(sha256), report);  // another process was faster
    report.added.push_back(*added);
  }

 private:
  void Known(const project::ClipRecord& record, IngestReport& report) {
    for (const std::string& person : options_.people) clips_.AddPerson(record.id, person);
    ++report.known;
  }

  // What the project's rules say of this file, its reel or its camera; empty when they say nothing.
  std::string RuledSpace(const fs::path& path, const media::ClipInfo& info) const {
    std::vector<std::string> names = {path.filename().string()};
    for (const auto* metadata : {&info.stream_metadata, &info.file_metadata}) {
      for (const auto& [key, value] : *metadata) names.push_back(value);
    }
    return rules_.SpaceFor(names).value_or("");
  }

  project::ClipRecord Describe(const fs::path& path, const media::ClipInfo& info) const {
    project::ClipRecord record;
    std::string stem = path.stem().string();
    if (const size_t field = stem.find('%'); field != std::string::npos) stem = stem.substr(0, field);
    while (!stem.empty() && (stem.back() == '.' || stem.back() == '_' || stem.back() == '-')) stem.pop_back();
    record.name = stem.empty() ? path.parent_path().filename().string() : stem;
    record.path = path.string();
    record.role = options_.role;
    std::string key = path.stem().string();
    std::transform(key.begin(), key.end(), key.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto slate = slates_.find(key);
    record.scene = !options_.scene.empty() || slate == slates_.end() ? options_.scene : slate->second.scene;
    record.take = !options_.take.empty() || slate == slates_.end() ? options_.take : slate->second.take;
    record.info_json = InfoJson(info);
    return record;
  }

  // Decodes the middle frame: proof that the clip decodes, a thumbnail, faces.
  void LookInside(const media::ClipInfo& info, project::ClipRecord& record) {
    media::Decoder decoder(info);
    decoder.Seek(info.frames.begin + info.frame_count() / 2);
    const std::optional<image::Frame> frame = decoder.Next();
    SHOTFIX_CHECK(frame.has_value());
    const at::Tensor picture =
        image::AnalysisPicture(frame->rgb, image::ChooseAnalysisSize(frame->height(), frame->width(), kFacePx));
    Json faces = Json::array();
    if (options_.locate_faces) {
      const double scale = static_cast<double>(info.layout.width) / static_cast<double>(picture.size(2));
      for (const FaceBox& box : locator_.Find(picture)) {
        faces.push_back({{"frame", frame->index},
                         {"box", {box.x * scale, box.y * scale, box.width * scale, box.height * scale}},
                         {"by", "haar"}});
      }
    }
    record.faces_json = faces.dump();
    const image::AnalysisSize small = image::ChooseAnalysisSize(frame->height(), frame->width(), kThumbnailPx);
    record.thumbnail = record.sha256.substr(0, 16) + ".png";
    media::WritePng(project_.Subfolder("thumbnails") / record.thumbnail,
                    image::Resize(picture, small.height, small.width));
  }

  const project::Project& project_;
  const IngestOptions& options_;
  project::ClipStore clips_;
  project::ColourRules rules_;
  std::map<std::string, Slate> slates_;
  media::ProbeOptions probe_;
  FaceLocator locator_;
};

}  // namespace

IngestReport Ingest(const project::Project& project, const IngestOptions& options, Progress& progress) {
  const std::vector<fs::path> clips = FindClips(options.paths);
  IngestReport report;
  if (options.dry_run) {
    for (const fs::path& clip : clips) report.would_read.push_back(clip.string());
    return report;
  }
  Ingester ingester(project, options);
  int64_t done = 0;
  for (const fs::path& clip : clips) {
    ThrowIfStopped();
    try {
      ingester.ReadOne(clip, report);
    } catch (const Error& problem) {
      if (problem.code() != ErrorCode::kData && problem.code() != ErrorCode::kNoInput) throw;
      report.problems.push_back({clip.string(), problem.what()});
    }
    progress.Update("ingest", ++done, static_cast<int64_t>(clips.size()), clip.filename().string());
  }
  return report;
}

}  // namespace shotfix::ingest
