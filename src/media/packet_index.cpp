// SPDX-License-Identifier: Apache-2.0
#include "media/packet_index.h"

#include <algorithm>
#include <cmath>
#include <regex>

#include "shotfix/core/error.h"

namespace shotfix::media {
namespace {

void DetectVariableRate(ClipInfo& info) {
  const double tick_s = info.time_base.ToDouble();
  const double frame_s = 1.0 / info.rate.ToDouble();
  const double tolerance_s = std::max(1.01 * tick_s, 0.02 * frame_s);
  for (size_t k = 0; k < info.pts.size(); ++k) {
    const double seen_s = static_cast<double>(info.pts[k] - info.pts[0]) * tick_s;
    if (std::fabs(seen_s - static_cast<double>(k) * frame_s) > tolerance_s) info.variable_rate = true;
  }
}

void CheckLength(const AVFormatContext& input, const AVStream& stream, const ClipInfo& info) {
  const auto found = static_cast<int64_t>(info.pts.size());
  if (stream.nb_frames > found) {
    Throw(ErrorCode::kData, "\"{}\" is truncated: its header says {} frames, {} are there", info.path.string(),
          stream.nb_frames, found);
  }
  if (stream.nb_frames > 0 || input.duration <= 0 || info.variable_rate || info.pts.empty()) return;
  const double header_s = static_cast<double>(input.duration) / AV_TIME_BASE;
  const double frame_s = 1.0 / info.rate.ToDouble();
  const double video_end_s = static_cast<double>(info.pts.back()) * info.time_base.ToDouble() + frame_s;
  const double start_s = input.start_time == AV_NOPTS_VALUE ? 0 : static_cast<double>(input.start_time) / AV_TIME_BASE;
  // Sound may outlast the picture a little; half the clip missing is another matter.
  const double missing_s = header_s + start_s - video_end_s;
  if (missing_s > std::max(1.0, 0.05 * header_s)) {
    Throw(ErrorCode::kData, "\"{}\" is truncated: its header says {:.2f} s, the picture ends at {:.2f} s",
          info.path.string(), header_s, video_end_s);
  }
}

}  // namespace

void IndexPackets(AVFormatContext& input, int stream_index, ClipInfo& info) {
  AVStream& stream = *input.streams[stream_index];
  const UniquePacket packet(av_packet_alloc());
  int64_t counter = 0;
  while (av_read_frame(&input, packet.get()) >= 0) {
    if (packet->stream_index == stream_index && (packet->flags & AV_PKT_FLAG_DISCARD) == 0) {
      const int64_t time = packet->pts != AV_NOPTS_VALUE   ? packet->pts
                           : packet->dts != AV_NOPTS_VALUE ? packet->dts
                                                           : counter;
      info.pts.push_back(time);
      ++counter;
    }
    av_packet_unref(packet.get());
  }
  if (info.pts.empty()) Throw(ErrorCode::kData, "\"{}\" has a video stream without a single frame", info.path.string());
  std::sort(info.pts.begin(), info.pts.end());
  info.time_base = FromAv(stream.time_base);
  info.rate = FromAv(av_guess_frame_rate(&input, &stream, nullptr));
  if (info.rate.num <= 0 || info.rate.den <= 0) info.rate = {24, 1};
  DetectVariableRate(info);
  CheckLength(input, stream, info);
}

FrameRange ScanSequence(const std::filesystem::path& pattern) {
  const std::string name = pattern.filename().string();
  std::smatch field;
  if (!std::regex_search(name, field, std::regex("%0?([0-9]*)d"))) return {0, 1};
  const auto escape = [](const std::string& text) {
    return std::regex_replace(text, std::regex(R"([.^$|()\[\]{}*+?\\])"), R"(\$&)");
  };
  const std::regex number(escape(field.prefix().str()) + "([0-9]+)" + escape(field.suffix().str()));
  const std::filesystem::path folder = pattern.has_parent_path() ? pattern.parent_path() : ".";
  std::error_code problem;
  std::vector<int64_t> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder, problem)) {
    std::smatch match;
    const std::string file = entry.path().filename().string();
    if (std::regex_match(file, match, number) && match[1].str().size() < 10)
      found.push_back(std::stoll(match[1].str()));
  }
  if (found.empty()) Throw(ErrorCode::kNoInput, "no file matches the sequence \"{}\"", pattern.string());
  std::sort(found.begin(), found.end());
  const FrameRange range{found.front(), found.back() + 1};
  if (range.size() != static_cast<int64_t>(found.size())) {
    int64_t expected = range.begin;
    for (const int64_t value : found) {
      if (value != expected) break;
      ++expected;
    }
    Throw(ErrorCode::kData, "the sequence \"{}\" has a gap: frame {} is missing between {} and {}", pattern.string(),
          expected, range.begin, range.end - 1);
  }
  return range;
}

}  // namespace shotfix::media
