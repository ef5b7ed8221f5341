// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstring>
#include <regex>
#include <set>
#include <type_traits>

#include "media/dpx_header.h"
#include "media/exr.h"
#include "media/extension.h"
#include "media/ffmpeg.h"
#include "media/first_frame.h"
#include "media/packet_index.h"
#include "media/planes_io.h"
#include "shotfix/core/error.h"
#include "shotfix/media/clip_files.h"
#include "shotfix/media/clip_info.h"

namespace shotfix::media {
namespace {

constexpr std::array kStillExtensions = {".png", ".tif", ".tiff", ".dpx", ".exr", ".jpg", ".jpeg"};

bool IsStill(const std::filesystem::path& path) {
  return std::find(kStillExtensions.begin(), kStillExtensions.end(), LowerExtension(path)) != kStillExtensions.end();
}

// A container may hold any number here; read as what it is, not as one of FFmpeg's names. `count` and above, and what a
// tag reserves, become unspecified.
template <typename Name>
int CodeOf(const Name& name, int count, int unspecified) {
  std::underlying_type_t<Name> value = 0;
  std::memcpy(&value, &name, sizeof(value));
  return static_cast<int64_t>(value) >= 0 && static_cast<int64_t>(value) < count ? static_cast<int>(value)
                                                                                 : unspecified;
}

ColourTags TagsOf(const AVCodecParameters& parameters) {
  return {CodeOf(parameters.color_primaries, AVCOL_PRI_NB, AVCOL_PRI_UNSPECIFIED),
          CodeOf(parameters.color_trc, AVCOL_TRC_NB, AVCOL_TRC_UNSPECIFIED),
          CodeOf(parameters.color_space, AVCOL_SPC_NB, AVCOL_SPC_UNSPECIFIED),
          CodeOf(parameters.color_range, AVCOL_RANGE_NB, AVCOL_RANGE_UNSPECIFIED),
          CodeOf(parameters.chroma_location, AVCHROMA_LOC_NB, AVCHROMA_LOC_UNSPECIFIED)};
}

// H.273 code points pass through as numbers; those that we have no name for become unknown.
image::ColourSpace SpaceOf(const ColourTags& tags) {
  image::ColourSpace space;
  switch (tags.primaries) {
    case AVCOL_PRI_BT709:
    case AVCOL_PRI_BT470BG:
    case AVCOL_PRI_SMPTE170M:
    case AVCOL_PRI_BT2020:
    case AVCOL_PRI_SMPTE432: space.primaries = static_cast<image::Primaries>(tags.primaries); break;
    default: break;
  }
  switch (tags.transfer) {
    case AVCOL_TRC_BT709:
    case AVCOL_TRC_GAMMA22:
    case AVCOL_TRC_GAMMA28:
    case AVCOL_TRC_SMPTE170M:
    case AVCOL_TRC_LINEAR:
    case AVCOL_TRC_IEC61966_2_1:
    case AVCOL_TRC_BT2020_10:
    case AVCOL_TRC_BT2020_12:
    case AVCOL_TRC_SMPTE2084:
    case AVCOL_TRC_ARIB_STD_B67: space.transfer = static_cast<image::Transfer>(tags.transfer); break;
    default: break;
  }
  switch (tags.matrix) {
    case AVCOL_SPC_RGB:
    case AVCOL_SPC_BT709:
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_BT2020_NCL: space.matrix = static_cast<image::Matrix>(tags.matrix); break;
    default: break;
  }
  if (tags.range == AVCOL_RANGE_MPEG) space.range = image::Range::kLimited;
  if (tags.range == AVCOL_RANGE_JPEG) space.range = image::Range::kFull;
  if (tags.chroma_site <= AVCHROMA_LOC_TOPLEFT) space.chroma_site = static_cast<image::ChromaSite>(tags.chroma_site);
  return space;
}

// What the file type itself says where nobody else does.
std::optional<image::ColourSpace> RuleOfFileType(const ClipInfo& info) {
  const std::string extension = LowerExtension(info.path);
  if (info.is_sequence && extension == ".exr") return image::ParseColourSpace("linear");
  if (info.is_sequence && (extension == ".png" || extension == ".jpg" || extension == ".jpeg"))
    return image::ParseColourSpace("srgb");
  return std::nullopt;
}

// Fills what the file leaves open, from the caller's word and from the file type's own rule; never from a guess.
void CompleteSpace(ClipInfo& info, const ProbeOptions& options) {
  image::ColourSpace& space = info.space;
  if (info.layout.is_rgb) space.matrix = image::Matrix::kRgb;
  if (info.layout.is_float) space.range = image::Range::kFull;
  const std::optional<image::ColourSpace> rule = options.in_space ? options.in_space : RuleOfFileType(info);
  const bool beyond_tags = rule && !(image::HasTag(rule->primaries) && image::HasTag(rule->transfer));
  if (beyond_tags || (rule && space.transfer == image::Transfer::kUnknown)) {
    space.transfer = rule->transfer;
    info.colour_assumed = true;
  }
  if (beyond_tags || (rule && space.primaries == image::Primaries::kUnknown)) space.primaries = rule->primaries;
  // Chromaticities that nobody here knows are no silence: the file type's rule must not speak for them.
  if (info.strange_primaries && !options.in_space) space.transfer = image::Transfer::kUnknown;
  if (rule && space.matrix == image::Matrix::kUnknown) {
    const bool wide = space.primaries == image::Primaries::kBt2020;
    const bool old = space.primaries == image::Primaries::kSmpte170m || info.codec == "mjpeg";
    space.matrix = wide ? image::Matrix::kBt2020 : old ? image::Matrix::kSmpte170m : image::Matrix::kBt709;
  }
}

std::string TimecodeOf(const AVFormatContext& input, const AVStream& video) {
  const AVDictionaryEntry* entry = av_dict_get(video.metadata, "timecode", nullptr, 0);
  if (entry == nullptr) entry = av_dict_get(input.metadata, "timecode", nullptr, 0);
  for (unsigned k = 0; entry == nullptr && k < input.nb_streams; ++k)
    entry = av_dict_get(input.streams[k]->metadata, "timecode", nullptr, 0);
  return entry != nullptr ? entry->value : "";
}

// What the writer of the file put there about the file itself, or what a new file says anew.
bool DescribesTheFile(const std::string& key) {
  static const std::set<std::string> kKeys = {"encoder",          "major_brand", "minor_version", "compatible_brands",
                                              "duration",         "timecode",    "rotate",        "file_package_umid",
                                              "modification_date"};
  return kKeys.contains(key) || key.starts_with("DURATION") || key.starts_with("_STATISTICS") ||
         key.starts_with("NUMBER_OF_") || key == "BPS" || key.starts_with("material_package_umid");
}

std::map<std::string, std::string> MetadataOf(const AVDictionary* dictionary) {
  std::map<std::string, std::string> metadata;
  const AVDictionaryEntry* entry = nullptr;
  while ((entry = av_dict_get(dictionary, "", entry, AV_DICT_IGNORE_SUFFIX)) != nullptr) {
    // The writer's own name for a track would keep it from naming its timecode track.
    const bool nothing = std::string(entry->key) == "handler_name" && std::string(entry->value) == "VideoHandler";
    if (!nothing && !DescribesTheFile(entry->key)) metadata[entry->key] = entry->value;
  }
  return metadata;
}

// Names, side data and the other streams: what must be in the result as it was in the source.
void ReadIdentity(const AVFormatContext& input, const AVStream& stream, ClipInfo& info) {
  info.file_metadata = MetadataOf(input.metadata);
  info.stream_metadata = MetadataOf(stream.metadata);
  for (unsigned k = 0; k < input.nb_streams; ++k) {
    const AVStream& other = *input.streams[k];
    const AVMediaType type = other.codecpar->codec_type;
    info.audio_streams += type == AVMEDIA_TYPE_AUDIO ? 1 : 0;
    info.other_streams += type == AVMEDIA_TYPE_SUBTITLE || type == AVMEDIA_TYPE_DATA ? 1 : 0;
    // QuickTime keeps the reel in its timecode track; the writer wants it on the picture.
    const AVDictionaryEntry* reel = av_dict_get(other.metadata, "reel_name", nullptr, 0);
    if (reel != nullptr) info.stream_metadata.emplace("reel_name", reel->value);
  }
  for (int k = 0; k < stream.nb_side_data; ++k) {
    const AVPacketSideData& fact = stream.side_data[k];
    const bool of_display = fact.type == AV_PKT_DATA_DISPLAYMATRIX;
    const bool kept = of_display || fact.type == AV_PKT_DATA_MASTERING_DISPLAY_METADATA ||
                      fact.type == AV_PKT_DATA_CONTENT_LIGHT_LEVEL || fact.type == AV_PKT_DATA_STEREO3D ||
                      fact.type == AV_PKT_DATA_SPHERICAL;
    if (kept) info.facts.push_back({fact.type, {fact.data, fact.data + fact.size}});
    if (of_display && fact.size >= 9 * sizeof(int32_t))
      info.rotation_deg = av_display_rotation_get(reinterpret_cast<const int32_t*>(fact.data));
  }
}

void ReadStream(const AVFormatContext& input, const AVStream& stream, ClipInfo& info) {
  const AVCodecParameters& parameters = *stream.codecpar;
  const AVCodecDescriptor* descriptor = avcodec_descriptor_get(parameters.codec_id);
  info.container = input.iformat->name;
  info.codec = descriptor != nullptr ? descriptor->name : "unknown";
  if (avcodec_find_decoder(parameters.codec_id) == nullptr) {
    Throw(ErrorCode::kData, "\"{}\": no decoder for codec \"{}\" in this FFmpeg; transcode it to ProRes or FFV1",
          info.path.string(), info.codec);
  }
  if (parameters.format == AV_PIX_FMT_NONE || parameters.width <= 0 || parameters.height <= 0) {
    Throw(ErrorCode::kData, "\"{}\": the {} stream does not decode; the file is damaged or truncated",
          info.path.string(), info.codec);
  }
  if (parameters.field_order != AV_FIELD_UNKNOWN && parameters.field_order != AV_FIELD_PROGRESSIVE) {
    Throw(ErrorCode::kData, "\"{}\" is interlaced; deinterlace it first, for example with ffmpeg -vf bwdif",
          info.path.string());
  }
  info.says_progressive = parameters.field_order == AV_FIELD_PROGRESSIVE;
  info.layout = LayoutOf(static_cast<AVPixelFormat>(parameters.format), parameters.width, parameters.height);
  info.tags = TagsOf(parameters);
  info.space = SpaceOf(info.tags);
  if (stream.sample_aspect_ratio.num > 0) info.sample_aspect = FromAv(stream.sample_aspect_ratio);
  info.timecode = TimecodeOf(input, stream);
  ReadIdentity(input, stream, info);
}

}  // namespace

bool IsSequencePattern(const std::filesystem::path& path) {
  return std::regex_search(path.filename().string(), std::regex("%0?[0-9]*d"));
}

OnBadFrame ParseOnBadFrame(const std::string& name) {
  if (name == "stop") return OnBadFrame::kStop;
  if (name == "hold") return OnBadFrame::kHold;
  if (name == "skip") return OnBadFrame::kSkip;
  Throw(ErrorCode::kUsage, "--on-bad-frame \"{}\" is not known; use stop, hold or skip", name);
}

std::string ToString(OnBadFrame rule) {
  return rule == OnBadFrame::kStop ? "stop" : rule == OnBadFrame::kHold ? "hold" : "skip";
}

ClipInfo Probe(const std::filesystem::path& path, const ProbeOptions& options) {
  ClipInfo info;
  info.path = path;
  info.on_bad_frame = options.on_bad_frame;
  const bool pattern = IsSequencePattern(path);
  info.is_sequence = pattern || IsStill(path);
  if (info.is_sequence && !pattern && !std::filesystem::exists(path))
    Throw(ErrorCode::kNoInput, "\"{}\" does not exist", path.string());
  const FrameRange numbers = pattern ? ScanSequence(path) : FrameRange{0, 1};
  Rational rate = options.sequence_rate.value_or(Rational{24, 1});
  if (IsExr(path)) {
    ReadExrInfo(SequenceFile(path, numbers.begin), info);
    rate = options.sequence_rate.value_or(info.rate);
  } else {
    const UniqueFormatInput input = OpenInput(path.string(), info.is_sequence ? numbers.begin : -1, rate);
    const int index = FindVideoStream(*input, path.string());
    ReadStream(*input, *input->streams[index], info);
    if (!info.is_sequence) IndexPackets(*input, index, info);
    const bool hdr = info.space.transfer == image::Transfer::kPq || info.space.transfer == image::Transfer::kHlg;
    if (hdr && (info.codec == "hevc" || info.codec == "h264")) {
      const UniqueFormatInput again = OpenInput(path.string(), -1, rate);
      AddFactsOfFirstFrame(*again, index, info);
    }
  }
  if (IsDpx(path)) {
    const DpxFacts facts = ReadDpxFacts(SequenceFile(path, numbers.begin));
    info.timecode = facts.timecode;
    if (!facts.transfer_known) info.space.transfer = image::Transfer::kUnknown;
    if (!facts.transfer_known) info.tags.transfer = static_cast<int>(image::Transfer::kUnknown);
    if (!options.sequence_rate && facts.rate) rate = *facts.rate;
  }
  info.frames = {0, static_cast<int64_t>(info.pts.size())};
  if (info.is_sequence) {
    info.rate = rate;
    info.time_base = {rate.den, rate.num};
    info.frames = numbers;
    for (int64_t k = 0; k < numbers.size(); ++k) info.pts.push_back(k);
  }
  CompleteSpace(info, options);
  return info;
}

}  // namespace shotfix::media
