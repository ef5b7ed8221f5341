// SPDX-License-Identifier: Apache-2.0
#include "media/ffmpeg.h"

#include <cstdarg>
#include <cstring>
#include <filesystem>

#include "shotfix/core/error.h"
#include "shotfix/media/clip_info.h"

namespace shotfix::media {
namespace {

constexpr int64_t kNoStart = -1;

// FFmpeg's own words go nowhere; only what a decoder conceals is counted, in the counter that its context carries.
void OnLog(void* speaker, int level, const char* format, va_list) {
  if (speaker == nullptr || level > AV_LOG_ERROR || std::strstr(format, "CRC mismatch") == nullptr) return;
  const AVClass* kind = *static_cast<AVClass**>(speaker);
  if (kind == nullptr || std::strcmp(kind->class_name, "AVCodecContext") != 0) return;
  auto* count = static_cast<std::atomic<int64_t>*>(static_cast<AVCodecContext*>(speaker)->opaque);
  if (count != nullptr) ++*count;
}

void QuietLogsOnce() {
  static const bool done = [] {
    av_log_set_callback(&OnLog);
    return true;
  }();
  (void)done;
}

void CheckReadable(const std::string& path) {
  std::error_code problem;
  const std::filesystem::file_status status = std::filesystem::status(path, problem);
  if (!std::filesystem::exists(status)) Throw(ErrorCode::kNoInput, "\"{}\" does not exist", path);
  if (std::filesystem::is_directory(status)) {
    Throw(ErrorCode::kNoInput, "\"{}\" is a folder; give a file, or a sequence as {}/NAME.%04d.exr", path, path);
  }
  if (std::filesystem::is_regular_file(status) && std::filesystem::file_size(path) == 0) {
    Throw(ErrorCode::kData, "\"{}\" is empty (0 bytes); copy it again from the card or the server", path);
  }
}

}  // namespace

void CountsConcealedErrors(AVCodecContext& codec, std::atomic<int64_t>& count) { codec.opaque = &count; }

std::string ErrorText(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof(text));
  return text;
}

UniqueFormatInput OpenInput(const std::string& path, int64_t sequence_start, Rational sequence_rate) {
  QuietLogsOnce();
  const bool sequence = sequence_start != kNoStart;
  if (!sequence) CheckReadable(path);
  AVDictionary* options = nullptr;
  const AVInputFormat* format = nullptr;
  if (sequence) {
    format = av_find_input_format("image2");
    av_dict_set(&options, "pattern_type", IsSequencePattern(path) ? "sequence" : "none", 0);
    if (IsSequencePattern(path)) av_dict_set_int(&options, "start_number", sequence_start, 0);
    av_dict_set(&options, "framerate", sequence_rate.ToString().c_str(), 0);
  }
  // "file:" keeps a name with a colon from being read as a protocol.
  const std::string url = sequence ? path : "file:" + path;
  AVFormatContext* raw = nullptr;
  const int opened = avformat_open_input(&raw, url.c_str(), format, &options);
  av_dict_free(&options);
  if (opened < 0)
    Throw(ErrorCode::kData, "\"{}\" cannot be read as footage: {}; it may be truncated or no video file", path,
          ErrorText(opened));
  UniqueFormatInput input(raw);
  const int found = avformat_find_stream_info(input.get(), nullptr);
  if (found < 0) Throw(ErrorCode::kData, "\"{}\" has no readable streams: {}", path, ErrorText(found));
  return input;
}

int FindVideoStream(const AVFormatContext& input, const std::string& path) {
  for (unsigned index = 0; index < input.nb_streams; ++index) {
    const AVStream& stream = *input.streams[index];
    const bool picture_of_sound_file = (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) != 0;
    if (stream.codecpar->codec_type == AVMEDIA_TYPE_VIDEO && !picture_of_sound_file) return static_cast<int>(index);
  }
  Throw(ErrorCode::kData, "\"{}\" has no video stream", path);
}

}  // namespace shotfix::media
