// SPDX-License-Identifier: Apache-2.0
// The only way to create a deliverable: it encodes and labels in one act, and appears by rename.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shotfix/compliance/consent.h"
#include "shotfix/core/atomic_file.h"
#include "shotfix/media/encoder.h"

namespace shotfix::compliance {

// What the label says. No personal data: ledger entries by id.
struct LabelFacts {
  std::vector<std::string> operations;  // "background"
  std::string parameters_json;          // effective options
  std::string model_sha256;
  std::string source_name;
  std::string source_sha256;
  std::string production_id;
  int64_t run_id = 0;
  std::string command_line;
};

// Known once all frames are written.
struct LabelResult {
  int64_t frames = 0;
  double altered_share = 0;         // of all pixels, 0 to 1
  std::vector<int64_t> bad_frames;  // of the source: held or left out
  std::string edit_record;          // where the project keeps the support masks, empty: nowhere
};

// Where a deliverable goes.
struct Destination {
  std::filesystem::path path;    // file, sequence pattern, or "-" for standard output
  std::filesystem::path layers;  // EXR pattern for the edit's layers; empty: none; equal to `path`: in the same files
  std::filesystem::path label;   // of a pipe, which has no place beside it; else LabelPath decides
  Overwrite overwrite = Overwrite::kRefuse;
};

class DeliverableWriter {
 public:
  // Throws kCannotCreate (folder missing, exists and not `overwrite`), kUsage, kUnavailable. Nothing appears under
  // a final name yet.
  DeliverableWriter(const Destination& destination, const media::EncodeSettings& settings,
                    const media::ClipInfo& source, const ConsentGrant& grant);
  ~DeliverableWriter();  // without Commit nothing stays

  void Write(const image::PixelPlanes& planes, int64_t index, media::FrameExtras extras = {});
  // Finishes the file, writes the label, renames both into place: the label first, so that no altered file is ever
  // there without one. Returns the label's path.
  std::filesystem::path Commit(const LabelFacts& facts, const LabelResult& result);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// "shot.mov" -> "shot.mov.shotfix.json"; a sequence has one for all its frames, or one for each piece that was rendered
// alone ("shot.%04d.exr.10-19.shotfix.json").
std::filesystem::path LabelPath(const std::filesystem::path& deliverable);

// What `verify` needs of a label.
struct LabelRecord {
  std::string production_id;
  std::string edit_record;
};
// Nothing when there is no label, or the file is none.
std::optional<LabelRecord> ReadLabel(const std::filesystem::path& label);

}  // namespace shotfix::compliance
