// SPDX-License-Identifier: Apache-2.0
// What a clip is: everything that identifies it and must survive from source to result.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shotfix/core/frame_range.h"
#include "shotfix/core/rational.h"
#include "shotfix/image/colour.h"
#include "shotfix/image/pixel_planes.h"

namespace shotfix::media {

// H.273 code points exactly as the file has them, so that they can be written again; 2 (range: 0) is "unspecified".
struct ColourTags {
  int primaries = 2;
  int transfer = 2;
  int matrix = 2;
  int range = 0;
  int chroma_site = 0;  // 0 unspecified, 1 left, 2 centre, 3 top left

  bool operator==(const ColourTags&) const = default;
};

// What a container says about a whole stream beside its samples (display matrix, mastering display, light level ...).
struct StreamFact {
  int kind = 0;  // FFmpeg's AVPacketSideDataType
  std::vector<uint8_t> bytes;

  bool operator==(const StreamFact&) const = default;
};

// What to do with a frame that does not decode. The clip keeps its frame numbers in each case.
enum class OnBadFrame {
  kStop,  // an error with the frame's number
  kHold,  // the last good frame is seen again
  kSkip   // as hold for analysis and neighbours; the frame itself is not written
};
OnBadFrame ParseOnBadFrame(const std::string& name);  // "stop", "hold", "skip"; throws kUsage
std::string ToString(OnBadFrame rule);

struct ClipInfo {
  std::filesystem::path path;  // a file, or a sequence pattern such as "plate.%04d.exr"
  std::string container;       // FFmpeg's name: "mov,mp4,m4a,3gp,3g2,mj2"; "image2" for sequences and stills
  std::string codec;           // "h264", "prores" ...
  image::PixelLayout layout;
  image::ColourSpace space;        // what the samples mean; unknown stays unknown unless `assumed` applies
  ColourTags tags;                 // what the file says they mean
  bool strange_primaries = false;  // the file has chromaticities that are no known primaries': they must be named
  bool colour_assumed = false;     // the transfer comes from --in-space or from the file type (PNG: sRGB, EXR: linear)
  Rational rate{24, 1};            // exact
  Rational time_base{1, 24};
  Rational sample_aspect{1, 1};
  FrameRange frames;         // in the clip's own numbering: a sequence that starts at 1001 says 1001:N
  std::vector<int64_t> pts;  // presentation time of each frame, ascending, in time_base
  bool variable_rate = false;
  bool says_progressive = false;  // the file names its field order; silence is read as progressive too
  bool is_sequence = false;       // image files, one a frame (a still is a sequence of one)
  std::string timecode;           // of the first frame; empty when there is none
  double rotation_deg = 0;        // display rotation, counter-clockwise; carried as metadata, never applied
  std::vector<StreamFact> facts;  // of the picture stream
  std::map<std::string, std::string> file_metadata;    // reel, camera, creation time ... of the container
  std::map<std::string, std::string> stream_metadata;  // of the picture stream
  int audio_streams = 0;
  int other_streams = 0;                        // captions, subtitles, data
  OnBadFrame on_bad_frame = OnBadFrame::kStop;  // a reader's choice; every decoder of the clip obeys it

  int64_t frame_count() const { return frames.size(); }
};

struct ProbeOptions {
  // What untagged footage is. Tags in the file win, unless no tag can say this space (a camera log): then a tag beside
  // it can only be wrong, and this wins.
  std::optional<image::ColourSpace> in_space;
  std::optional<Rational> sequence_rate;  // where image files carry none (EXR and DPX may); default 24
  OnBadFrame on_bad_frame = OnBadFrame::kStop;
};

// Reads headers and the packet index (one pass over the file, no decoding, about 8 bytes a frame).
// Throws kNoInput (missing, a folder, unreadable), kData (no video, zero frames, truncated, interlaced, unknown codec).
ClipInfo Probe(const std::filesystem::path& path, const ProbeOptions& options = {});

// True for a name with a frame number field: "shot.%04d.exr".
bool IsSequencePattern(const std::filesystem::path& path);

}  // namespace shotfix::media
