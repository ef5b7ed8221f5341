// SPDX-License-Identifier: Apache-2.0
#include "media/first_frame.h"

#include <algorithm>

namespace shotfix::media {
namespace {

constexpr int kMostPackets = 200;

// Decodes until a picture comes.
bool DecodeOne(AVFormatContext& input, int stream_index, AVCodecContext& codec, AVFrame& frame) {
  const UniquePacket packet(av_packet_alloc());
  for (int k = 0; k < kMostPackets; ++k) {
    const bool read = av_read_frame(&input, packet.get()) >= 0;
    if (read && packet->stream_index != stream_index) {
      av_packet_unref(packet.get());
      continue;
    }
    avcodec_send_packet(&codec, read ? packet.get() : nullptr);
    av_packet_unref(packet.get());
    if (avcodec_receive_frame(&codec, &frame) == 0) return true;
    if (!read) return false;
  }
  return false;
}

}  // namespace

void AddFactsOfFirstFrame(AVFormatContext& input, int stream_index, ClipInfo& info) {
  const AVCodecParameters& parameters = *input.streams[stream_index]->codecpar;
  const AVCodec* decoder = avcodec_find_decoder(parameters.codec_id);
  const UniqueCodec codec(avcodec_alloc_context3(decoder));
  const UniqueFrame frame(av_frame_alloc());
  avcodec_parameters_to_context(codec.get(), &parameters);
  if (avcodec_open2(codec.get(), decoder, nullptr) < 0) return;
  if (!DecodeOne(input, stream_index, *codec, *frame)) return;
  for (const auto& [of_frame, of_stream] :
       {std::pair{AV_FRAME_DATA_MASTERING_DISPLAY_METADATA, AV_PKT_DATA_MASTERING_DISPLAY_METADATA},
        {AV_FRAME_DATA_CONTENT_LIGHT_LEVEL, AV_PKT_DATA_CONTENT_LIGHT_LEVEL}}) {
    const AVFrameSideData* data = av_frame_get_side_data(frame.get(), of_frame);
    const bool known = std::any_of(info.facts.begin(), info.facts.end(),
                                   [kind = of_stream](const StreamFact& fact) { return fact.kind == kind; });
    if (data != nullptr && !known) info.facts.push_back({of_stream, {data->data, data->data + data->size}});
  }
}

}  // namespace shotfix::media
