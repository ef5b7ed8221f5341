// SPDX-License-Identifier: Apache-2.0
#include "support/copy_clip.h"

#include "support/test.h"

#include "shotfix/media/decoder.h"

namespace shotfix::testing {

void CopyClip(const media::ClipInfo& info, const std::filesystem::path& to, const CopyOptions& options) {
  media::EncodeSettings settings;
  settings.codec = options.codec;
  settings.layout = info.layout;
  settings.space = info.space;
  settings.frames = options.frames.size() > 0 ? options.frames : info.frames;
  media::Encoder encoder(to, settings, info);
  media::Decoder decoder(info);
  decoder.Seek(settings.frames.begin);
  for (int64_t k = 0; k < settings.frames.size(); ++k) {
    const auto frame = decoder.NextSamples();
    REQUIRE(frame.has_value());
    const media::FrameExtras own{frame->captions, {}, frame->held};
    encoder.Write(*frame->source, frame->index, options.extras ? options.extras(*frame) : own);
  }
  encoder.Finish();
}

}  // namespace shotfix::testing
