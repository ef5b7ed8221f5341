// SPDX-License-Identifier: Apache-2.0
#include "shotfix/compliance/deliverable.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "shotfix/core/error.h"
#include "shotfix/core/hash.h"
#include "shotfix/media/clip_files.h"

namespace fs = std::filesystem;

namespace shotfix::compliance {
namespace {

using Json = nlohmann::json;

fs::path FolderOf(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

// One output under a name of its own until it is whole: a file beside the final one, a folder of frames, or a pipe.
class Staged {
 public:
  Staged(const fs::path& path, const media::EncodeSettings& settings, Overwrite overwrite) : final_path_(path) {
    if (media::IsPipe(path)) {
      temp_path_ = path;
    } else if (media::IsSequencePattern(path)) {
      StageFrames(settings, overwrite);
    } else {
      file_.emplace(path, overwrite);
      temp_path_ = file_->temp_path();
    }
  }
  ~Staged() {
    std::error_code ignored;
    if (!frames_folder_.empty()) fs::remove_all(frames_folder_, ignored);
  }
  Staged(const Staged&) = delete;
  Staged& operator=(const Staged&) = delete;

  const fs::path& temp_path() const { return temp_path_; }
  bool sequence() const { return !frames_folder_.empty(); }

  void Commit(const std::vector<fs::path>& files) {
    if (file_) return file_->Commit();
    for (const fs::path& file : files) {
      if (media::IsPipe(file)) continue;
      std::error_code problem;
      fs::rename(file, FolderOf(final_path_) / file.filename(), problem);
      if (problem) Throw(ErrorCode::kIo, "cannot rename \"{}\": {}", file.string(), problem.message());
    }
  }

 private:
  void StageFrames(const media::EncodeSettings& settings, Overwrite overwrite) {
    CheckOutputPath(final_path_, Overwrite::kAllow);
    for (int64_t index = settings.frames.begin; index < settings.frames.end; ++index)
      CheckOutputPath(media::SequenceFile(final_path_, index), overwrite);
    frames_folder_ = TempPathFor(final_path_);
    frames_folder_ += ".frames";
    std::error_code problem;
    fs::remove_all(frames_folder_, problem);
    if (!fs::create_directory(frames_folder_, problem))
      Throw(ErrorCode::kCannotCreate, "cannot create \"{}\": {}", frames_folder_.string(), problem.message());
    temp_path_ = frames_folder_ / final_path_.filename();
  }

  fs::path final_path_;
  fs::path temp_path_;
  fs::path frames_folder_;
  std::optional<AtomicFile> file_;
};

// Camera originals are never replaced, whatever --overwrite says.
void RefuseSource(const fs::path& path, const media::EncodeSettings& settings, const media::ClipInfo& source) {
  const bool both = media::IsSequencePattern(path) && media::IsSequencePattern(source.path);
  std::error_code problem;
  bool same = !both && fs::equivalent(path, source.path, problem);
  for (int64_t index = settings.frames.begin; both && index < settings.frames.end; ++index) {
    same = same || fs::equivalent(media::SequenceFile(path, index), media::SequenceFile(source.path, index), problem);
  }
  // One file over one frame of a sequence.
  for (const fs::path& file : both ? std::vector<fs::path>() : media::FilesOf(source.path))
    same = same || fs::equivalent(path, file, problem);
  if (same) Throw(ErrorCode::kCannotCreate, "\"{}\" is the source itself; give another output name", path.string());
}

}  // namespace

struct DeliverableWriter::Impl {
  Destination destination;
  ConsentGrant grant;
  std::unique_ptr<Staged> staged;
  std::unique_ptr<Staged> staged_layers;  // null: none, or in the same files
  std::optional<media::Encoder> encoder;  // after what it writes into: it goes first
  std::optional<media::Encoder> layers;
  fs::path label_path;

  Impl(Destination where, const ConsentGrant& given) : destination(std::move(where)), grant(given) {}
};

fs::path LabelPath(const fs::path& deliverable) { return deliverable.string() + ".shotfix.json"; }

DeliverableWriter::DeliverableWriter(const Destination& destination, const media::EncodeSettings& settings,
                                     const media::ClipInfo& source, const ConsentGrant& grant)
    : impl_(std::make_unique<Impl>(destination, grant)) {
  Impl& impl = *impl_;
  const fs::path& path = destination.path;
  media::ResolveCodec(path, settings.codec);
  RefuseSource(path, settings, source);
  impl.staged = std::make_unique<Staged>(path, settings, destination.overwrite);
  fs::path subject = path;
  const bool piece_of_sequence = impl.staged->sequence() && settings.frames != source.frames;
  if (piece_of_sequence) subject += fmt::format(".{}-{}", settings.frames.begin, settings.frames.end - 1);
  impl.label_path = media::IsPipe(path) ? destination.label : LabelPath(subject);
  impl.encoder.emplace(impl.staged->temp_path(), settings, source);
  const auto plain = [](const fs::path& name) { return fs::absolute(name).lexically_normal(); };
  if (destination.layers.empty() || plain(destination.layers) == plain(path)) return;
  media::EncodeSettings of_layers = settings;
  of_layers.codec = media::Codec::kExr;
  of_layers.picture = false;
  RefuseSource(destination.layers, of_layers, source);
  impl.staged_layers = std::make_unique<Staged>(destination.layers, of_layers, destination.overwrite);
  impl.layers.emplace(impl.staged_layers->temp_path(), of_layers, source);
}

DeliverableWriter::~DeliverableWriter() = default;

void DeliverableWriter::Write(const image::PixelPlanes& planes, int64_t index, media::FrameExtras extras) {
  if (impl_->layers) {
    impl_->layers->Write(planes, index, {{}, std::move(extras.layers)});
    extras.layers.clear();
  }
  impl_->encoder->Write(planes, index, extras);
}

fs::path DeliverableWriter::Commit(const LabelFacts& facts, const LabelResult& result) {
  Impl& impl = *impl_;
  impl.encoder->Finish();
  if (impl.layers) impl.layers->Finish();
  const bool altered = result.altered_share > 0;
  Json label = {{"format", "shotfix-label"},
                {"version", 1},
                {"altered", altered},
                {"operations", facts.operations},
                {"parameters", Json::parse(facts.parameters_json)},
                {"model_sha256", facts.model_sha256},
                {"source", {{"name", facts.source_name}, {"sha256", facts.source_sha256}}},
                {"production_id", facts.production_id},
                {"run", facts.run_id},
                {"command", facts.command_line},
                {"consent",
                 {{"operation", ToString(impl.grant.operation())},
                  {"entries", impl.grant.entry_ids()},
                  {"words", impl.grant.words()}}},
                {"frames", result.frames},
                {"altered_share", result.altered_share},
                {"edit_record", result.edit_record},
                {"created", project::NowUtc()}};
  if (altered) label["digital_source_type"] = "compositeWithTrainedAlgorithmicMedia";
  if (!result.bad_frames.empty()) label["bad_frames"] = result.bad_frames;
  if (!impl.destination.layers.empty()) label["layers"] = impl.destination.layers.string();
  const std::vector<fs::path>& files = impl.encoder->files();
  for (const fs::path& file : files) {
    std::error_code problem;
    if (!media::IsPipe(file) && !fs::exists(file, problem))
      Throw(ErrorCode::kIo, "\"{}\" is gone: its folder was removed during the render", file.string());
  }
  if (files.size() == 1 && !media::IsPipe(files.front())) label["output_sha256"] = HashFile(files.front());
  WriteFileAtomically(impl.label_path, label.dump(2) + "\n", Overwrite::kAllow);
  if (impl.layers) impl.staged_layers->Commit(impl.layers->files());
  impl.staged->Commit(files);
  return impl.label_path;
}

std::optional<LabelRecord> ReadLabel(const fs::path& label) {
  constexpr size_t kMaxBytes = size_t{16} << 20;
  std::error_code problem;
  if (!fs::exists(label, problem)) return std::nullopt;
  const Json json = Json::parse(ReadFile(label, kMaxBytes), nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto text = [&](const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  return LabelRecord{text("production_id"), text("edit_record")};
}

}  // namespace shotfix::compliance
