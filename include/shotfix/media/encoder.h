// SPDX-License-Identifier: Apache-2.0
// Streaming encode, with sound and identity of the source carried over.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shotfix/image/frame.h"
#include "shotfix/media/clip_info.h"

namespace shotfix::media {

enum class Codec {
  kByFileName,
  kProRes422Hq,
  kProRes4444,
  kDnxhr,
  kFfv1,
  kH264,
  kHevc,
  kPng,
  kTiff,
  kDpx,
  kExr,
  kRaw,
  kY4m
};

// "prores", "prores4444", "dnxhr", "ffv1", "h264", "hevc", "png", "tiff", "dpx", "exr", "raw", "y4m". Throws kUsage.
Codec ParseCodec(const std::string& name);
std::string CodecNames();

struct EncodeSettings {
  Codec codec = Codec::kByFileName;  // .mov ProRes 422 HQ, .mkv FFV1, .mp4 H.264, .mxf DNxHR, "%04d.exr" EXR, - NUT ...
  int quality_crf = 14;              // H.264 and HEVC only, 0 to 51; 14 is visually lossless
  bool copy_sound = true;
  image::PixelLayout layout;  // of the planes that Write gets
  image::ColourSpace space;   // of the planes; written as tags on stream and frames
  FrameRange frames;          // the part of the source that is written; sound and timecode are cut to it
  bool gaps = false;          // frames may be missing (--on-bad-frame skip): each keeps its own time
  bool picture = true;        // EXR only: false writes the layers alone
  std::map<std::string, std::string> attributes;  // EXR only: written as "shotfix:NAME"
};

// A field beside the picture, for EXR.
struct PictureLayer {
  std::string name;                   // of the part
  std::vector<std::string> channels;  // "R", "G", "B" ...
  std::string meaning;                // unit and convention, for the attribute "shotfix:meaning"
  at::Tensor values;                  // [C,H,W] float32
  bool as_half = true;                // else 32-bit float
};

// What goes with one frame beside its samples.
struct FrameExtras {
  std::vector<uint8_t> captions;     // CEA-708 cc_data; H.264 only
  std::vector<PictureLayer> layers;  // EXR only
  bool held = false;                 // the source's frame does not decode: nothing of its file can go along
};

// "-" stands for standard output.
inline bool IsPipe(const std::filesystem::path& path) { return path == "-"; }

// What a file name and `codec` resolve to. Throws kUsage on a name that says nothing.
Codec ResolveCodec(const std::filesystem::path& path, Codec codec);
// True when the codec stores scene-linear floats (EXR): Write then wants float RGB planes.
bool StoresLinear(Codec codec);

// Writes to `path` as it is: atomic naming is the caller's affair. One thread at a time.
class Encoder {
 public:
  // Throws kUsage (codec and container do not fit), kCannotCreate, kUnavailable (encoder missing in this FFmpeg).
  Encoder(const std::filesystem::path& path, const EncodeSettings& settings, const ClipInfo& source);
  ~Encoder();

  // `index` is the frame's number in the source; frames come in order. Throws kIo with the frame (disk full).
  void Write(const image::PixelPlanes& planes, int64_t index, const FrameExtras& extras = {});
  // Flushes, copies the rest of the sound, writes the trailer. Without it the file is not whole.
  void Finish();
  // Files written: one, or one a frame.
  const std::vector<std::filesystem::path>& files() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace shotfix::media
