// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <regex>

#include "media/ffmpeg.h"
#include "media/packet_index.h"
#include "media/planes_io.h"
#include "shotfix/core/error.h"
#include "shotfix/media/clip_info.h"

namespace shotfix::media {
namespace {

constexpr std::array kStillExtensions = {".png", ".tif", ".tiff", ".dpx", ".exr", ".jpg", ".jpeg"};

std::string LowerExtension(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return extension;
}

bool IsStill(const std::filesystem::path& path) {
  return std::find(kStillExtensions.begin(), kStillExtensions.end(), LowerExtension(path)) != kStillExtensions.end();
}

// H.273 code points pass through as numbers; those that we have no name for become unknown.
image::ColourSpace SpaceOf(const AVCodecParameters& parameters) {
  image::ColourSpace space;
  switch (parameters.color_primaries) {
    case AVCOL_PRI_BT709:
    case AVCOL_PRI_BT470BG:
    case AVCOL_PRI_SMPTE170M:
    case AVCOL_PRI_BT2020:
    case AVCOL_PRI_SMPTE432: space.primaries = static_cast<image::Primaries>(parameters.color_primaries); break;
    default: break;
  }
  switch (parameters.color_trc) {
    case AVCOL_TRC_BT709:
    case AVCOL_TRC_GAMMA22:
    case AVCOL_TRC_GAMMA28:
    case AVCOL_TRC_SMPTE170M:
    case AVCOL_TRC_LINEAR:
    case AVCOL_TRC_IEC61966_2_1:
    case AVCOL_TRC_BT2020_10:
    case AVCOL_TRC_BT2020_12:
    case AVCOL_TRC_SMPTE2084:
    case AVCOL_TRC_ARIB_STD_B67: space.transfer = static_cast<image::Transfer>(parameters.color_trc); break;
    default: break;
  }
  switch (parameters.color_space) {
    case AVCOL_SPC_RGB:
    case AVCOL_SPC_BT709:
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_BT2020_NCL: space.matrix = static_cast<image::Matrix>(parameters.color_space); break;
    default: break;
  }
  if (parameters.color_range == AVCOL_RANGE_MPEG) space.range = image::Range::kLimited;
  if (parameters.color_range == AVCOL_RANGE_JPEG) space.range = image::Range::kFull;
  return space;
}

// Fills what the file leaves open, from the file type's own rule and from the caller's word; never from a guess.
void CompleteSpace(ClipInfo& info, const ProbeOptions& options) {
  image::ColourSpace& space = info.space;
  if (info.layout.is_rgb) space.matrix = image::Matrix::kRgb;
  if (info.layout.is_float) space.range = image::Range::kFull;
  const std::string extension = LowerExtension(info.path);
  std::optional<image::ColourSpace> rule = options.in_space;
  if (!rule && info.is_sequence && extension == ".exr") rule = image::ParseColourSpace("linear");
  if (!rule && info.is_sequence && (extension == ".png" || extension == ".jpg" || extension == ".jpeg"))
    rule = image::ParseColourSpace("srgb");
  // EXR and PNG decoders of FFmpeg may name a transfer; what the caller says still wins over silence only.
  if (rule && space.transfer == image::Transfer::kUnknown) {
    space.transfer = rule->transfer;
    info.colour_assumed = true;
  }
  if (rule && space.primaries == image::Primaries::kUnknown) space.primaries = rule->primaries;
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
  info.layout = LayoutOf(static_cast<AVPixelFormat>(parameters.format), parameters.width, parameters.height);
  info.space = SpaceOf(parameters);
  if (stream.sample_aspect_ratio.num > 0) info.sample_aspect = FromAv(stream.sample_aspect_ratio);
  info.timecode = TimecodeOf(input, stream);
  size_t size = 0;
  const uint8_t* matrix = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
  if (matrix != nullptr && size >= 9 * sizeof(int32_t)) {
    const auto* values = reinterpret_cast<const int32_t*>(matrix);
    info.display_matrix.assign(values, values + 9);
    info.rotation_deg = av_display_rotation_get(values);
  }
  for (unsigned k = 0; k < input.nb_streams; ++k)
    info.audio_streams += input.streams[k]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO ? 1 : 0;
}

}  // namespace

bool IsSequencePattern(const std::filesystem::path& path) {
  return std::regex_search(path.filename().string(), std::regex("%0?[0-9]*d"));
}

ClipInfo Probe(const std::filesystem::path& path, const ProbeOptions& options) {
  ClipInfo info;
  info.path = path;
  const bool pattern = IsSequencePattern(path);
  info.is_sequence = pattern || IsStill(path);
  if (info.is_sequence && !pattern && !std::filesystem::exists(path))
    Throw(ErrorCode::kNoInput, "\"{}\" does not exist", path.string());
  const FrameRange numbers = pattern ? ScanSequence(path) : FrameRange{0, 1};
  const Rational rate = options.sequence_rate.value_or(Rational{24, 1});
  const UniqueFormatInput input = OpenInput(path.string(), info.is_sequence ? numbers.begin : -1, rate);
  const int index = FindVideoStream(*input, path.string());
  ReadStream(*input, *input->streams[index], info);
  if (info.is_sequence) {
    info.rate = rate;
    info.time_base = {rate.den, rate.num};
    info.frames = numbers;
    for (int64_t k = 0; k < numbers.size(); ++k) info.pts.push_back(k);
  } else {
    IndexPackets(*input, index, info);
    info.frames = {0, static_cast<int64_t>(info.pts.size())};
  }
  CompleteSpace(info, options);
  return info;
}

}  // namespace shotfix::media
