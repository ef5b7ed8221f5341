// SPDX-License-Identifier: Apache-2.0
// What a clip is: everything that identifies it and must survive from source to result.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "shotfix/core/frame_range.h"
#include "shotfix/core/rational.h"
#include "shotfix/image/colour.h"
#include "shotfix/image/pixel_planes.h"

namespace shotfix::media {

struct ClipInfo {
  std::filesystem::path path;  // a file, or a sequence pattern such as "plate.%04d.exr"
  std::string container;       // FFmpeg's name: "mov,mp4,m4a,3gp,3g2,mj2"; "image2" for sequences and stills
  std::string codec;           // "h264", "prores" ...
  image::PixelLayout layout;
  image::ColourSpace space;     // tags as read; unknown stays unknown unless `assumed` applies
  bool colour_assumed = false;  // the transfer comes from --in-space or from the file type (PNG: sRGB, EXR: linear)
  Rational rate{24, 1};         // exact
  Rational time_base{1, 24};
  Rational sample_aspect{1, 1};
  FrameRange frames;         // in the clip's own numbering: a sequence that starts at 1001 says 1001:N
  std::vector<int64_t> pts;  // presentation time of each frame, ascending, in time_base
  bool variable_rate = false;
  bool is_sequence = false;             // image files, one a frame (a still is a sequence of one)
  std::string timecode;                 // of the first frame; empty when there is none
  double rotation_deg = 0;              // display rotation, counter-clockwise; carried as metadata, never applied
  std::vector<int32_t> display_matrix;  // what says so, 9 numbers as the container has them; empty when there is none
  int audio_streams = 0;

  int64_t frame_count() const { return frames.size(); }
};

struct ProbeOptions {
  std::optional<image::ColourSpace> in_space;  // what untagged footage is; tags in the file win
  std::optional<Rational> sequence_rate;       // image files carry none; default 24
};

// Reads headers and the packet index (one pass over the file, no decoding, about 8 bytes a frame).
// Throws kNoInput (missing, a folder, unreadable), kData (no video, zero frames, truncated, interlaced, unknown codec).
ClipInfo Probe(const std::filesystem::path& path, const ProbeOptions& options = {});

// True for a name with a frame number field: "shot.%04d.exr".
bool IsSequencePattern(const std::filesystem::path& path);

}  // namespace shotfix::media
