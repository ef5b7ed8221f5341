// SPDX-License-Identifier: Apache-2.0
// FFmpeg handles with one deleter template and one alias each; error text.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <atomic>
#include <memory>
#include <string>

#include "shotfix/core/rational.h"

namespace shotfix::media {

template <auto Free>
struct FreeByAddress {
  template <typename T>
  void operator()(T* handle) const {
    Free(&handle);
  }
};
template <auto Free>
struct FreeByValue {
  template <typename T>
  void operator()(T* handle) const {
    Free(handle);
  }
};

using UniqueFormatInput = std::unique_ptr<AVFormatContext, FreeByAddress<&avformat_close_input>>;
using UniqueFormatOutput = std::unique_ptr<AVFormatContext, FreeByValue<&avformat_free_context>>;
using UniqueCodec = std::unique_ptr<AVCodecContext, FreeByAddress<&avcodec_free_context>>;
using UniqueFrame = std::unique_ptr<AVFrame, FreeByAddress<&av_frame_free>>;
using UniquePacket = std::unique_ptr<AVPacket, FreeByAddress<&av_packet_free>>;
using UniqueScaler = std::unique_ptr<SwsContext, FreeByValue<&sws_freeContext>>;

std::string ErrorText(int code);
inline AVRational ToAv(Rational r) { return {static_cast<int>(r.num), static_cast<int>(r.den)}; }
inline Rational FromAv(AVRational r) { return {r.num, r.den}; }

// FFV1 says only to the log that a checksum does not fit, and goes on with other samples in its place. `count` rises by
// one whenever this decoder (or a thread of it) says so. Call before opening the codec.
void CountsConcealedErrors(AVCodecContext& codec, std::atomic<int64_t>& count);

// Opens a file or sequence pattern and reads stream headers. Throws kNoInput or kData.
UniqueFormatInput OpenInput(const std::string& path, int64_t sequence_start, Rational sequence_rate);
// The video stream's index. Throws kData when there is none.
int FindVideoStream(const AVFormatContext& input, const std::string& path);

}  // namespace shotfix::media
