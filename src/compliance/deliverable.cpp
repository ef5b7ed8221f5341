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

// Output names: one file beside the final one, or a folder of frames beside them.
struct Staging {
  fs::path final_path;
  fs::path temp_path;
  bool sequence = false;
};

fs::path FolderOf(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

Staging Stage(const fs::path& path, const media::EncodeSettings& settings, Overwrite overwrite) {
  Staging staging{path, {}, media::IsSequencePattern(path)};
  if (!staging.sequence) return staging;
  CheckOutputPath(path, Overwrite::kAllow);
  for (int64_t index = settings.frames.begin; index < settings.frames.end; ++index)
    CheckOutputPath(media::SequenceFile(path, index), overwrite);
  fs::path folder = TempPathFor(path);
  folder += ".frames";
  std::error_code problem;
  fs::remove_all(folder, problem);
  if (!fs::create_directory(folder, problem))
    Throw(ErrorCode::kCannotCreate, "cannot create \"{}\": {}", folder.string(), problem.message());
  staging.temp_path = folder / path.filename();
  return staging;
}

// Camera originals are never replaced, whatever --overwrite says.
void RefuseSource(const fs::path& path, const media::EncodeSettings& settings, const media::ClipInfo& source) {
  const bool both = media::IsSequencePattern(path) && media::IsSequencePattern(source.path);
  std::error_code problem;
  bool same = !both && fs::equivalent(path, source.path, problem);
  for (int64_t index = settings.frames.begin; both && index < settings.frames.end; ++index) {
    same = same || fs::equivalent(media::SequenceFile(path, index), media::SequenceFile(source.path, index), problem);
  }
  if (same) Throw(ErrorCode::kCannotCreate, "\"{}\" is the source itself; give another output name", path.string());
}

}  // namespace

struct DeliverableWriter::Impl {
  Staging staging;
  std::optional<AtomicFile> file;  // single files
  std::optional<media::Encoder> encoder;
  ConsentGrant grant;
  Overwrite overwrite;
  fs::path label_subject;

  Impl(const ConsentGrant& given, Overwrite rule) : grant(given), overwrite(rule) {}
  ~Impl() {
    encoder.reset();
    std::error_code ignored;
    if (staging.sequence) fs::remove_all(staging.temp_path.parent_path(), ignored);
  }
};

fs::path LabelPath(const fs::path& deliverable) { return deliverable.string() + ".shotfix.json"; }

DeliverableWriter::DeliverableWriter(const fs::path& path, const media::EncodeSettings& settings,
                                     const media::ClipInfo& source, const ConsentGrant& grant, Overwrite overwrite)
    : impl_(std::make_unique<Impl>(grant, overwrite)) {
  media::ResolveCodec(path, settings.codec);
  RefuseSource(path, settings, source);
  impl_->staging = Stage(path, settings, overwrite);
  if (!impl_->staging.sequence) {
    impl_->file.emplace(path, overwrite);
    impl_->staging.temp_path = impl_->file->temp_path();
  }
  impl_->label_subject = path;
  const bool piece_of_sequence = impl_->staging.sequence && settings.frames != source.frames;
  if (piece_of_sequence) impl_->label_subject += fmt::format(".{}-{}", settings.frames.begin, settings.frames.end - 1);
  impl_->encoder.emplace(impl_->staging.temp_path, settings, source);
}

DeliverableWriter::~DeliverableWriter() = default;

void DeliverableWriter::Write(const image::PixelPlanes& planes, int64_t index) { impl_->encoder->Write(planes, index); }

fs::path DeliverableWriter::Commit(const LabelFacts& facts, const LabelResult& result) {
  Impl& impl = *impl_;
  impl.encoder->Finish();
  Json label = {{"format", "shotfix-label"},
                {"version", 1},
                {"altered", result.altered_share > 0},
                {"operations", facts.operations},
                {"digital_source_type", "compositeWithTrainedAlgorithmicMedia"},
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
  const std::vector<fs::path> files = impl.encoder->files();
  if (files.size() == 1) label["output_sha256"] = HashFile(files.front());
  const fs::path label_path = LabelPath(impl.label_subject);
  WriteFileAtomically(label_path, label.dump(2) + "\n", Overwrite::kAllow);
  if (impl.file) {
    impl.file->Commit();
    return label_path;
  }
  for (const fs::path& file : files) {
    std::error_code problem;
    fs::rename(file, FolderOf(impl.staging.final_path) / file.filename(), problem);
    if (problem) Throw(ErrorCode::kIo, "cannot rename \"{}\": {}", file.string(), problem.message());
  }
  return label_path;
}

}  // namespace shotfix::compliance
